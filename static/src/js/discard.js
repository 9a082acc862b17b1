/* Nobody loses what they typed by leaving a form: what no draft keeps (drafts.js) is asked about once, in #asc-discard;
   a tab that is closed or loaded anew asks as browsers do. */
import { keeps } from "./drafts.js";

const question = () => document.getElementById("asc-discard");
const forms = new Set(); // those of the page itself in which something was typed
let unsaved = false;
let next = null; // what waits for the answer

/** Whether something stands in the dialog that would be gone when it closes. */
export const holdsTyped = () => unsaved;
/** Whether something stands in a form of the page that would be gone with the page. */
export const pageHoldsTyped = () => [...forms].some((form) => form.isConnected);
/** Takes a form of the page for one in which something was typed. */
export const hold = (form) => document.body.dataset.person && forms.add(form);

/** Does `then`, but asks first where it would lose something typed; `forget` is what a yes does besides. */
function ask(holds, forget, then) {
  if (!holds() || !question()) return then();
  next = () => {
    forget();
    then();
  };
  question().returnValue = "";
  return question().showModal();
}

export const leave = (then) => ask(holdsTyped, () => (unsaved = false), then);
export const leavePage = (then) => ask(pageHoldsTyped, () => forms.clear(), then);

question()?.addEventListener("close", () => {
  if (question().returnValue === "discard") next();
});
addEventListener("beforeunload", (event) => {
  if (!unsaved && !pageHoldsTyped()) return;
  event.preventDefault();
  event.returnValue = true; // what older browsers heed
});

/* Choices are made again at a click; a cell and a row of the grid save themselves when they are left (inline-edit.js, assess.js). */
const isTyped = ({ type }) => !["checkbox", "radio", "file", "password", "search"].includes(type);
document.addEventListener("input", ({ target }) => {
  const { form } = target;
  if (form?.method !== "post" || keeps(target)) return;
  if (target.closest("#dialog")) unsaved = true;
  else if (target.closest("main") && isTyped(target) && !form.dataset.edit && !form.closest("[data-grid]")) hold(form);
});
/* a refused one comes back as a page, with what was typed */
for (const field of document.querySelectorAll("main form[method=post] [aria-invalid=true]")) {
  if (isTyped(field)) hold(field.form);
}
document.addEventListener("submit", ({ target, defaultPrevented }) => {
  if (!defaultPrevented) forms.delete(target);
});
document.addEventListener("htmx:before:response", ({ detail: { ctx } }) => {
  if (ctx.response.status >= 300) return;
  forms.delete(ctx.sourceElement);
  if (ctx.response.headers?.get("HX-Redirect")) unsaved = false;
});
/* taken by the server, or another form; a refused one (4xx) still holds it */
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id === "dialog-body" && ctx.response?.status < 300) unsaved = false;
});
document.addEventListener("asc:dialog-closed", () => (unsaved = false));
/* from one form in the dialog to the next, and from the page to another */
function onLink(event) {
  const link = event.target.closest?.("a[href]:not([target], [download])");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const within = unsaved && link.matches("#dialog a[hx-target='#dialog-body']");
  const away = pageHoldsTyped() && !link.matches("[hx-get], [href^='#']");
  if (!within && !away) return;
  event.preventDefault();
  event.stopPropagation();
  (within ? leave : leavePage)(() => link.click());
}
document.addEventListener("click", onLink, true);
/* another form that leads away, such as signing out: before anybody takes it for sent */
function onSubmit(event) {
  const { target, submitter } = event;
  const stays = target.method === "dialog" || target.target || target.closest("#dialog") || target.matches("[hx-post], [hx-get]");
  if (stays || ![...forms].some((form) => form !== target && form.isConnected)) return;
  event.preventDefault();
  event.stopPropagation();
  leavePage(() => target.requestSubmit(submitter));
}
document.addEventListener("submit", onSubmit, true);

/* Nobody loses what they typed by leaving a form: what no draft keeps (drafts.js) is asked about once, in #asc-discard. */
import { keeps } from "./drafts.js";

const question = () => document.getElementById("asc-discard");
let unsaved = false;
let next = null; // what waits for the answer

/** Whether something stands in the dialog that would be gone when it closes. */
export const holdsTyped = () => unsaved;

/** Does `then`, but asks first where it would lose something typed. */
export function leave(then) {
  if (!unsaved) return then();
  next = then;
  question().returnValue = "";
  return question().showModal();
}

question()?.addEventListener("close", () => {
  if (question().returnValue !== "discard") return;
  unsaved = false;
  next();
});
document.addEventListener("input", ({ target }) => {
  const sent = target.form?.method === "post" && target.closest("#dialog");
  if (sent && !keeps(target)) unsaved = true;
});
/* taken by the server, or another form; a refused one (4xx) still holds it */
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id === "dialog-body" && ctx.response?.status < 300) unsaved = false;
});
document.addEventListener("asc:dialog-closed", () => (unsaved = false));
/* from one form in the dialog to the next */
document.addEventListener(
  "click",
  (event) => {
    const link = unsaved && event.target.closest?.("#dialog a[hx-target='#dialog-body']");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    leave(() => link.click());
  },
  true,
);

/* One native <dialog id="dialog">: anything loaded into #dialog-body opens it.

   <button hx-get="…" hx-target="#dialog-body">: the answer is swapped in, the dialog opens; a 422 with hx-target
   "#dialog-body" stays open with its errors. HX-Trigger: asc:close-dialog closes it; so do Esc, a [data-close] and
   the backdrop, after a question where something typed would be lost (discard.js). Focus goes back to what opened it. On closing, the opener hears
   asc:dialog-closed, with detail.done telling whether it was the server that closed it. */
import { holdsTyped, leave, leavePage } from "./discard.js";

let opener = null;
let returned = null; // where the focus went when it closed; the rest of the answer may draw that anew

const dialog = () => document.getElementById("dialog");
const body = () => document.getElementById("dialog-body");

function label() {
  const title = body().querySelector("h2");
  if (!title) return;
  title.id ||= "dialog-title";
  dialog().setAttribute("aria-labelledby", title.id);
}

/* htmx heeds [autofocus] after us: it would lead away from what is to be mended */
function firstInvalid() {
  const invalid = body().querySelector("[aria-invalid='true']");
  if (invalid) for (const field of body().querySelectorAll("[autofocus]")) field.removeAttribute("autofocus");
  return invalid;
}

function focusFirst() {
  const invalid = firstInvalid();
  const first = invalid ?? body().querySelector("[autofocus], input:not([type=hidden]):not([disabled]), select, textarea");
  (first ?? body().querySelector("button, a[href]"))?.focus();
  invalid?.closest(".asc-field, fieldset")?.scrollIntoView({ block: "nearest" }); // its message stands below it
}

/** Opens the dialog on what stands in #dialog-body; `from` gets the focus back. */
export function openDialog(from = document.activeElement) {
  if (!dialog().open) {
    opener ??= from;
    dialog().showModal();
  }
  dialog().classList.toggle("is-wide", Boolean(body().querySelector("[data-wide]")));
  label();
  focusFirst();
}

export function closeDialog({ done = false } = {}) {
  if (!dialog()?.open) return;
  dialog().dataset.done = done ? "yes" : "";
  dialog().close();
}

/* What was opened from is drawn anew by a save: then its successor has the same id, or leads to the same address. */
function present(element) {
  if (!element || element.isConnected) return element;
  const address = element.getAttribute("hx-get");
  const same = element.id ? `#${CSS.escape(element.id)}` : address && `[hx-get="${CSS.escape(address)}"]`;
  return (same && document.querySelector(same)) || element;
}

function onClose() {
  const back = present(opener);
  const done = dialog().dataset.done === "yes";
  delete dialog().dataset.done; // Esc closes it without passing closeDialog
  body().replaceChildren();
  opener = null;
  if (back?.isConnected) back.focus({ preventScroll: true });
  returned = back;
  (back?.isConnected ? back : document).dispatchEvent(
    new CustomEvent("asc:dialog-closed", { bubbles: true, detail: { done } }),
  );
}

function focusSuccessor() {
  if (!returned || returned.isConnected || document.activeElement !== document.body) return;
  present(returned).focus({ preventScroll: true });
}

document.addEventListener("htmx:after:settle", (event) => {
  focusSuccessor();
  if (event.target?.id !== "dialog-body" || !body().childElementCount) return;
  openDialog();
});
/* the element that was clicked, before the swap can take it away */
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.target?.id === "dialog-body" && !dialog().open) opener = ctx.sourceElement;
});
for (const act of ["pointerdown", "keydown"]) document.addEventListener(act, () => (returned = null), true);
document.addEventListener("asc:close-dialog", () => closeDialog({ done: true }));
/* Esc, and what else a device closes a dialog by: refused twice, "cancel" is not sent a third time, but the key is. */
function onWayOut(event) {
  const leaves = event.type === "cancel" ? event.target === dialog() : event.key === "Escape" && !event.isComposing;
  if (!leaves || event.defaultPrevented || !holdsTyped()) return;
  event.preventDefault();
  leave(closeDialog);
}
for (const way of ["keydown", "cancel"]) dialog()?.addEventListener(way, onWayOut);
/* what is unfolded lies below the edge of a phone */
document.addEventListener("click", ({ target }) => {
  const fold = target.closest?.("#dialog details > summary")?.parentElement;
  if (fold) setTimeout(() => fold.open && fold.scrollIntoView({ block: "nearest" }));
});
document.addEventListener("click", (event) => {
  const close = event.target.closest?.("[data-close]");
  const page = close?.closest("[data-home]");
  if (page) {
    event.preventDefault();
    leavePage(() => location.assign(page.dataset.home)); // a page of its own
  } else if (close?.closest("#dialog")) {
    event.preventDefault();
    leave(closeDialog);
  } else if (event.target === dialog()) {
    leave(closeDialog);
  }
});
dialog()?.addEventListener("close", onClose);

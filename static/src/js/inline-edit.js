/* Fields edited where they stand. The cell holds a link that loads its editor, <form data-edit="FIELD">, in its place.
   Enter saves, Esc leaves it as it was, Tab saves and goes on to the next cell, leaving the field saves. An answer of
   422 brings the editor back with its message, 409 opens the dialog, and what was typed stays until one of them is done. */
import htmx from "htmx.org/dist/htmx.esm.js";

const OPENER = "a.asc-cell[hx-get]";
const editor = (node) => node?.closest?.("form[data-edit]");
const control = (form) => form.elements[form.dataset.edit];
const cellOf = (node) => node.closest("[id^='cell-']");
let after = null; // what follows when the cell is back: {cell: id, go: "stay" | "next" | "", to: id of the next cell}

async function focusControl(form) {
  const field = control(form);
  if (field.dataset.picker) await import("./picker.js");
  (field.tomselect ?? field).focus();
  if (field.type === "text") field.select();
  form.dataset.was ??= field.value; // unsent.js has said so where it filled in what was typed before
}

function neighbour(cell, step) {
  const cells = [...document.querySelectorAll("[id^='cell-']")].filter((each) => each.querySelector(OPENER) || each === cell);
  return cells[cells.indexOf(cell) + step]?.id ?? "";
}

function leave(form, go, to = "") {
  if (form.dataset.busy) return;
  after = { cell: cellOf(form).id, go, to };
  form.dataset.busy = "yes";
  if (control(form).value === form.dataset.was && !form.querySelector("[aria-invalid='true']")) form.querySelector("[data-cancel]").click();
  else form.requestSubmit();
}

function cancel(form) {
  after = { cell: cellOf(form).id, go: "stay", to: "" };
  form.dataset.busy = "yes";
  form.querySelector("[data-cancel]").click();
}

document.addEventListener("keydown", (event) => {
  const form = editor(event.target);
  if (!form || event.isComposing || event.target.closest("button, [data-cancel]")) return;
  if (event.key === "Escape") {
    event.stopPropagation();
    cancel(form);
  } else if (event.key === "Enter") {
    event.preventDefault(); // or the same key would open the cell again
    leave(form, "stay");
  } else if (event.key === "Tab") {
    event.preventDefault();
    leave(form, "next", neighbour(cellOf(form), event.shiftKey ? -1 : 1));
  }
});

document.addEventListener("focusout", (event) => {
  const form = editor(event.target);
  if (!form || form.contains(event.relatedTarget) || !document.hasFocus() || document.querySelector("dialog[open]")) return;
  setTimeout(() => {
    if (form.isConnected && !form.contains(document.activeElement)) leave(form, "");
  });
});

document.addEventListener("submit", (event) => {
  const form = editor(event.target);
  if (!form) return;
  form.dataset.busy = "yes";
  after ??= { cell: cellOf(form).id, go: "stay", to: "" };
}, true);

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  const form = editor(ctx.sourceElement);
  if (form?.isConnected) delete form.dataset.busy;
});

/* The cell is there again, or its editor (at first, or refused). */
document.addEventListener("htmx:after:settle", (event) => {
  const cell = event.target?.id?.startsWith("cell-") ? event.target : null;
  if (!cell) return;
  const mine = after?.cell === cell.id ? after : null;
  if (mine) after = null;
  const form = cell.querySelector("form[data-edit]");
  if (form) {
    if (!mine || mine.go) focusControl(form);
    return;
  }
  if (mine?.go === "stay") cell.querySelector(OPENER)?.focus();
  if (mine?.go === "next") document.getElementById(mine.to)?.querySelector(OPENER)?.click();
});

/* The server asks for more: a reason, the facts of a closing. */
document.addEventListener("asc:ask", ({ detail }) => htmx.ajax("GET", detail.url, { target: "#dialog-body", swap: "innerHTML" }));

/* Nothing is drawn anew under somebody's hands. */
document.addEventListener("htmx:before:request", (event) => {
  const { target, sourceElement } = event.detail.ctx;
  const redraws = sourceElement?.matches?.("#table, #opp, #timeline") && target === sourceElement;
  if (redraws && sourceElement.querySelector("form[data-edit]")) event.preventDefault();
});

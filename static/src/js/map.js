/* The decision-power map: a card is dragged into another field, or moved there by Shift and an arrow key. The server says
   where it stands: the page draws itself anew (asc:changed), also when the move was refused. */
import htmx from "htmx.org/dist/htmx.esm.js";
import Sortable from "sortablejs";

const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
let pending = null; // the card whose move the server has not answered yet

function over(cell) {
  for (const marked of document.querySelectorAll(".asc-power .is-over")) marked.classList.remove("is-over");
  cell?.classList.add("is-over");
}

function place(card, cell) {
  pending = card;
  card.classList.add("is-busy");
  const values = { column: cell.dataset.column, row_name: cell.dataset.row, version: card.dataset.version };
  htmx.ajax("POST", card.dataset.person, { source: card, target: "#dialog-body", swap: "innerHTML", values });
}

const drawAnew = () => document.dispatchEvent(new CustomEvent("asc:changed"));

/* A dialog opens when somebody else has moved the card meanwhile; what is left without a choice goes back. */
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (!pending || ctx.sourceElement !== pending) return;
  pending.classList.remove("is-busy");
  pending = null;
  const status = ctx.response?.status;
  if (status !== 200 && status !== 409) drawAnew();
});
document.addEventListener("asc:dialog-closed", ({ target, detail: { done } }) => {
  if (!done && target.closest?.("[data-map]")) drawAnew();
});

function dress() {
  for (const cell of document.querySelectorAll("[data-map] .cell:not([data-dressed])")) {
    cell.dataset.dressed = "yes";
    Sortable.create(cell, {
      group: "people",
      draggable: ".asc-person",
      sort: false,
      animation: still ? 0 : 120,
      delay: 180,
      delayOnTouchOnly: true,
      touchStartThreshold: 6,
      ghostClass: "is-ghost",
      onMove: ({ to }) => over(to),
      onEnd({ item, from, to }) {
        over(null);
        if (to !== from) place(item, to);
      },
    });
  }
}

/* What dragging has left in `style` would be copied onto the fresh card as an attribute, which the CSP forbids. */
function undress() {
  for (const card of document.querySelectorAll("[data-map] [style]")) card.removeAttribute("style");
}

dress();
document.addEventListener("htmx:before:swap", undress);
document.addEventListener("htmx:after:settle", dress);

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -4, ArrowDown: 4 };

document.addEventListener("keydown", (event) => {
  const card = event.target.closest?.("[data-map] .asc-person");
  const step = STEPS[event.key];
  if (!card || !step || !event.shiftKey || pending) return;
  event.preventDefault();
  const cells = [...card.closest("[data-map]").querySelectorAll(".cell")];
  const at = cells.indexOf(card.parentElement);
  const edge = Math.abs(step) === 1 && Math.floor(at / 4) !== Math.floor((at + step) / 4);
  const cell = edge ? undefined : cells[at + step];
  if (!cell) return;
  cell.append(card);
  place(card, cell);
});

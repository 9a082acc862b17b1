/* A list in an order of its own (stages, saved views): drag a row to another place. Its buttons do the same without script. */
import Sortable from "sortablejs";
import { csrfToken } from "./server.js";

function hidden(name, value) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name, value });
  return input;
}

/* The order of all rows on the page is sent as a form, so that the answer is an ordinary page. */
function send(list) {
  const rows = document.querySelectorAll("[data-order] [data-item]");
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: list.dataset.order, hidden: true });
  form.append(
    hidden("csrfmiddlewaretoken", csrfToken()),
    hidden("seen", list.dataset.seen ?? ""),
    hidden("order", [...rows].map((row) => row.dataset.item).join(",")),
  );
  document.body.append(form);
  form.requestSubmit();
}

for (const list of document.querySelectorAll("[data-order]")) {
  for (const handle of list.querySelectorAll(".asc-handle")) handle.hidden = false;
  Sortable.create(list, {
    handle: ".asc-handle",
    draggable: "[data-item]",
    ghostClass: "is-ghost",
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
    onEnd: ({ oldIndex, newIndex }) => oldIndex !== newIndex && send(list),
  });
}

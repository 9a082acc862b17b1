/* Settings of the stages: drag to another place. The buttons beside it do the same without script. */
import Sortable from "sortablejs";
import { csrfToken } from "./server.js";

function hidden(name, value) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name, value });
  return input;
}

/* The order of all stages on the page is sent as a form, so that the answer is an ordinary page. */
function send(list) {
  const rows = document.querySelectorAll("[data-stages] [data-stage]");
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: list.dataset.stages, hidden: true });
  form.append(
    hidden("csrfmiddlewaretoken", csrfToken()),
    hidden("seen", list.dataset.seen),
    hidden("order", [...rows].map((row) => row.dataset.stage).join(",")),
  );
  document.body.append(form);
  form.requestSubmit();
}

for (const list of document.querySelectorAll("[data-stages]")) {
  for (const handle of list.querySelectorAll(".asc-handle")) handle.hidden = false;
  Sortable.create(list, {
    handle: ".asc-handle",
    draggable: "[data-stage]",
    ghostClass: "is-ghost",
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
    onEnd: ({ oldIndex, newIndex }) => oldIndex !== newIndex && send(list),
  });
}

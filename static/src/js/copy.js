/* <button data-copy="ID" data-copied="…" hidden>: copies the value or text of #ID. Without script, or where the browser
   does not let us, that text is there to be selected. */
import { toast } from "./toast.js";

function dress(root) {
  for (const button of root.querySelectorAll?.("[data-copy][hidden]") ?? []) button.hidden = false;
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const words = source.value ?? source.textContent;
  source.select?.();
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    if (!document.execCommand("copy")) return; // it stays selected
  }
  toast({ text: button.dataset.copied, tone: "ok" });
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("htmx:after:settle", ({ target }) => dress(target.parentNode ?? document));
dress(document);

/* <button data-copy="ID" data-copied="…" hidden>: copies the value or text of #ID. Without script, or where the browser
   does not let us, that text is there to be selected. <a href data-copied="…"> copies its own address. */
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

async function copyAddress(link) {
  await navigator.clipboard.writeText(link.href);
  link.closest("details")?.removeAttribute("open");
  toast({ text: link.dataset.copied, tone: "ok" });
}

document.addEventListener("click", (event) => {
  const control = event.target.closest?.("[data-copied]");
  if (control?.dataset.copy) copy(control);
  else if (control && navigator.clipboard) {
    event.preventDefault();
    copyAddress(control);
  }
});
document.addEventListener("htmx:after:settle", ({ target }) => dress(target.parentNode ?? document));
dress(document);

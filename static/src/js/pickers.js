/* <select data-picker="URL">: tom-select, fetched only when a page has one. The page's own <option> stays the value
   without script. See picker.js. */
const DRAWN = "[data-picker]:not(.tomselected)";

async function dress(root) {
  const fields = root.querySelectorAll?.(DRAWN) ?? [];
  if (!fields.length) return;
  const { picker } = await import("./picker.js");
  for (const field of fields) {
    if (!field.isConnected || field.tomselect) continue;
    const focused = document.activeElement === field; // by then the dialog has set the focus on it
    const drawn = picker(field);
    if (focused) drawn.focus();
  }
}

/* A fragment is parsed as if there were no script: what stands in <noscript> would be posted beside the search box. */
function dropNoscript() {
  for (const element of document.querySelectorAll("noscript")) element.remove();
}

dress(document);
document.addEventListener("htmx:after:swap", dropNoscript);
document.addEventListener("htmx:after:settle", (event) => {
  dropNoscript();
  dress(event.target.parentNode ?? document);
});

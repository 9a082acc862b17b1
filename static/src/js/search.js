/* The arrow keys go through what was found, Enter in the box opens the first: <form data-finds> with its input, and
   links below it in [data-found]. */
const links = (form) => [...(form.closest("[data-finding]")?.querySelectorAll("[data-found] a[href]") ?? [])];

document.addEventListener("keydown", (event) => {
  const place = event.target.closest?.("[data-finding]");
  if (!place || event.isComposing || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const box = place.querySelector("[data-finds] input[name=q]");
  const stops = [box, ...links(box)];
  const at = stops.indexOf(document.activeElement);
  const next = stops[(at + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length];
  event.preventDefault();
  next?.focus();
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches?.("[data-finds]")) return;
  const [first] = links(event.target);
  const shown = event.target.closest("[data-finding]").querySelector("[data-found]")?.dataset.found;
  if (!first || shown !== event.target.elements.q.value.trim()) return; // what was typed is not answered yet: the page
  event.preventDefault();
  first.click();
});

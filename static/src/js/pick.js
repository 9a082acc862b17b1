/* Choosing rows for an act on several. What is chosen stays so when they are drawn anew; after a bulk act what failed does. */
const picked = new Set();
const boxes = () => [...document.querySelectorAll("[data-pick]")];
const all = () => document.querySelector("[data-pick-all]");
const bar = () => document.getElementById("bulk");

function drawBar(count) {
  if (!bar()) return;
  bar().hidden = !count;
  bar().querySelector("[data-picked]").textContent = bar().dataset.count.replace("{count}", count);
  bar().querySelector("[data-pick-none]").hidden = false;
}

function draw() {
  const here = boxes();
  const shown = new Set(here.map((box) => box.dataset.pick));
  for (const id of [...picked]) if (!shown.has(id)) picked.delete(id);
  for (const box of here) {
    box.checked = picked.has(box.dataset.pick);
    box.closest("tr, li").classList.toggle("is-picked", box.checked);
  }
  if (all()) {
    all().hidden = false;
    all().checked = here.length > 0 && picked.size === here.length;
    all().indeterminate = picked.size > 0 && picked.size < here.length;
  }
  drawBar(picked.size);
}

function pick(box, on) {
  if (on) picked.add(box.dataset.pick);
  else picked.delete(box.dataset.pick);
}

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-pick]")) pick(target, target.checked);
  else if (target.matches("[data-pick-all]")) for (const box of boxes()) pick(box, target.checked);
  else return;
  draw();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-pick-none]")) return;
  picked.clear();
  draw();
});
document.addEventListener("asc:bulk", ({ detail }) => {
  picked.clear();
  for (const id of detail.failed) picked.add(String(id));
});
document.addEventListener("htmx:after:settle", draw);
addEventListener("pageshow", draw);
draw();

/* The open view stands in sight where the bar is narrower than its views: it scrolls, and never the page. */
function show() {
  const open = document.querySelector(".asc-views [aria-current]");
  if (!open) return;
  const bar = open.parentElement;
  const [from, to] = [open.getBoundingClientRect(), bar.getBoundingClientRect()];
  if (from.left < to.left || from.right > to.right) bar.scrollLeft += from.left - to.left;
}

show();
document.addEventListener("htmx:after:settle", show); // the bar is drawn anew for its counts

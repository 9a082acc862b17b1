/* The grid of assessments by keyboard. A row is a form of its own: Enter saves it when it was changed or is due, and
   goes to the row below; arrows go from field to field; a digit sets a score. What is not saved yet is asked about
   before the page is left. */
const cells = (row) => [...row.querySelectorAll("[data-cell]")];
const rowOf = (node) => node.closest?.("[data-grid] [data-row]");
const dirty = new Set(); // ids of rows
const sent = new Set(); // that are on their way
const late = new Set(); // that were changed meanwhile

function go(row, index) {
  const cell = row && cells(row)[index];
  if (!cell) return false;
  cell.focus();
  cell.select?.();
  return true;
}

function beside(row, step) {
  return step < 0 ? row.previousElementSibling : row.nextElementSibling;
}

/* In a field of several digits the caret goes first to its edge. */
function atEdge(cell, step) {
  if (cell.type !== "text" || cell.maxLength === 1) return true;
  if (cell.selectionStart !== cell.selectionEnd) return true;
  return cell.selectionStart === (step < 0 ? 0 : cell.value.length);
}

function across(event, row, index, step) {
  if (atEdge(event.target, step) && go(row, index + step)) event.preventDefault();
}

function down(event, row, index, step) {
  event.preventDefault();
  go(beside(row, step), index);
}

function save(event, row, index) {
  event.preventDefault();
  if (dirty.has(row.id) || "due" in row.dataset) row.querySelector("form").requestSubmit();
  go(beside(row, 1), index);
}

function set(event, cell) {
  event.preventDefault();
  if (cell.value === event.key) return;
  cell.value = event.key;
  cell.dispatchEvent(new Event("change", { bubbles: true }));
  cell.select();
}

const KEYS = {
  ArrowLeft: (...at) => across(...at, -1),
  ArrowRight: (...at) => across(...at, 1),
  ArrowUp: (...at) => down(...at, -1),
  ArrowDown: (...at) => down(...at, 1),
  Enter: save,
};

document.addEventListener("keydown", (event) => {
  const cell = event.target;
  const row = rowOf(cell);
  if (!row || !cell.matches("[data-cell]") || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const index = cells(row).indexOf(cell);
  if (KEYS[event.key] && !event.shiftKey) KEYS[event.key](event, row, index);
  else if (/^[0-5]$/.test(event.key) && cell.maxLength === 1) set(event, cell);
});

document.addEventListener("focusin", ({ target }) => {
  if (rowOf(target) && target.matches("[data-cell]")) target.select?.();
});

for (const name of ["input", "change"]) {
  document.addEventListener(name, ({ target }) => {
    const row = rowOf(target);
    if (!row) return;
    dirty.add(row.id);
    if (sent.has(row.id)) late.add(row.id);
    row.querySelector("[data-saved]").replaceChildren();
  });
}

document.addEventListener("submit", ({ target }) => {
  const row = rowOf(target);
  if (!row) return;
  sent.add(row.id);
  late.delete(row.id);
});

/* The row that comes back takes the place of the one that was sent, with what was typed since. */
const kept = new Map();

function put(row, old) {
  const values = cells(old);
  cells(row).forEach((cell, index) => {
    cell.value = values[index].value;
    cell.checked = values[index].checked;
  });
  queueMicrotask(() => cells(row)[0].dispatchEvent(new Event("change", { bubbles: true }))); // when htmx knows the row
}

function arrived(row, old) {
  sent.delete(row.id);
  if (row.querySelector("[data-saved]").hasChildNodes()) dirty.delete(row.id);
  if (late.delete(row.id)) put(row, old);
}

document.addEventListener("htmx:before:swap", () => {
  for (const id of sent) kept.set(id, document.getElementById(id));
});
document.addEventListener("htmx:after:settle", () => {
  for (const [id, old] of kept) {
    const row = document.getElementById(id);
    if (row && row !== old) arrived(row, old);
  }
  kept.clear();
});

addEventListener("beforeunload", (event) => {
  if (dirty.size) event.preventDefault();
});

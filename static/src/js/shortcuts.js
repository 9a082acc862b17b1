/* Single keys, off while typing, in a dialog, and for whoever switched them off (WCAG 2.1.4).
   A control says its own: <a data-go="B"> is G then B; <a data-search> is / and Ctrl-K; ? opens #asc-keys; Z undoes; <a data-new> is N; <a data-record> is C. */
import { undo } from "./toast.js";

const WAIT = 1500;
let waiting = 0;

/* a field of a dialog that has just closed has the focus until the next picture is drawn, but nobody types there */
export function typing(event) {
  const { target } = event;
  if (!target.checkVisibility()) return false;
  return /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable;
}

export function shortcutsOff(event) {
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  return modified || event.isComposing || typing(event) || document.body.dataset.shortcuts === "off";
}

function go(key) {
  const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  if (link) link.click();
  return Boolean(link);
}

/* Only when htmx has set itself up, which it does a turn after its module: a key may come before, and would follow the
   link to the page of what opens as a dialog. */
function press(selector) {
  const control = document.querySelector(selector);
  if (control) setTimeout(() => control.click());
  return Boolean(control);
}

const KEYS = {
  "/": () => press("[data-search]"),
  "?": () => {
    document.getElementById("asc-keys")?.showModal();
    return true;
  },
  z: undo,
  n: () => press("[data-new]"),
  c: () => press("[data-record]"),
  g: () => {
    waiting = Date.now();
    return true;
  },
};

/* not a single key: it works while typing too */
document.addEventListener("keydown", (event) => {
  const asked = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k";
  if (!asked || document.querySelector("dialog[open]")) return;
  if (KEYS["/"]()) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (shortcutsOff(event) || document.querySelector("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : "";
  const second = waiting && Date.now() - waiting < WAIT;
  waiting = 0;
  const done = second ? go(key.toUpperCase()) : KEYS[key]?.();
  if (done) event.preventDefault();
});

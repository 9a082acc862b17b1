/* Single keys, off while typing, in a dialog, and for whoever switched them off (WCAG 2.1.4).
   A control says its own: <a data-go="B"> is G then B; <input data-search> is /; ? opens #asc-keys; Z undoes; <a data-new> is N. */
import { undo } from "./toast.js";

const WAIT = 1500;
let waiting = 0;

export function typing(event) {
  const { target } = event;
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

const KEYS = {
  "/": () => {
    const box = document.querySelector("[data-search]");
    box?.focus();
    box?.select?.();
    return Boolean(box);
  },
  "?": () => {
    document.getElementById("asc-keys")?.showModal();
    return true;
  },
  z: undo,
  n: () => {
    const button = document.querySelector("[data-new]");
    button?.click();
    return Boolean(button);
  },
  g: () => {
    waiting = Date.now();
    return true;
  },
};

document.addEventListener("keydown", (event) => {
  if (shortcutsOff(event) || document.querySelector("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : "";
  const second = waiting && Date.now() - waiting < WAIT;
  waiting = 0;
  const done = second ? go(key.toUpperCase()) : KEYS[key]?.();
  if (done) event.preventDefault();
});

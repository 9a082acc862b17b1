/* Toasts, with undo. One at a time: a new one takes the place of the last.

   toast({text, undoUrl, version, undo, action, tone}): `undoUrl` is POSTed with `version`, or `undo()` is called
   instead; `action` is another button, {label, act}. A toast of tone "bad" stays until it is closed.
   The server says the same with the header  HX-Trigger: {"asc:toast": {"text": …, "undoUrl": …, "version": …}}. */
import htmx from "htmx.org/dist/htmx.esm.js";
import { icon } from "./icon.js";
import { text } from "./strings.js";

const LIFE = 10_000;
const ICONS = { ok: "circle-check", bad: "alert-circle" };
let current = null;

/* Beside an open dialog everything is behind it and out of reach: so the toasts are in it. */
function region() {
  const toasts = document.getElementById("asc-toasts");
  const place = document.querySelector("dialog[open]") ?? document.body;
  if (toasts.parentElement !== place) place.append(toasts);
  return toasts;
}
document.addEventListener("close", region, true);

export function dismiss() {
  if (!current) return;
  clearTimeout(current.timer);
  current.element.remove();
  current = null;
}

function hold() {
  if (current) clearTimeout(current.timer);
}

function run() {
  hold();
  if (current && !current.stays) current.timer = setTimeout(dismiss, LIFE);
}

/** Undoes what the toast on screen offers to undo; false when there is nothing. */
export function undo() {
  if (!current?.undo) return false;
  const act = current.undo;
  dismiss();
  act();
  return true;
}

/* The answer carries fragments (out of band) and its own toast; a conflict is a fragment for the dialog. */
function undoOnServer({ undoUrl, version }) {
  const values = version === undefined || version === null ? {} : { version: String(version) };
  return htmx.ajax("POST", undoUrl, { source: document.body, target: "#asc-sink", swap: "innerHTML", values });
}

function button(label, key, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.append(label);
  if (key && document.body.dataset.shortcuts !== "off") {
    const hint = element.appendChild(document.createElement("span"));
    hint.className = "asc-kbd";
    hint.setAttribute("aria-hidden", "true");
    hint.textContent = key;
  }
  element.addEventListener("click", act);
  return element;
}

function closeButton() {
  const element = button("", "", dismiss);
  element.className = "is-x";
  element.setAttribute("aria-label", text("close"));
  element.append(icon("x"));
  return element;
}

function box(tone) {
  const element = document.createElement("div");
  element.className = "asc-toast";
  if (tone === "bad") element.setAttribute("role", "alert");
  element.addEventListener("mouseenter", hold);
  element.addEventListener("mouseleave", run);
  element.addEventListener("focusin", hold);
  element.addEventListener("focusout", run);
  return element;
}

export function toast({ text: words, undoUrl, version, undo: act, action, tone = "ok" }) {
  dismiss();
  const element = box(tone);
  const message = document.createElement("span");
  message.textContent = words;
  element.append(icon(ICONS[tone] ?? ICONS.ok, 18), message);
  const onUndo = act ?? (undoUrl ? () => undoOnServer({ undoUrl, version }) : null);
  if (onUndo) element.append(button(text("undo"), "Z", undo));
  if (action) element.append(button(action.label, "", () => (dismiss(), action.act())));
  element.append(closeButton());
  current = { element, undo: onUndo, timer: 0, stays: tone === "bad" };
  region().append(element);
  run();
}

document.addEventListener("asc:toast", (event) => toast(event.detail));

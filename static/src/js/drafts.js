/* What was typed into a form stays on the device until it is saved: a lost connection or a reload takes nothing away.

   <div data-draft="NAME" data-restored="words" data-forget="words"> inside a form: every change of its fields is kept in
   localStorage under the person signed in and NAME. When the form is drawn again they come back, with a note and a
   button that discards them. A save clears them: the server says so with HX-Trigger asc:draft-saved {name}, and without
   htmx with [data-draft-saved=NAME] in the page that follows. So does signing out, for everybody, and another person's
   signing in. Hidden fields are never kept: they are the server's; nor are files. But a draft comes back on the version
   that it was typed on, so that what somebody has changed since is asked about and not overwritten.

   <div data-means="{today: DAY}" data-into="FIELD" data-otherwise="CHOICE"> around a choice: "today" is kept as the day that
   it was, in FIELD under CHOICE, for on another day it means another. While it is still that day, it comes back as "today". */
import { icon } from "./icon.js";
import { store } from "./store.js";

const PREFIX = "asc:draft:";
const NEVER = ["hidden", "submit", "file", "password"];
const MOST_DAYS = 14;
const BASE = "input[type=hidden][name=version], input[type=hidden][name^=initial-]"; // RevisedForm
const OF_SUBJECT = ["contacts", "evidence_contact"]; // drawn anew when what it is about is chosen
const person = () => document.body.dataset.person ?? "";

function drop(keep = () => false) {
  const held = store();
  if (!held) return;
  for (const key of Object.keys(held)) if (key.startsWith(PREFIX) && !keep(key)) held.removeItem(key);
}

const mine = (key) => key.startsWith(`${PREFIX}${person()}:`);

const keyOf = (box) => `${PREFIX}${person()}:${box.dataset.draft}`;

function fields(box) {
  const form = box.closest("form");
  const kept = (field) => field.name && !NEVER.includes(field.type) && !field.closest("noscript");
  return [...form.elements].filter((field) => kept(field) && box.contains(field));
}

/** Whether what is typed into this field stays on the device. */
export const keeps = (field) => Boolean(store() && field.closest("[data-draft]") && !NEVER.includes(field.type));

/* A chosen row of a picker is kept with its words, for the page that comes back does not hold it. */
function valueOf(field) {
  if (field.tagName !== "SELECT") return field.value;
  return [...field.selectedOptions].map((option) => [option.value, option.text]);
}

export function read(box) {
  const kept = {};
  for (const field of fields(box)) {
    if (field.type === "radio" || field.type === "checkbox") {
      if (field.checked) kept[field.name] = [...(kept[field.name] ?? []), field.value];
    } else kept[field.name] = valueOf(field);
  }
  return kept;
}

/* The choices of a form that mean a moment by the clock: their name, what each means now, and where the moment goes. */
function momentary(box) {
  return [...box.querySelectorAll("[data-means]")].map((place) => ({
    name: place.querySelector("input").name,
    means: JSON.parse(place.dataset.means),
    into: place.dataset.into,
    otherwise: place.dataset.otherwise,
  }));
}

function asMeant(box, kept) {
  const meant = { ...kept };
  for (const { name, means, into, otherwise } of momentary(box)) {
    const moment = means[kept[name]?.[0]];
    if (moment) Object.assign(meant, { [into]: moment, [name]: [otherwise] });
  }
  return meant;
}

function asOfNow(box, kept) {
  const now = { ...kept };
  for (const { name, means, into, otherwise } of momentary(box)) {
    const still = Object.keys(means).find((choice) => means[choice] === kept[into]);
    if (still && kept[name]?.[0] === otherwise) now[name] = [still];
  }
  return now;
}

function choose(field, chosen) {
  for (const option of field.options) option.selected = false;
  for (const [value, text] of chosen) {
    const found = [...field.options].find((option) => option.value === value);
    if (found) found.selected = true;
    else if (field.dataset.picker) field.add(new Option(text, value, true, true));
  }
}

function pick(picker, chosen) {
  picker.clear(true);
  for (const [value, text] of chosen) {
    picker.addOption({ value, text });
    picker.addItem(value, true);
  }
}

export function write(box, kept) {
  for (const field of fields(box)) {
    const value = kept[field.name];
    if (value === undefined) continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = value.includes(field.value);
    else if (field.tagName === "SELECT") choose(field, value);
    else field.value = value;
    const folded = field.closest("details");
    if (folded && field.value && field.defaultValue !== field.value && field.type !== "select-one") folded.open = true;
  }
}

export const baseOf = (box) => [...box.querySelectorAll(BASE)].map(({ name, value }) => [name, value]);

export function putBase(box, base) {
  for (const field of box.querySelectorAll(BASE)) field.remove();
  const made = ([name, value]) => Object.assign(document.createElement("input"), { type: "hidden", name, value });
  box.append(...base.map(made));
}

function note(box, drawn, base) {
  const said = document.createElement("div");
  said.className = "asc-note asc-draft-note";
  said.setAttribute("role", "status");
  const words = document.createElement("div");
  words.textContent = box.dataset.restored;
  const forget = document.createElement("button");
  forget.type = "button";
  forget.className = "btn btn-quiet btn-sm asc-push";
  forget.textContent = box.dataset.forget;
  forget.addEventListener("click", () => {
    store()?.removeItem(keyOf(box));
    box.closest("form").reset();
    putBase(box, base);
    for (const field of fields(box)) if (field.tomselect) pick(field.tomselect, drawn[field.name]);
    said.remove();
  });
  said.append(icon("history", 18), words, forget);
  box.prepend(said);
}

/* What depends on the subject was drawn for another one: ask for it, then fill it in again. */
function askForSubject(box, kept) {
  const field = box.querySelector("select[name='about']");
  if (!field || JSON.stringify(kept.about) === box.dataset.subject) return;
  box.restored = Object.fromEntries(OF_SUBJECT.map((name) => [name, kept[name]]));
  setTimeout(() => field.dispatchEvent(new Event("change", { bubbles: true })));
}

function restore(box) {
  const text = store()?.getItem(keyOf(box));
  if (!text || box.querySelector("[aria-invalid='true']")) return; // a refused form has what was typed
  try {
    const { at, kept, base = baseOf(box) } = JSON.parse(text);
    if (Date.now() - at > MOST_DAYS * 86_400_000) return store().removeItem(keyOf(box));
    const [drawn, drawnBase] = [read(box), baseOf(box)];
    write(box, asOfNow(box, kept));
    putBase(box, base);
    note(box, drawn, drawnBase);
    askForSubject(box, kept);
  } catch {
    store().removeItem(keyOf(box));
  }
}

function keep({ target }) {
  const box = target.closest?.("[data-draft]") ?? target.form?.querySelector("[data-draft]");
  if (!box) return;
  try {
    store()?.setItem(keyOf(box), JSON.stringify({ at: Date.now(), kept: asMeant(box, read(box)), base: baseOf(box) }));
  } catch {
    /* the device is full: nothing is kept */
  }
}

function start(root) {
  for (const box of root.querySelectorAll?.("[data-draft]:not([data-drafted])") ?? []) {
    box.dataset.drafted = "yes";
    const subject = box.querySelector("select[name='about']");
    if (subject) box.dataset.subject = JSON.stringify(valueOf(subject));
    restore(box);
  }
  for (const box of document.querySelectorAll("[data-drafted]")) {
    if (!box.restored || root === document) continue;
    write(box, box.restored);
    delete box.restored;
  }
}

const saved = (name) => store()?.removeItem(`${PREFIX}${person()}:${name}`);

document.addEventListener("asc:draft-saved", ({ detail }) => saved(detail.name));
document.addEventListener("input", keep);
document.addEventListener("change", keep);
document.addEventListener("htmx:after:settle", ({ target }) => start(target?.parentNode ?? document));
document.addEventListener("submit", ({ target }) => {
  if (target.getAttribute("action")?.endsWith("/logout/")) drop();
});
if (person()) {
  drop(mine);
  for (const { dataset } of document.querySelectorAll("[data-draft-saved]")) saved(dataset.draftSaved);
}
start(document);

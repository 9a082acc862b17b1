/* A form that was sent after the session had ended is kept in this tab until its person has signed in again: then it is
   opened and filled in once more, in the dialog, on its page or in its cell (inline-edit.js). One with a draft of its own
   (drafts.js) is only opened. Files, passwords and what the server has hidden in it are never kept; the versions that it
   was typed on are. */
import htmx from "htmx.org/dist/htmx.esm.js";
import { hold } from "./discard.js";
import { baseOf, putBase, read, write } from "./drafts.js";
import { icon } from "./icon.js";
import { text } from "./strings.js";
import { toast } from "./toast.js";

const KEY = "asc:unsent";
const SOON = 60_000; // until the page to sign in on answers to a form
const WORDS = "input:is([type=text], [type=url], [type=email], [type=tel]), textarea";
const person = () => document.body.dataset.person ?? "";
const signInUrl = () => document.body.dataset.loginUrl;
let waiting = null;

function store(entry) {
  try {
    if (entry) sessionStorage.setItem(KEY, JSON.stringify(entry));
    else sessionStorage.removeItem(KEY);
  } catch {
    /* refused by the browser, or full: nothing is kept */
  }
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

const isTyped = ({ value, defaultValue }) => value.trim() && value !== defaultValue;

/* `into`: what the form was loaded into, "" for one that is part of its page */
function keep(form, into) {
  if (![...form.querySelectorAll(WORDS)].some(isTyped)) return;
  const kept = form.querySelector("[data-draft]") ? {} : read(form);
  const here = location.pathname + location.search;
  const address = form.getAttribute("hx-post") ?? form.getAttribute("action") ?? here;
  store({ person: person(), at: Date.now(), here, address, into, kept, base: baseOf(form), refused: into !== "" });
}

/* A fragment's reader is told that nobody is signed in; a page is simply another one, so it is kept beforehand. */
document.addEventListener("htmx:before:response", ({ detail: { ctx } }) => {
  const over = ctx.response.headers?.get("HX-Redirect")?.startsWith(signInUrl());
  const form = ctx.sourceElement?.closest?.("#dialog form, form[data-edit]");
  if (over && form) keep(form, form.dataset.edit ? form.closest("[id^='cell-']").id : "dialog-body");
});
document.addEventListener("submit", ({ target: form, defaultPrevented }) => {
  const plain = !defaultPrevented && person() && form.method === "post" && !form.closest("#dialog");
  if (plain && form.closest("main")) keep(form, "");
});

function fill(root) {
  const form = [...root.querySelectorAll("form")].find(
    (each) => (each.getAttribute("hx-post") ?? each.getAttribute("action")) === waiting.address,
  );
  const { kept, base, into } = waiting;
  waiting = null;
  const drafted = form?.querySelector("[data-draft]");
  if (!drafted && !Object.keys(kept).some((name) => form?.elements[name])) return;
  if (!drafted) {
    if (form.dataset.edit) form.dataset.was = form.elements[form.dataset.edit].value; // what is there now is a change
    write(form, kept);
    putBase(form, base);
    if (!into) hold(form);
  }
  const said = document.createElement("div");
  said.className = "asc-note asc-draft-note";
  said.setAttribute("role", "status");
  said.append(icon("history", 18), text("unsent_back"));
  const place = form.querySelector(".asc-dialog-b, .card-body"); // a toast would be behind the dialog
  if (place) place.prepend(said);
  else toast({ text: text("unsent_back") });
}

document.addEventListener("htmx:after:settle", ({ target }) => {
  if (waiting?.into && target?.id === waiting.into && target.childElementCount) fill(target);
});

function openAgain({ into, address }) {
  const place = document.getElementById(into);
  const from = place?.querySelector("a.asc-cell")?.getAttribute("hx-get") ?? address;
  if (place) htmx.ajax("GET", from, { source: document.body, target: place, swap: "innerHTML" });
}

function resume() {
  const entry = stored();
  if (!entry) return;
  if (!person()) {
    if (!entry.refused && Date.now() - entry.at > SOON) return store(null);
    store({ ...entry, refused: true }); // the page to sign in on
    if (document.querySelector("main [name=password]")) toast({ text: text("unsent") });
    return;
  }
  store(null);
  if (!entry.refused || entry.person !== person() || entry.here !== location.pathname + location.search) return;
  waiting = entry;
  if (entry.into) openAgain(entry);
  else fill(document.querySelector("main"));
}
addEventListener("load", resume);

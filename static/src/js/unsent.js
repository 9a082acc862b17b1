/* A form that was sent after the session had ended is kept in this tab until its person has signed in again: then it is
   opened and filled in once more. One with a draft of its own (drafts.js) is only opened. Files, passwords and what the
   server has hidden in it are never kept; the versions that it was typed on are. */
import htmx from "htmx.org/dist/htmx.esm.js";
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

function keep(form, inDialog) {
  if (![...form.querySelectorAll(WORDS)].some(isTyped)) return;
  const kept = form.querySelector("[data-draft]") ? {} : read(form);
  const here = location.pathname + location.search;
  const address = form.getAttribute("hx-post") ?? form.getAttribute("action") ?? here;
  store({ person: person(), at: Date.now(), here, address, inDialog, kept, base: baseOf(form), refused: inDialog });
}

/* A fragment's reader is told that nobody is signed in; a page is simply another one, so it is kept beforehand. */
document.addEventListener("htmx:before:response", ({ detail: { ctx } }) => {
  const over = ctx.response.headers?.get("HX-Redirect")?.startsWith(signInUrl());
  const form = ctx.sourceElement?.closest?.("#dialog form");
  if (over && form) keep(form, true);
});
document.addEventListener("submit", ({ target: form, defaultPrevented }) => {
  const plain = !defaultPrevented && person() && form.method === "post" && !form.closest("#dialog");
  if (plain && form.closest("main")) keep(form, false);
});

function fill(root) {
  const form = [...root.querySelectorAll("form")].find(
    (each) => (each.getAttribute("hx-post") ?? each.getAttribute("action")) === waiting.address,
  );
  const { kept, base } = waiting;
  waiting = null;
  const drafted = form?.querySelector("[data-draft]");
  if (!drafted && !Object.keys(kept).some((name) => form?.elements[name])) return;
  if (!drafted) {
    write(form, kept);
    putBase(form, base);
  }
  const said = document.createElement("div");
  said.className = "asc-note asc-draft-note";
  said.setAttribute("role", "status");
  said.append(icon("history", 18), text("unsent_back"));
  form.querySelector(".asc-dialog-b, .card-body")?.prepend(said); // a toast would be behind the dialog
}

document.addEventListener("htmx:after:settle", ({ target }) => {
  if (waiting && target?.id === "dialog-body" && target.childElementCount) fill(target);
});

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
  if (entry.inDialog) htmx.ajax("GET", entry.address, { source: document.body, target: "#dialog-body", swap: "innerHTML" });
  else fill(document.querySelector("main"));
}
addEventListener("load", resume);

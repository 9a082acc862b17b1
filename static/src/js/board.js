/* The board: drag, move menu and keys all post the same move; the server decides. Until it has, the card stands where
   it was put; when the server refuses, the network fails or the dialog is left, it goes back to where it was. */
import htmx from "htmx.org/dist/htmx.esm.js";
import Sortable from "sortablejs";
import { toast } from "./toast.js";
import "./views.js";

const board = document.getElementById("board");
const editable = "editable" in board.dataset;
const menu = document.getElementById("move-menu");
const closing = document.getElementById("board-closing");
const columns = () => [...board.querySelectorAll(".asc-col")];
const cardsIn = (column) => [...column.querySelectorAll(".asc-opp")];
const listOf = (column) => column.querySelector("[data-list]");
const byId = (id) => document.getElementById(`card-${id}`);

/* --- Where a card was, and putting it back --- */
let pending = null; // the move that the server has not answered yet: {card, list, next, kept}
const places = new Map(); // id → where the card stood before its last move, for the undo

function place(card) {
  return { list: card.parentElement, next: card.nextElementSibling };
}

function put(card, { list, next }) {
  if (next && next.parentElement === list) next.before(card);
  else if (next) list.prepend(card);
  else list.insertBefore(card, list.querySelector(":scope > [data-more]"));
}

function putBack() {
  if (!pending) return;
  const { card, was } = pending;
  pending = null;
  card.classList.remove("is-busy");
  card.hidden = false;
  put(card, was);
  card.focus({ preventScroll: false });
}

/* --- Asking the server --- */
function move(card, key, was = place(card)) {
  if (pending) return put(card, was);
  const list = document.querySelector(`[data-list="${CSS.escape(key)}"]`);
  if (list === was.list) return undefined;
  pending = { card, was };
  places.set(card.dataset.card, was);
  if (card.parentElement !== list && list.closest(".asc-col")) list.prepend(card);
  card.classList.add("is-busy");
  if (list.closest(".asc-col")) card.focus({ preventScroll: true });
  const [verb, values] = [asks(was.list, list) ? "GET" : "POST", { stage: key, version: card.dataset.version }];
  const url = `${board.dataset.url}${card.dataset.card}/move/`;
  return htmx.ajax(verb, url, { source: card, target: "#dialog-body", swap: "innerHTML", values });
}

/* Closing, reopening and going back are explained first: the dialog is fetched. Whatever else the server asks for, it
   says in its answer. */
function asks(from, to) {
  const open = (list) => list.dataset.outcome === "open";
  const back = from.compareDocumentPosition(to) & Node.DOCUMENT_POSITION_PRECEDING;
  return !open(from) || !open(to) || Boolean(back);
}

/* The answer: a move that was made is settled by `land`, a fragment opens the dialog, all else puts the card back. */
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (!pending || ctx.sourceElement !== pending.card) return;
  pending.card.classList.remove("is-busy");
  if (ctx.response?.status === 200 && ctx.request.method === "POST") pending = null;
  else if (!document.getElementById("dialog").open) setTimeout(waitForDialog);
});

/* the dialog opens when the swap has settled, a moment after the request ends */
async function waitForDialog() {
  for (let tries = 0; tries < 10 && pending; tries += 1) {
    if (document.getElementById("dialog").open) return;
    if (!document.getElementById("dialog-body").childElementCount) break;
    await new Promise((done) => setTimeout(done, 20));
  }
  putBack();
}

document.addEventListener("asc:dialog-closed", ({ detail: { done } }) => {
  if (done) pending = null;
  else putBack();
});

/* From the gate on to the evidence: the card is where it was */
document.addEventListener("click", ({ target }) => {
  if (target.closest?.("#dialog [data-back]")) putBack();
});

/* --- What the server sends: the card as it is now, in #board-landing --- */
function land() {
  const landing = document.querySelector("#board-landing > [data-landed]");
  if (!landing) return;
  const { landed: id, stage } = landing.dataset;
  const fresh = landing.querySelector(".asc-opp");
  const old = byId(id) === fresh ? null : board.querySelector(`#card-${id}`) ?? closing?.querySelector(`#card-${id}`);
  const list = stage && document.getElementById(`list-${stage}`);
  const before = places.get(id);
  const focused = old?.contains(document.activeElement) || pending?.card === old;
  if (fresh && list) {
    fresh.dataset.landed = "yes";
    if (before?.list === list) put(fresh, before);
    else if (old?.parentElement === list) old.before(fresh);
    else list.prepend(fresh);
  }
  old?.remove();
  landing.remove();
  if (focused && fresh?.isConnected) fresh.focus({ preventScroll: true });
}
document.addEventListener("htmx:after:settle", land);

document.addEventListener("asc:created", ({ detail: { id, text, url, open } }) => {
  showColumnOf(byId(id));
  byId(id)?.scrollIntoView({ block: "nearest" });
  toast({ text, action: { label: open, act: () => location.assign(url) } });
});

/* More cards: from as many as stand there on; what moved in meanwhile is not counted, and nothing stands there twice. */
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const more = ctx.sourceElement;
  if (!more.matches?.("[data-more]")) return;
  ctx.request.body.set("offset", String(more.parentElement.querySelectorAll(".asc-opp:not([data-landed])").length));
});
document.addEventListener("htmx:after:swap", () => {
  const seen = new Set();
  for (const card of board.querySelectorAll(".asc-opp")) {
    if (seen.has(card.id)) card.remove();
    seen.add(card.id);
  }
});

/* --- Drag --- */
function over(element) {
  for (const marked of document.querySelectorAll(".is-over")) marked.classList.remove("is-over");
  (element?.closest(".asc-col") ?? element)?.classList.add("is-over");
}

const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
let from = null;
let dragging = false;

function sortable(list, options = {}) {
  Sortable.create(list, {
    group: "deals",
    draggable: ".asc-opp",
    sort: false,
    animation: still ? 0 : 120,
    delay: 180,
    delayOnTouchOnly: true,
    touchStartThreshold: 6,
    ghostClass: "is-ghost",
    dragClass: "is-drag",
    onStart({ item }) {
      from = place(item);
      dragging = true;
      if (closing) closing.hidden = false;
    },
    onMove: ({ to }) => over(to),
    onEnd({ item, to }) {
      over(null);
      setTimeout(() => (dragging = false));
      if (closing) closing.hidden = true;
      if (to !== from.list) move(item, to.dataset.list, from);
    },
    ...options,
  });
}

if (editable) {
  for (const column of columns()) sortable(listOf(column));
  for (const target of closing.querySelectorAll("[data-list]")) sortable(target, { group: { name: "deals", pull: false } });
}

/* --- The one move menu --- */
let opener = null;

function showMenu(link) {
  const card = link.closest(".asc-opp");
  const form = menu.querySelector("form");
  opener = link;
  form.action = link.href;
  form.elements.version.value = card.dataset.version;
  menu.dataset.card = card.dataset.card;
  const here = card.parentElement.dataset.list;
  for (const choice of form.querySelectorAll("button")) choice.disabled = choice.value === here;
  menu.showPopover();
  const box = link.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(box.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(box.bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
  form.querySelector("button:not(:disabled)").focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-move]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showMenu(link);
});

menu?.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopPropagation();
  menu.hidePopover();
  move(byId(menu.dataset.card), event.submitter.value);
});

menu?.addEventListener("keydown", (event) => {
  const choices = [...menu.querySelectorAll("button:not(:disabled)")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") opener?.focus();
  if (!step) return;
  event.preventDefault();
  choices.at((choices.indexOf(document.activeElement) + step) % choices.length).focus();
});

/* --- Keys: arrows from card to card, Shift with them moves the deal, Enter opens it --- */
function neighbour(card, key) {
  const all = columns();
  const at = all.indexOf(card.closest(".asc-col"));
  const cards = cardsIn(all[at]);
  const row = cards.indexOf(card);
  if (key === "ArrowDown" || key === "ArrowUp") return cards[row + (key === "ArrowDown" ? 1 : -1)];
  const step = key === "ArrowRight" ? 1 : -1;
  for (let index = at + step; all[index]; index += step) {
    const there = cardsIn(all[index]);
    if (there.length) return there[Math.min(row, there.length - 1)];
  }
  return undefined;
}

function moveByKey(card, key) {
  const column = card.closest(".asc-col");
  const to = key === "ArrowRight" ? column.nextElementSibling : column.previousElementSibling;
  if (editable && to?.matches(".asc-col")) move(card, listOf(to).dataset.list);
}

board.addEventListener("keydown", (event) => {
  const card = event.target;
  if (!card.matches(".asc-opp") || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Enter") return void card.querySelector("h3 a").click();
  if (!/^Arrow/.test(event.key)) return;
  event.preventDefault();
  if (event.shiftKey && /Left|Right/.test(event.key)) moveByKey(card, event.key);
  else neighbour(card, event.key)?.focus();
});

/* --- A phone shows one column: tabs, and a swipe to the next --- */
const tabs = [...document.querySelectorAll("[data-tab]")];

function show(tab) {
  for (const each of tabs) each.setAttribute("aria-selected", String(each === tab));
  for (const column of columns()) column.classList.toggle("is-cur", column.dataset.stage === tab.dataset.tab);
  tab.scrollIntoView({ block: "nearest", inline: "center" });
  history.replaceState(history.state, "", tab.href);
}

function showColumnOf(card) {
  const tab = card && tabs.find((each) => each.dataset.tab === card.closest(".asc-col").dataset.stage);
  if (tab && getComputedStyle(tab.parentElement).display !== "none") show(tab);
}

const selected = () => tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");

for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    show(tab);
  });
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step && tabs[selected() + step];
    if (!next) return;
    show(next);
    next.focus();
  });
}

let touch = null;
board.addEventListener("touchstart", ({ touches: [first] }) => (touch = { x: first.clientX, y: first.clientY }), { passive: true });
board.addEventListener("touchend", ({ changedTouches: [last] }) => {
  const [x, y] = touch ? [last.clientX - touch.x, last.clientY - touch.y] : [0, 0];
  touch = null;
  if (dragging || Math.abs(x) < 60 || Math.abs(y) > 40) return;
  const next = tabs[selected() + (x < 0 ? 1 : -1)];
  if (next && getComputedStyle(next.parentElement).display !== "none") show(next);
}, { passive: true });

/* --- Dialogs --- */
/* the note of the won dialog: the signature lies in another month than the move that books it */
document.addEventListener("change", ({ target }) => {
  const note = target.name === "signed_on" && target.form?.querySelector("[data-signing-note]");
  if (note) note.hidden = !target.value || target.value.slice(0, 7) === note.dataset.month;
});

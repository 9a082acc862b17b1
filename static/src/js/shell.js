/* The frame: theme, narrow navigation, menus. Each choice is kept on the server; without script the forms post it. */
import { post } from "./server.js";

const root = document.documentElement;

function shown() {
  return root.getAttribute("data-bs-theme") === "dark" ? "dark" : "light";
}

function toggleTheme(form) {
  const theme = shown() === "dark" ? "light" : "dark";
  root.dataset.theme = theme;
  root.setAttribute("data-bs-theme", theme);
  document.dispatchEvent(new Event("asc:theme"));
  return post(form.action, { theme });
}

function toggleRail(form) {
  const narrow = document.getElementById("shell").classList.toggle("is-rail");
  const control = form.querySelector("button");
  control.setAttribute("aria-expanded", String(!narrow));
  form.elements.rail.value = narrow ? "" : "on";
  dispatchEvent(new Event("resize"));
  return post(form.action, { rail: narrow ? "on" : "" });
}

const FORMS = { theme: toggleTheme, rail: toggleRail };

document.addEventListener("submit", (event) => {
  const act = FORMS[event.target.dataset.prefer];
  if (!act) return;
  event.preventDefault();
  act(event.target);
});

/* <details class="asc-menu">: one open at a time, closed by Esc or a click elsewhere. */
function openMenus() {
  return document.querySelectorAll("details.asc-menu[open]");
}
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

/* <button data-opens="ID">: a dialog that stands in the page. */
document.addEventListener("click", (event) => {
  const control = event.target.closest?.("[data-opens]");
  if (control) document.getElementById(control.dataset.opens)?.showModal();
});

/* A filter that opens is there to be filled in. */
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.matches?.(".asc-filter[open]")) target.querySelector(".ts-control input, input:not([type=hidden])")?.focus();
  },
  true,
);

/* <select data-autosubmit> in a GET form: choosing is sending; a button stands in <noscript>. */
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-autosubmit]")) event.target.form.requestSubmit();
});

/* A plain form is sent once, however often the button is pressed. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

/* A refused form comes back with the focus on the first field to mend. */
document.querySelector("main [aria-invalid='true']")?.focus();

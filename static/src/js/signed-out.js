/* Back, after somebody has signed out: the browser would show a page out of its memory, as it was left. It is hidden and
   asked for anew instead, and the sign-in page answers. */
import { store } from "./store.js";

const KEY = "asc:signed-out";
const begun = Date.now();

document.addEventListener("submit", ({ target }) => {
  if (target.getAttribute("action")?.endsWith("/logout/")) store()?.setItem(KEY, Date.now());
});
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted || !(Number(store()?.getItem(KEY)) > begun)) return;
  document.documentElement.hidden = true;
  location.reload();
});

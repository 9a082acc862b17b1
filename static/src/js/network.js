/* What went wrong on the way, in words. The page keeps what was typed, and offers to try again.

   409 (a conflict) and 422 (a form with errors) are answers, and are swapped in as htmx does. Any other 4xx, 5xx and a
   broken connection are not: nothing is swapped, a toast says so. */
import htmx from "htmx.org/dist/htmx.esm.js";
import { text } from "./strings.js";
import { toast } from "./toast.js";

const WORDS = { 403: "forbidden", 404: "gone", 413: "too_large", 429: "too_many" };
const ANSWERS = [409, 422];

function words(ctx) {
  const status = ctx.response?.status;
  const id = ctx.response?.headers?.get("X-Request-ID");
  if (status === 503 && ctx.response.headers.get("Retry-After")) return text("busy");
  if (status === 507) return text("full");
  if (status >= 500) return text("server", { id: (id ?? "").slice(0, 8) });
  return text(WORDS[status] ?? "refused");
}

/* Only what can be repeated without harm is offered again: reading. A write is repeated by the form's own button. */
function retry(ctx) {
  const { sourceElement: source, request, target, swap } = ctx;
  if (!/^(GET|HEAD)$/.test(request.method) || !source?.isConnected) return undefined;
  return () => htmx.ajax("GET", request.action, { source, target, swap });
}

function tell(ctx, message) {
  const again = retry(ctx);
  toast({ text: message, tone: "bad", action: again && { label: text("retry"), act: again } });
}

document.addEventListener("htmx:error", ({ detail: { ctx, error } }) => {
  if (!ctx || ctx.response) return;
  tell(ctx, text(error === "timeout" ? "timeout" : "network"));
});

/* An expired session: Django answers a fragment's reader with HX-Redirect, anything else with a 401. */
function signIn() {
  location.assign(`${document.body.dataset.loginUrl}?next=${encodeURIComponent(location.pathname + location.search)}`);
}

document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  const { status } = ctx.response;
  if (status < 400 || ANSWERS.includes(status)) return;
  event.preventDefault();
  if (status === 401) signIn();
  else tell(ctx, words(ctx));
});

function showOffline() {
  const banner = document.getElementById("asc-offline");
  if (banner) banner.hidden = navigator.onLine;
}
addEventListener("online", showOffline);
addEventListener("offline", showOffline);
showOffline();

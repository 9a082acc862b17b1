/* What went wrong on the way, in words. The page keeps what was typed, and offers to try again.

   A 4xx is an answer (a form with errors, a conflict) and is swapped in as htmx does. 401 and 403 without a fragment,
   404, 429, 5xx and a broken connection are not: nothing is swapped, a toast says so. */
import htmx from "htmx.org/dist/htmx.esm.js";
import { text } from "./strings.js";
import { toast } from "./toast.js";

const WORDS = { 403: "forbidden", 404: "gone", 413: "too_large", 429: "too_many" };
const isFragment = (response) => !/<html/i.test((response?.text ?? "").slice(0, 300));

function words(ctx) {
  const status = ctx.response?.status;
  const id = ctx.response?.headers?.get("X-Request-ID");
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

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const status = ctx.response?.status;
  if (!status || status < 400 || ((status < 500 && status !== 404) && isFragment(ctx))) return;
  event.preventDefault();
  tell(ctx, words(ctx));
});

document.addEventListener("htmx:error", ({ detail: { ctx, error } }) => {
  if (!ctx || ctx.response) return;
  tell(ctx, text(error === "timeout" ? "timeout" : "network"));
});

/* An expired session: Django answers a fragment with the sign-in page by a redirect that fetch follows. */
document.addEventListener("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  if (raw.status !== 401 && !(raw.redirected && new URL(raw.url).pathname === document.body.dataset.loginUrl)) return;
  event.preventDefault();
  location.assign(`${document.body.dataset.loginUrl}?next=${encodeURIComponent(location.pathname + location.search)}`);
});

function showOffline() {
  const banner = document.getElementById("asc-offline");
  if (banner) banner.hidden = navigator.onLine;
}
addEventListener("online", showOffline);
addEventListener("offline", showOffline);
showOffline();

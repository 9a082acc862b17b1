/* Small writes to the server that need no fragment. */
import { text } from "./strings.js";
import { toast } from "./toast.js";

export function csrfToken() {
  return document.querySelector("meta[name='csrf-token']")?.content ?? "";
}

/** POSTs form fields; resolves to the Response, or to null after telling the person that the network failed. */
export async function post(url, fields) {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
      body: new URLSearchParams(fields),
    });
  } catch {
    toast({ text: text("network"), tone: "bad" });
    return null;
  }
}

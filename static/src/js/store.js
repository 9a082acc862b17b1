/** What is kept on the device across pages; null where the browser refuses it: then nothing is. */
export function store() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

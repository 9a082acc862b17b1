/* Words that scripts show. base.html writes them, translated, into <script id="asc-strings" type="application/json">. */
const element = document.getElementById("asc-strings");
const words = element ? JSON.parse(element.textContent) : {};

/** The text called `name`; {placeholders} are filled from `values`. */
export function text(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

const sprite = document.querySelector("meta[name='asc-icons']")?.content ?? "";
const SVG = "http://www.w3.org/2000/svg";

/** An <svg> of the sprite, hidden from screen readers. */
export function icon(name, size = 16) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ class: "ti", width: size, height: size, "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  const use = svg.appendChild(document.createElementNS(SVG, "use"));
  use.setAttribute("href", `${sprite}#${name}`);
  return svg;
}

/* Before the first paint: `auto` becomes light or dark as the device says. The server has written the person's choice. */
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function apply() {
  const chosen = root.dataset.theme || "auto";
  root.setAttribute("data-bs-theme", chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen);
}

apply();
dark.addEventListener("change", () => {
  apply();
  document.dispatchEvent(new Event("asc:theme"));
});

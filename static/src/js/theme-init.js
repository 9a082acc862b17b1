/* Before the first paint: `auto` becomes light or dark as the device says. The server has written the person's choice. */
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

function apply() {
  const chosen = root.dataset.theme || document.querySelector("meta[name=asc-theme]")?.content || "auto";
  const theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
  root.setAttribute("data-bs-theme", theme);
  root.classList.toggle("dark-mode", theme === "dark"); // for Swagger UI
}

apply();
dark.addEventListener("change", () => {
  apply();
  document.dispatchEvent(new Event("asc:theme"));
});

/* Before the first paint: `auto` becomes light or dark as the device says. The server has written the person's choice.
   Paper is light whatever the theme: browsers leave the dark ground away and would print light on white. */
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const paper = matchMedia("print");

function apply() {
  const chosen = root.dataset.theme || document.querySelector("meta[name=asc-theme]")?.content || "auto";
  const wanted = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
  const theme = paper.matches ? "light" : wanted;
  root.setAttribute("data-bs-theme", theme);
  root.classList.toggle("dark-mode", theme === "dark"); // for Swagger UI
}

apply();
for (const change of [dark, paper]) {
  change.addEventListener("change", () => {
    apply();
    document.dispatchEvent(new Event("asc:theme"));
  });
}

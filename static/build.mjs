/* Builds static/src into static/dist, which Django collects under /static/. Run by `npm run build`.

   To add a script for one page: write src/js/NAME.js, add NAME to PAGES, and put
   {% block scripts %}{{ block.super }}<script type="module" src="{% static "NAME.js" %}"></script>{% endblock %}
   into that page's template. Import toast, dialog and so on from their own files ("./toast.js"), never from app.js:
   esbuild puts what two pages share into one chunk, so there is one copy of its state.
   To add an icon: a line in src/icons.txt. */
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";
import * as esbuild from "esbuild";
import { compile } from "sass";

const PAGES = ["app", "assess", "board", "charts", "inline-edit", "map", "order", "pick", "table"];
const BLOCKING = ["theme-init"]; // runs before the first paint, so it is a classic script

const here = path.dirname(fileURLToPath(import.meta.url));
const src = path.join(here, "src");
const dist = path.join(here, "dist");
const modules = path.join(here, "..", "node_modules");
const watch = process.argv.includes("--watch");
const out = watch ? dist : `${dist}-${process.pid}`; // a server that runs meanwhile sees the old build, then the new one

const common = {
  bundle: true,
  minify: !watch,
  sourcemap: watch,
  target: ["chrome123", "safari17.5", "firefox128"],
  outdir: out,
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
  nodePaths: [modules],
};

/* Tabler's sources name their variables --primary; what Tabler publishes, and what we set, is --tblr-primary. */
function tabler(file) {
  const { css } = compile(file, { loadPaths: [path.join(modules, "@tabler", "core", "scss")], quietDeps: true });
  return css.replace(/(?<![\w-])--(?=[a-z])/g, "--tblr-");
}

const scss = {
  name: "scss",
  setup(build) {
    build.onLoad({ filter: /\.scss$/ }, ({ path: file }) => ({ contents: tabler(file), loader: "css" }));
  },
};

const builds = [
  { ...common, format: "esm", splitting: true, chunkNames: "chunks/[name]-[hash]", entryPoints: PAGES.map((name) => path.join(src, "js", `${name}.js`)) },
  { ...common, format: "iife", entryPoints: BLOCKING.map((name) => path.join(src, "js", `${name}.js`)) },
  { ...common, plugins: [scss], entryPoints: ["app", "api-docs"].map((name) => path.join(src, "css", `${name}.css`)), loader: { ".woff2": "file" }, assetNames: "fonts/[name]-[hash]" },
];

async function iconNames() {
  const lines = (await readFile(path.join(src, "icons.txt"), "utf8")).split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line && !line.startsWith("#")))];
}

async function symbol(name) {
  const file = path.join(modules, "@tabler", "icons", "icons", "outline", `${name}.svg`);
  const svg = await readFile(file, "utf8").catch(() => {
    throw new Error(`src/icons.txt: Tabler has no outline icon called ${name}`);
  });
  const shapes = svg.replace(/<svg[^>]*>|<\/svg>|<!--[\s\S]*?-->/g, "").replace(/<path stroke="none"[^>]*>/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${shapes.replace(/\s*\n\s*/g, "")}</symbol>`;
}

async function sprite() {
  const symbols = await Promise.all((await iconNames()).map(symbol));
  await writeFile(path.join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
}

async function listing(results) {
  const files = results.flatMap(({ metafile }) => Object.entries(metafile.outputs));
  const sizes = Object.fromEntries(files.map(([file, { bytes }]) => [path.relative(out, path.resolve(file)), bytes]).sort());
  await writeFile(path.join(out, "build.json"), JSON.stringify(sizes, null, 2) + "\n");
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await sprite();
await copyFile(path.join(src, "img", "logo.svg"), path.join(out, "logo.svg"));
if (watch) {
  for (const build of builds) await (await esbuild.context(build)).watch();
} else {
  await listing(await Promise.all(builds.map((build) => esbuild.build(build))));
  await rm(dist, { recursive: true, force: true });
  await rename(out, dist);
}

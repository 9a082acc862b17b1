/* The one place that talks to ECharts. `{% chart %}` writes <div data-chart="ID"> and, in a JSON script called ID, the
   ECharts option with tokens in it: colours "@accent" "@r50" "@bad" "@ink-3" are the CSS variables --asc-*, formatters
   "@money" (yuan), "@axis" (the same without needless decimals), "@pct" (0-100), "@count", "@lbl" (the point's own `t`)
   are functions of formats.js. A point's `url` is where a click leads. Series differ by label or dash, not by hue alone. */
import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";
import { formatters } from "./formats.js";

echarts.use([
  BarChart, LineChart, CustomChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent,
  LabelLayout, CanvasRenderer,
]);

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--asc-${name}`).trim();
}

function resolve(value) {
  if (typeof value === "string" && value.startsWith("@")) return formatters[value.slice(1)] ?? (css(value.slice(1)) || value);
  if (Array.isArray(value)) return value.map(resolve);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
}

function theme() {
  const axis = {
    axisLine: { lineStyle: { color: css("line-strong") } },
    axisTick: { show: false },
    axisLabel: { color: css("ink-3"), fontSize: 12 },
    splitLine: { lineStyle: { color: css("line") } },
  };
  return {
    color: ["accent", "ink-3", "r50", "r25", "r100"].map(css),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: css("ink-2") },
    categoryAxis: { ...axis, splitLine: { show: false } },
    valueAxis: { ...axis, axisLine: { show: false } },
    legend: { textStyle: { color: css("ink-2") } },
  };
}

/* HTML tooltips write style attributes, which the Content-Security-Policy forbids: text drawn on the canvas instead. */
function tooltip(given) {
  return {
    renderMode: "richText",
    backgroundColor: css("ink"),
    borderWidth: 0,
    textStyle: { color: css("surface"), fontSize: 12 },
    confine: true,
    ...given,
  };
}

function option(element) {
  const given = resolve(JSON.parse(document.getElementById(element.dataset.chart).textContent));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const names = given.xAxis?.data ?? [];
  if (element.clientWidth < 480 && given.xAxis?.axisLabel?.interval === 0 && names.length > 5)
    given.xAxis.axisLabel = { interval: 0, rotate: 60 }; // side by side they would cover each other
  if (given.tooltip) given.tooltip = tooltip(given.tooltip);
  return { animation: !still, animationDuration: 300, ...given };
}

function draw(element) {
  echarts.getInstanceByDom(element)?.dispose();
  const chart = echarts.init(element, theme(), { renderer: "canvas" });
  chart.setOption(option(element));
  chart.on("click", ({ data }) => data?.url && location.assign(data.url));
}

const all = (root = document) => [...(root.querySelectorAll?.("[data-chart]") ?? [])];

function resize() {
  for (const element of all()) echarts.getInstanceByDom(element)?.resize();
}

/* Canvas text does not repaint when the webfont arrives: wait for it, at most 1.5 s. */
const fonts = Promise.all(['12px "Inter Variable"', '600 12px "Inter Variable"'].map((font) => document.fonts.load(font)));
const late = new Promise((done) => setTimeout(done, 1500));
await Promise.race([fonts.catch(() => {}), late]);
all().forEach(draw);

addEventListener("resize", resize);
document.addEventListener("asc:theme", () => all().forEach(draw));
document.addEventListener("htmx:after:settle", (event) => {
  for (const element of all(event.target.parentNode ?? document)) if (!echarts.getInstanceByDom(element)) draw(element);
});

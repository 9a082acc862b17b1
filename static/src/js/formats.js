/* How charts write numbers: as config/web/templatetags/formats.py does for pages. A change there is made here too. */
const chinese = document.documentElement.lang.startsWith("zh");
const currency = document.body.dataset.currency || "¥";
const MINUS = "−";

/* [factor, suffix, places, whole from so many units on] */
const STEPS = chinese
  ? [[1, "", 0, 0], [1e4, "万", 1, 10], [1e8, "亿", 2, Infinity]]
  : [[1, "", 0, 0], [1e3, "K", 1, 100], [1e6, "M", 1, 100]];

function rounded(value, places) {
  return Math.round(value * 10 ** places + 1e-9) / 10 ** places;
}

const grouped = (value, places) =>
  value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });

function shown(value, [factor, , places, whole]) {
  const near = rounded(value / factor, places);
  return near < whole ? [near, places] : [rounded(value / factor, 0), 0];
}

function short(value) {
  const step = STEPS.find((each, at) => at === 2 || shown(value, each)[0] * each[0] < STEPS[at + 1][0]);
  const [digits, places] = shown(value, step);
  const text = grouped(digits, places);
  return (step[1] === "万" ? text.replace(/\.0$/, "") : text) + step[1];
}

/** An amount in yuan, short: ¥1,860万, ¥1.28亿; ¥18.6M, ¥860K. */
export function money(value) {
  return (value < 0 ? MINUS : "") + currency + short(Math.abs(value));
}

/* ECharts hands a formatter a number (axes, tooltips' valueFormatter) or a point (labels). */
function number(given) {
  const value = given !== null && typeof given === "object" ? given.value : given;
  return Number(Array.isArray(value) ? value.at(-1) : value);
}

export const formatters = {
  money: (given) => money(number(given)),
  axis: (given) => money(number(given)).replace(/\.0+(?=\D*$)/, ""), // ¥4亿 rather than ¥4.00亿
  pct: (given) => `${grouped(number(given), 0)}%`,
  count: (given) => grouped(number(given), 0),
  lbl: (given) => given.data?.t ?? "",
};

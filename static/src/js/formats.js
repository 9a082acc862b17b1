/* How charts write numbers. Texts of pages are formatted on the server (config/web/templatetags/formats.py). */
const chinese = document.documentElement.lang.startsWith("zh");
const currency = document.body.dataset.currency || "¥";
const MINUS = "−";

const grouped = (value, digits) =>
  value.toLocaleString(chinese ? "zh-CN" : "en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

function chineseMoney(value) {
  if (value >= 1e8) return `${currency}${grouped(value / 1e8, 2)}亿`;
  return value >= 1e4 ? `${currency}${grouped(value / 1e4, 0)}万` : `${currency}${grouped(value, 0)}`;
}

function englishMoney(value) {
  if (value >= 1e6) return `${currency}${grouped(value / 1e6, value >= 1e8 ? 0 : 1)}M`;
  return value >= 1e3 ? `${currency}${grouped(value / 1e3, 0)}K` : `${currency}${grouped(value, 0)}`;
}

/** An amount in yuan, short: ¥1,860万, ¥1.28亿; ¥18.6M, ¥860K. */
export function money(value) {
  const size = Math.abs(value);
  return (value < 0 ? MINUS : "") + (chinese ? chineseMoney(size) : englishMoney(size));
}

/* ECharts hands a formatter a number (axes, tooltips' valueFormatter) or a point (labels). */
function number(given) {
  const value = given !== null && typeof given === "object" ? given.value : given;
  return Number(Array.isArray(value) ? value.at(-1) : value);
}

export const formatters = {
  money: (given) => money(number(given)),
  pct: (given) => `${grouped(number(given), 0)}%`,
  count: (given) => grouped(number(given), 0),
  lbl: (given) => given.data?.t ?? "",
};

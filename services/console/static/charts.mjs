// Charts as trees: figures stand beside every mark as text, so a chart reads as a list without eyes.

import { fitted, h } from "./dom.mjs";
import { compact, number, percent, share } from "./words.mjs";

/** The round number at or above `value` at which an axis ends: 1, 2, 2.5, 5 or 10 times a power of ten. */
export function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= value * (1 - 1e-9));
  return step * power;
}

/** Bars beside each other's names: `rows` are {label, value, note?, href?}, in their own order. */
export function bars(title, rows, { tone = "", total = null } = {}) {
  const most = Math.max(...rows.map((row) => row.value), 0);
  return h(
    "ul",
    { class: `bars ${tone}`, "aria-label": title },
    rows.map((row) =>
      h(
        "li",
        null,
        h("span", { class: "bar-label" }, row.href ? h("a", { href: row.href }, row.label) : row.label),
        bar(most ? row.value / most : 0),
        h(
          "span",
          { class: "bar-value" },
          row.text ?? number(row.value),
          row.note ?? (total ? h("small", null, share(row.value, total)) : null),
        ),
      ),
    ),
  );
}

function bar(part) {
  const width = part > 0 ? Math.max(part * 100, 0.6) : 0;
  return h(
    "svg",
    { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    h("rect", { class: "track", width: 100, height: 10 }),
    h("rect", { class: "mark", width: width.toFixed(2), height: 10 }),
  );
}

/** Steps that each keep some of the one before: `steps` are {label, value}; shares are of the first and of the step before. */
export function funnel(title, steps) {
  const [first] = steps;
  return h(
    "ol",
    { class: "bars funnel", "aria-label": title },
    steps.map((step, i) =>
      h(
        "li",
        null,
        h("span", { class: "bar-label" }, step.label),
        bar(first.value ? step.value / first.value : 0),
        h(
          "span",
          { class: "bar-value" },
          number(step.value),
          i ? h("small", null, `${share(step.value, first.value)} of ${first.label.toLowerCase()}`) : null,
        ),
      ),
    ),
  );
}

/** Rates with their intervals: `rows` are {label, rate, low, high, of}, all shares of 0 to 1 but `of`, a number. */
export function intervals(title, rows) {
  const shown = rows.map((row) => ({
    ...row,
    value: row.rate,
    text: [
      percent(row.rate),
      h("small", null, `${percent(row.low)} to ${percent(row.high)}, of ${number(row.of)}`),
    ],
  }));
  return spans(title, shown, 0, ceiling(Math.max(...rows.map((row) => row.high), 0.01)));
}

/** Values with their ranges on a scale from `least` to `most`, 0 marked where it lies between them: `rows` are
 * {label, value, low, high, text}. */
export function spans(title, rows, least, most) {
  const at = (value) => (((value - least) / (most - least)) * 100).toFixed(2);
  return h(
    "ul",
    { class: "bars intervals", "aria-label": title },
    rows.map((row) =>
      h(
        "li",
        null,
        h("span", { class: "bar-label" }, row.label),
        h(
          "svg",
          { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
          h("rect", { class: "track", y: 4.5, width: 100, height: 1 }),
          least < 0 ? h("rect", { class: "track", x: at(0) - 0.2, width: 0.4, height: 10 }) : null,
          h("rect", { class: "range", x: at(row.low), y: 2, width: Math.max(at(row.high) - at(row.low), 0).toFixed(2), height: 6 }),
          h("rect", { class: "mark", x: Math.max(at(row.value) - 0.4, 0), width: 0.8, height: 10 }),
        ),
        h("span", { class: "bar-value" }, row.text),
      ),
    ),
  );
}

const EDGE = { left: 44, right: 8, top: 12, bottom: 26 };
const HEIGHT = 200;

/** Columns over time: `points` are {label, value}; `unit` names what is counted. */
export function columns(title, points, unit) {
  return fitted((width) => drawnColumns(title, points, unit, width));
}

/** The same at a width in pixels. */
export function drawnColumns(title, points, unit, width) {
  const end = ceiling(Math.max(...points.map((point) => point.value), 1));
  const inner = width - EDGE.left - EDGE.right;
  const tall = HEIGHT - EDGE.top - EDGE.bottom;
  const step = inner / points.length;
  const y = (value) => EDGE.top + tall * (1 - value / end);
  const every = Math.ceil((points.length * 64) / inner);
  return h(
    "svg",
    { class: "columns", width, height: HEIGHT, role: "img", "aria-label": `${title}: ${spoken(points, unit)}` },
    [0, end / 2, end].map((value) => [
      h("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
      h("text", { class: "tick", x: EDGE.left - 6, y: y(value) + 4, "text-anchor": "end" }, compact(value)),
    ]),
    points.map((point, i) => {
      const x = EDGE.left + i * step;
      const wide = Math.max(Math.min(step * 0.72, 48), 1);
      return [
        h(
          "rect",
          { class: "mark", x: (x + (step - wide) / 2).toFixed(1), y: y(point.value).toFixed(1), width: wide.toFixed(1), height: (tall + EDGE.top - y(point.value)).toFixed(1), rx: 2 },
          h("title", null, `${point.label}: ${number(point.value)} ${unit}`),
        ),
        i % every === 0
          ? h("text", { class: "tick", x: (x + step / 2).toFixed(1), y: HEIGHT - 8, "text-anchor": "middle" }, point.label)
          : null,
      ];
    }),
  );
}

function spoken(points, unit) {
  const most = points.reduce((one, other) => (other.value > one.value ? other : one));
  const all = points.reduce((sum, point) => sum + point.value, 0);
  return `${number(all)} ${unit} in all, most on ${most.label} (${number(most.value)})`;
}

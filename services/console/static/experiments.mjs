// What the splits of a journey tell: each arm's rate with its interval, and whether the difference may be chance.

import { path } from "./api.mjs";
import { chip, empty, facts, section } from "./blocks.mjs";
import { intervals } from "./charts.mjs";
import { h, part } from "./dom.mjs";
import { people, percent, plain } from "./words.mjs";

export function experiments(api, name) {
  return part(async () => told(await api.get(path`/journeys/${name}/experiments`)), { label: "Comparing arms" });
}

/** What `/journeys/{name}/experiments` answers, in words. */
export function told({ noted, splits }) {
  if (!splits.length) return empty("This journey has no split.", "Put a node of type split into it to try one thing against another, or to hold a group out.");
  const notes = Object.entries(noted).map(([name, text]) => [plain(name), text]);
  return h("div", { class: "stack" }, notes.length ? section("What was noted", null, facts(notes)) : null, splits.map(split));
}

function split({ node, control, arms }) {
  const rows = arms.filter((arm) => arm.rate !== null).map((arm) => ({ label: nameOf(arm), rate: arm.rate, low: arm.low, high: arm.high, of: arm.came }));
  return section(
    plain(node),
    `Who reached the goal, of those who took each arm. Each is held against the arm ${control.map((name) => `“${plain(name)}”`).join(", ")}.`,
    rows.length ? intervals(`Goal reached by arm of ${plain(node)}`, rows) : empty("Nobody has come here yet."),
    h("ul", { class: "clauses" }, arms.filter((arm) => arm.lift).map((arm) => h("li", { class: "plain-line" }, h("span", null, verdict(arm))))),
  );
}

const nameOf = ({ name, percent: part, holdout }) => `${plain(name)}, ${part} %${holdout ? " (held out)" : ""}`;

function verdict({ name, came, lift }) {
  const { gap, low, high, p, significant } = lift;
  const direction = gap > 0 ? "more" : "fewer";
  const said = ` ${plain(name)}: ${points(Math.abs(gap))} ${direction} reached the goal (${points(low)} to ${points(high)}), of ${people(came)}. `;
  const chance = `A difference this large comes by chance in ${percent(p)} of such tests.`;
  return [chip(significant ? (gap > 0 ? "good" : "bad") : "quiet", significant ? "More than chance" : "May be chance"), said, chance];
}

const points = (value) => `${(value * 100).toFixed(1)} points`;

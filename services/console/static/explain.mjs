// Why a person is in a segment or not: every clause with what was seen.

import { path } from "./api.mjs";
import { chip, empty, section, table } from "./blocks.mjs";
import { h, part } from "./dom.mjs";
import { clause, moment, plain, said } from "./words.mjs";

/** All segments of a person with why, and the scores. */
export function explained(api, id) {
  return part(async () => standing(await api.get(path`/profiles/${id}/standing`)), { label: "Judging segments" });
}

/** What `/profiles/{profile_id}/standing` answers, in words. */
export function standing({ at, explained: all, segments, facts, scores }) {
  const own = Object.entries(all).filter(([name]) => !name.includes("/"));
  return h(
    "div",
    { class: "stack" },
    own.length ? own.map(([name, why]) => judged(name, why, segments[name])) : empty("There are no segments.", "Define one with PUT /segments/{name}."),
    section("Scores", null, Object.keys(scores).length ? table("Scores", ["Score", "#Now"], Object.entries(scores).map(([name, one]) => [plain(name), said(one.score)])) : empty("There are no scores.")),
    section("What this goes by", `Facts as of ${moment(at)}.`, table("Facts", ["Fact", "Value"], Object.entries(facts).map(([name, value]) => [plain(name), said(value)]))),
  );
}

/** One segment's verdict and every clause behind it. */
export function judged(name, why, since) {
  const inside = why.verdict === true;
  return section(
    h("a", { href: path`#/segments/${name}` }, plain(name)),
    null,
    h("p", null, chip(inside ? "good" : "quiet", inside ? "In it" : "Not in it"), since ? ` since ${moment(since)}` : ""),
    h("ul", { class: "clauses" }, reasons(why)),
  );
}

/** The clauses of an explanation as list items, nested as the condition is. */
export function reasons({ clause: asked, verdict, seen, children }) {
  const mark = verdict ? "✓" : "✗";
  return h(
    "li",
    { class: verdict ? "passed" : "stopped" },
    h("span", { class: "mark", "aria-hidden": "true" }, mark),
    h("span", null, h("strong", null, clause(asked)), `: ${verdict ? "yes" : "no"}${children ? "" : `; seen: ${said(seen)}`}`),
    children?.length ? h("ul", { class: "clauses" }, children.map(reasons)) : null,
  );
}

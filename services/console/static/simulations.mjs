// A journey simulated before anybody walks it: a form, then what would come of it with the picture.

import { path } from "./api.mjs";
import { empty, failed, folded, section, table, tiles } from "./blocks.mjs";
import { bars, columns } from "./charts.mjs";
import { drawn } from "./diagram.mjs";
import { h, mount, part } from "./dom.mjs";
import { left, money, number, people, plain, shortDay } from "./words.mjs";

const AGAIN_MS = 1_500;
const MOST_TRIES = 700;
const DAY_MS = 86_400_000;

const NUMBERS = [
  ["people", "People to make up", 1000, 1, 20_000],
  ["days", "Days", 90, 1, 730],
  ["runs", "Runs, for what to expect", 5, 1, 50],
  ["seed", "Draw", 1, 0, 2 ** 31],
];
const TIMES = [["since", "Or what happened from"], ["until", "Until, inclusive"]];

/** The form and, once it is sent, the answer. */
export function simulations(api, name) {
  const onsubmit = (event) => {
    event.preventDefault();
    const body = asked(Object.fromEntries(new FormData(event.target)));
    document.getElementById("simulated").replaceChildren(mount(told(api, name, body), failed));
  };
  const field = (id, label, attrs) => h("p", null, h("label", { for: id }, label), h("input", { id, name: id, ...attrs }));
  return h(
    "div",
    { class: "stack" },
    section(
      "What would come of it",
      "Made-up customers of a shop walk through the journey, or those of your own past. How they answer is assumed, not measured.",
      h(
        "form",
        { class: "choice", onsubmit, "aria-label": "Simulate" },
        h(
          "p",
          null,
          h("label", { for: "version" }, "Which"),
          h("select", { id: "version", name: "version" }, h("option", { value: "" }, "As published"), h("option", { value: "draft" }, "The draft")),
        ),
        NUMBERS.map(([id, label, value, min, max]) => field(id, label, { type: "number", value, min, max, required: true })),
        TIMES.map(([id, label]) => field(id, label, { type: "date" })),
        h("button", null, "Simulate"),
      ),
    ),
    h("div", { id: "simulated", "aria-live": "polite" }),
  );
}

/** The body of the request: numbers as such; a period only where both of its days are said. */
export function asked({ version, since, until, ...numbers }) {
  const body = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]));
  if (version) body.version = version;
  if (since && until) body.history = { since: `${since}T00:00:00Z`, until: new Date(Date.parse(`${until}T00:00:00Z`) + DAY_MS).toISOString() };
  return body;
}

function told(api, name, body) {
  return part(async () => {
    const begun = await api.post(path`/journeys/${name}/simulations`, body);
    const found = await ended(begun, () => api.get(path`/journeys/${name}/simulations/${begun.id}`));
    return found ? answered(name, found) : empty("It is still being worked out.", "Simulate the same again in some minutes: the answer is kept.");
  }, { label: "Simulating" });
}

/** The answer, once it is there; nothing, where that takes too long. */
export async function ended(first, look, pause = (ms) => new Promise((done) => setTimeout(done, ms))) {
  let found = first;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    if (found.state === "done" || found.state === "failed") return found;
    await pause(AGAIN_MS);
    found = await look();
  }
  return null;
}

/** What `/journeys/{name}/simulations/{id}` answers. */
export function answered(name, found) {
  if (found.state === "failed") {
    return h("div", { class: "failed", role: "alert" }, h("p", null, h("strong", null, "There is no answer.")), h("p", null, found.message));
  }
  const { report } = found;
  return h(
    "div",
    { class: "stack" },
    tiles(
      { label: "People", value: number(report.people), note: `did ${number(report.events)} things` },
      { label: "Entered", value: number(report.entered), note: `walks of ${people(report.people_who_entered)}` },
      { label: "Messages sent", value: number(report.sent.reduce((sum, [, , times]) => sum + times, 0)) },
      { label: "Still under way", value: number(report.under_way) },
      ...(report.cost_usd ? [{ label: "Costs, US dollars", value: dollars(report.cost_usd.walking + report.cost_usd.mails) }] : []),
    ),
    section(
      "Which ways they took",
      "Each way with how many took it; each node with who is still there at the end, and whom a rule took out.",
      h("div", { class: "scroll picture centred", role: "region", "aria-label": "Picture of the simulation", tabindex: "0" }, drawn(name, counted(report.dot))),
    ),
    report.expected.length ? expected(report.expected) : null,
    section("Messages a day", null, byDay(report.sent_by_day)),
    Object.keys(report.exits).length
      ? section("How people left", null, bars("How people left", Object.entries(report.exits).map(([code, value]) => ({ label: plain(left(code)), value }))))
      : null,
    folded("Everything that was counted", everything(report)),
  );
}

/** A cent's parts matter where few people were made up. */
const dollars = (value) => (value >= 1 ? money(value) : String(exact(value)));
const exact = (value) => Number(value.toPrecision(4));

/** The picture's text with how many told apart from what a node or a way is called. */
const counted = (dot) => dot.replaceAll("\\n", ", ").replaceAll(/([^"])\u2002/g, "$1: ").replaceAll("\u2002", "");

function expected(figures) {
  const rows = figures.map((one) => [plain(one.name), ...[one.mean, one.low, one.high].map((value) => number(exact(value)))]);
  return section("What to expect", "Other draws of the same chances. That the rates themselves are assumed is not in it.", table("The mean of all runs, and between what it lies in nine of ten", ["What", "#Mean", "#At least", "#At most"], rows));
}

function byDay(rows) {
  if (!rows.length) return empty("Nothing is sent.", "Look at who enters, at permissions and at contact pressure below.");
  const days = rows.map(([day]) => Date.parse(day));
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const points = [];
  for (let at = first; at <= last; at += DAY_MS) {
    const value = rows.filter((row, i) => days[i] === at).reduce((sum, [, , times]) => sum + times, 0);
    points.push({ label: shortDay(at), value });
  }
  return columns("Messages a day", points, "messages");
}

function everything(report) {
  const rows = [
    ...Object.entries(report.refused).map(([why, times]) => ["Refused", plain(why), "", times]),
    ...report.sent.map(([template, channel, times]) => ["Sent", plain(template), channel, times]),
    ...report.skipped.map(([template, why, times]) => ["Not sent", plain(template), plain(why), times]),
    ...report.pressure.waited.map(([why, rule, channel, times]) => ["Waited for contact pressure", `${plain(why)} ${rule}`, channel, times]),
    ...report.pressure.dropped.map(([why, rule, channel, times]) => ["Dropped by contact pressure", `${plain(why)} ${rule}`, channel, times]),
    ...report.asked_for.map(([what, which, times]) => ["Asked for", plain(what), which, times]),
    ...Object.entries(report.responses).map(([what, times]) => ["People did", what, "", times]),
  ];
  return table("What was counted", ["What", "Which", "How", "#Times"], rows.map(([what, which, how, times]) => [what, which, how || "–", number(times)]));
}

// What needs everybody's past: satisfaction, what service is worth, loyal customers. Counted aside, so it may take a while.

import { path } from "./api.mjs";
import { chip, empty, failed, folded, page, section, table, tabs, tiles } from "./blocks.mjs";
import { columns, intervals, spans } from "./charts.mjs";
import { h, mount, part } from "./dom.mjs";
import { download } from "./reports.mjs";
import { counted, day, length, moment, money, number, percent } from "./words.mjs";

const AGAIN_MS = 3_000;
const MOST_TRIES = 60;

const VIEWS = {
  nps: { title: "Satisfaction", fields: [["survey", "Survey, if just one", "text", ""], ["event", "Event of an answer", "text", "Survey Answered"]], shown: satisfaction },
  service: {
    title: "Service contacts",
    fields: [
      ["contact", "Events of contacts, with commas", "text", "Call Received"],
      ["self_service", "Events of helping oneself", "text", "Question Answered"],
      ["within", "Days without contact", "number", "7"],
      ["minutes", "Minutes a contact takes", "number", "10"],
      ["cost", "What a contact costs", "number", "0"],
    ],
    shown: service,
  },
  loyal: {
    title: "Loyal and new",
    fields: [["orders", "Orders of the loyal", "number", "3"], ["period", "Days looked at", "number", "180"], ["at", "As of, if not so long ago", "date", ""]],
    shown: loyalty,
  },
};
const OURS = ["minutes", "cost"]; // worked out here: the API counts contacts

export function show({ api }, kind = "nps") {
  const known = Object.hasOwn(VIEWS, kind) ? kind : "nps";
  const { title, fields } = VIEWS[known];
  const asked = Object.fromEntries(fields.map(([name, , , value]) => [name, value]));
  const onsubmit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    document.getElementById("figure").replaceChildren(mount(told(api, known, given), failed));
  };
  const field = ([name, label, type, value]) =>
    h("p", null, h("label", { for: name }, label), h("input", { id: name, name, type, value, step: type === "number" ? "any" : false, min: type === "number" ? "0" : false }));
  return page(
    "Figures",
    "What everybody's past says: counted over all events there ever were.",
    tabs("Figures", Object.entries(VIEWS).map(([name, view]) => [`#/figures/${name}`, view.title]), `#/figures/${known}`),
    h("form", { class: "choice", onsubmit, "aria-label": title }, fields.map(field), h("button", null, "Count")),
    h("div", { id: "figure", "aria-live": "polite" }, told(api, known, asked)),
  );
}

function told(api, kind, given) {
  const query = Object.fromEntries(Object.entries(given).filter(([name, value]) => !OURS.includes(name) && value.trim() !== ""));
  return part(async () => {
    const found = await settled(() => api.get(path`/reports/${kind}`, query));
    if (!found) return empty("It is still being counted.", "Come back in some minutes: the answer is kept.");
    const save = () => download(api, kind, query);
    const head = h("p", { class: "state" }, `As of ${moment(found.as_of)}.`, h("button", { type: "button", class: "plain", onclick: save }, "Download as CSV"));
    return h("div", { class: "stack" }, head, VIEWS[kind].shown(found, given));
  }, { label: "Counting" });
}

/** The first answer that was counted; nothing, where that takes too long. */
export async function settled(ask, pause = (ms) => new Promise((done) => setTimeout(done, ms))) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const found = await ask();
    if (found.as_of) return found;
    await pause(AGAIN_MS);
  }
  return null;
}

function score(value) {
  if (value === null) return "–";
  const points = Math.round(value);
  return `${points > 0 ? "+" : points < 0 ? "−" : ""}${Math.abs(points)}`;
}

/** What `/reports/nps` answers. */
export function satisfaction({ rows, totals }) {
  if (!totals.answers) return empty("Nobody has answered yet.", "A journey asks with a node of type survey; answers are the event Survey Answered with a score of 0 to 10.");
  return h(
    "div",
    { class: "stack" },
    tiles(
      { label: "Net promoter score", value: score(totals.nps), note: "of −100 to +100" },
      { label: "Answers", value: number(totals.answers) },
      { label: "Promoters, 9 and 10", value: number(totals.promoters) },
      { label: "Detractors, 0 to 6", value: number(totals.detractors) },
    ),
    section("By month", "The score, and the range in which it lies with a certainty of 95 %.", spans("Net promoter score by month", rows.map((row) => ({ label: row.month, value: row.nps, low: row.low ?? row.nps, high: row.high ?? row.nps, text: score(row.nps) })), -100, 100)),
    table("Satisfaction by month", ["Month", "#Answers", "#Promoters", "#Passives", "#Detractors", "#Score", "#95 % range"], rows.map((row) => [row.month, number(row.answers), number(row.promoters), number(row.passives), number(row.detractors), score(row.nps), row.low === null ? "–" : `${score(row.low)} to ${score(row.high)}`])),
  );
}

/** What `/reports/service` answers; `minutes` and `cost` are those of a contact. */
export function service({ rows, totals, asked }, { minutes = "10", cost = "0" } = {}) {
  if (!rows.length) return empty("Nobody was helped or helped themselves yet.", "Name the events of your own: those that somebody was needed for, and those of people who helped themselves.");
  const worth = Number(cost);
  const hours = (row) => (row.avoided * Number(minutes)) / 60;
  return h(
    "div",
    { class: "stack" },
    tiles(
      { label: "Contacts", value: number(totals.contacts) },
      { label: "Contacts avoided", value: number(totals.avoided), note: totals.avoided_share === null ? "" : `${percent(totals.avoided_share)} of all that would have been` },
      { label: "Hours saved", value: hours(totals).toFixed(1), note: `at ${minutes} minutes each` },
      ...(worth ? [{ label: "Money saved", value: money(totals.avoided * worth), note: `at ${money(worth)} each` }] : []),
    ),
    section("Contacts avoided", `People who helped themselves and needed nobody within ${length(`P${asked.within}D`)}.`, columns("Contacts avoided", rows.map((row) => ({ label: row.month, value: row.avoided })), "contacts")),
    table("Service by month", ["Month", "#Contacts", "#Helped themselves", "#Avoided", "#Hours saved", ...(worth ? ["#Money saved"] : [])], rows.map((row) => [row.month, number(row.contacts), number(row.self_served), number(row.avoided), hours(row).toFixed(1), ...(worth ? [money(row.avoided * worth)] : [])])),
  );
}

/** What `/reports/loyal` answers. */
export function loyalty({ rows, totals, asked }) {
  const [loyal, fresh] = rows;
  if (!loyal.people && !fresh.people) return empty("Nobody was a customer by then.", "Choose a later day, or a shorter period.");
  const name = (row) => (row.customers === "loyal" ? "Loyal" : "New");
  const shares = (what) => rows.filter((row) => row.people).map((row) => ({ label: name(row), ...row[what], of: row.people }));
  const chance = totals.churn_p;
  return h(
    "div",
    { class: "stack" },
    tiles(
      { label: "A loyal basket", value: money(loyal.basket), note: totals.basket_times === null ? "" : `${totals.basket_times.toFixed(1)} times a new one` },
      { label: "A new basket", value: money(fresh.basket) },
      { label: "Loyal customers", value: number(loyal.people), note: `${asked.orders} orders or more` },
      { label: "New customers", value: number(fresh.people), note: "fewer orders" },
    ),
    h("p", { class: "state" }, `Customers of ${day(asked.at)}, in the ${counted(asked.period, "day")} after.`),
    h(
      "div",
      { class: "columns-2" },
      section("Who left", chance === null ? "Without an order in these days." : [chip(chance <= 0.05 ? "good" : "quiet", chance <= 0.05 ? "More than chance" : "May be chance"), ` A difference this large comes by chance in ${chance < 0.001 ? "less than 0.1 %" : percent(chance)} of such cases.`], intervals("Who left, of loyal and new customers", shares("churned"))),
      section("Who brought somebody", "Referrals in these days.", intervals("Who referred somebody, of loyal and new customers", shares("referred"))),
    ),
    table("Loyal customers against new ones", ["Customers", "#People", "#Orders", "#Revenue", "#Basket", "#Orders each", "#Left", "#Referred"], rows.map((row) => [name(row), number(row.people), number(row.orders), money(row.revenue), money(row.basket), row.frequency.toFixed(2), percent(row.churned.rate), percent(row.referred.rate)])),
    folded("What the figures mean", h("p", null, "Everybody who had ordered by that day is in exactly one group. Who had no order by then is no customer yet.")),
  );
}

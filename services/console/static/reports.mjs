// Reports over a period: what came of messages by channel, journey, template and more, with how sure each rate is.

import { path } from "./api.mjs";
import { chip, empty, folded, link, page, section, table, tiles } from "./blocks.mjs";
import { bars, columns, intervals } from "./charts.mjs";
import { h, part } from "./dom.mjs";
import { day, money, number, percent, plain, reason, shortDay } from "./words.mjs";

const KINDS = {
  days: ["Day by day", ["day"]],
  channels: ["Channels", ["channel"]],
  journeys: ["Journeys", ["journey"]],
  nodes: ["Nodes of journeys", ["journey", "node"]],
  variants: ["Variants", ["journey", "variant"]],
  campaigns: ["Campaigns", ["campaign"]],
  templates: ["Templates", ["template"]],
  objectives: ["Objectives", ["objective"]],
  angles: ["Angles", ["angle"]],
  mailboxes: ["Mailbox providers", ["mailbox"]],
  "channel-mix": ["Channels for each objective", ["objective", "channel"]],
};
const OWN = "channel"; // a channel's own report has its name where others have their first day
const RATES = ["delivered", "opened", "clicked", "converted", "bounced", "unsubscribed", "complained"];
const DAY_MS = 86_400_000;
const CHARTED = 12; // lines a chart shows, the largest ones; the table has all
const NAMELESS = { journey: "No journey", channel: "No channel chosen", node: "No node", variant: "No variant", mailbox: "Unknown" };

export function show({ api, go }, kind = "days", from = "", to = "") {
  if (kind === OWN) return channel(api, from);
  const known = Object.hasOwn(KINDS, kind) ? kind : "days";
  const query = { from, to };
  return page(
    "Reports",
    "What happened to messages in a period.",
    choice(known, from, to, go),
    part(async () => report(await api.get(path`/reports/${known}`, query), () => download(api, known, query)), { label: "Counting" }),
  );
}

function choice(kind, from, to, go) {
  const onsubmit = (event) => {
    event.preventDefault();
    const asked = new FormData(event.target);
    const period = asked.get("from") && asked.get("to") ? path`/${asked.get("from")}/${asked.get("to")}` : "";
    go(path`#/reports/${asked.get("kind")}` + period);
  };
  const dated = (name, label, value) => h("p", null, h("label", { for: name }, label), h("input", { id: name, name, type: "date", value }));
  const option = ([value, [label]]) => h("option", { value, selected: value === kind }, label);
  return h(
    "form",
    { class: "choice", onsubmit },
    h("p", null, h("label", { for: "kind" }, "By"), h("select", { id: "kind", name: "kind" }, Object.entries(KINDS).map(option))),
    dated("from", "First day", from),
    dated("to", "Last day", to),
    h("button", null, "Show"),
    h("p", { class: "hint" }, "Without days: the last thirty."),
  );
}

/** Hands a report over as a file for spreadsheets. */
export async function download(api, kind, query) {
  const url = URL.createObjectURL(new Blob([await api.text(path`/reports/${kind}`, { ...query, format: "csv" })], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: `${kind}.csv` });
  link.click();
  URL.revokeObjectURL(url);
}

/** A channel's own report: what `/reports/channels/{channel}` answers, over the last thirty days. */
function channel(api, name) {
  return page(
    plain(name),
    "What came of messages by this channel in the last thirty days.",
    part(async () => own(await api.get(path`/reports/channels/${name}`)), { label: "Counting" }),
  );
}

/** The same as blocks. */
export function own({ from, to, currency, totals, days, templates, mailboxes }) {
  const parts = [["Templates", "template", templates], ["Mailbox providers", "mailbox", mailboxes]].filter(([, , rows]) => rows.length);
  return h(
    "div",
    { class: "stack" },
    h("p", { class: "state" }, `${day(from)} to ${day(to)}.`),
    figures(totals, currency),
    h("div", { class: "columns-2" }, charts("days", days, from, to), heldBack(totals.skipped_by_reason)),
    parts.map(([title, about, rows]) => section(title, null, listed(title, plain(about), rows.map((row) => ({ ...row, label: nameOf(about, row[about]) })), currency))),
  );
}

/** What `/reports/{kind}` answers; `save` hands it over as a file. */
export function report({ kind, from, to, currency, rows, totals, suggested, next }, save) {
  const period = `${day(from)} to ${day(to)}`;
  if (!totals.requested && !totals.sent && !rows.length) return empty(`Nothing was asked for from ${period}.`, "Choose other days, or look at the overview, which counts everything.");
  const [title, about] = KINDS[kind];
  const named = rows.map((row) => ({ ...row, label: about.map((name) => nameOf(name, row[name])).join(", "), href: kind === "channels" && row.channel ? path`#/reports/channel/${row.channel}` : "" }));
  return h(
    "div",
    { class: "stack" },
    h("p", { class: "state" }, `${title}, ${period}.`, h("button", { type: "button", class: "plain", onclick: save }, "Download as CSV")),
    figures(totals, currency),
    h("div", { class: "columns-2" }, charts(kind, named, from, to), heldBack(totals.skipped_by_reason), kind === "days" ? null : rated(named)),
    suggested ? advice(suggested, currency) : null,
    section(`${title} in figures`, next ? "The first lines; the file has all." : null, listed(title, about.map(plain).join(", "), named, currency)),
  );
}

function nameOf(kind, value) {
  if (kind === "day") return day(value);
  return value ? plain(value) : (NAMELESS[kind] ?? "None");
}

function figures(totals, currency) {
  const rate = (name, of) => {
    const found = totals.rates[name];
    return { label: plain(name), value: number(totals[name]), note: found ? `${percent(found.rate)} of ${of}` : "" };
  };
  const earned = totals.revenue[currency] ?? 0;
  return tiles(
    { label: "Sent", value: number(totals.sent), note: `of ${number(totals.requested)} asked for` },
    rate("delivered", "sent"),
    rate("opened", "delivered"),
    rate("clicked", "delivered"),
    rate("converted", "sent"),
    { label: `Revenue, ${currency}`, value: money(earned), note: `for ${money(totals.cost)} of sending` },
  );
}

function charts(kind, rows, from, to) {
  if (kind === "days") {
    return section("Sent, day by day", null, columns("Messages sent", everyDay(rows, from, to), "messages"));
  }
  const most = largest(rows, "sent");
  return section("Sent", null, most.length ? bars("Messages sent", most.map((row) => ({ label: row.label, value: row.sent }))) : empty("Nothing was sent."));
}

/** Points for all days from the first to the last, those too on which nothing happened. */
export function everyDay(rows, from, to) {
  const sent = new Map(rows.map((row) => [row.day, row.sent]));
  const points = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) {
    const name = new Date(at).toISOString().slice(0, 10);
    points.push({ label: shortDay(name), value: sent.get(name) ?? 0 });
  }
  return points;
}

const largest = (rows, name) => rows.filter((row) => row[name]).sort((one, other) => other[name] - one[name]).slice(0, CHARTED);

function rated(rows) {
  return ["clicked", "converted"].map((name) => {
    const shown = largest(rows, "sent").filter((row) => row.rates[name]);
    const lines = shown.map((row) => ({ label: row.label, ...row.rates[name] }));
    return section(plain(name), "The rate, and the range in which it lies with a certainty of 95 %.", lines.length ? intervals(`${plain(name)}, with intervals`, lines) : empty("Nothing to tell yet."));
  });
}

function heldBack(reasons) {
  const rows = Object.entries(reasons).map(([code, value]) => ({ label: reason(code), value }));
  const shown = rows.sort((one, other) => other.value - one.value);
  return section("Held back, and why", null, rows.length ? bars("Messages held back by reason", shown, { tone: "held" }) : h("p", null, chip("good", "Nothing was held back")));
}

function advice(suggested, currency) {
  const rows = Object.entries(suggested).flatMap(([objective, channels]) =>
    channels.map((one) => [nameOf("objective", objective), plain(one.channel), money(one.profit_per_message), one.enough ? chip("good", "Enough messages to tell") : chip("quiet", "Too few to tell")]),
  );
  return rows.length ? section("What a message brings over its cost", "The best channel of each objective first.", table("What a message brings over its cost", ["Objective", "Channel", `#${currency} a message`, "How sure"], rows)) : null;
}

function listed(title, about, rows, currency) {
  const heads = [about, "#Asked for", "#Sent", ...RATES.map((name) => `#${plain(name)}`), `#Revenue, ${currency}`, `#Cost, ${currency}`];
  const cells = (row) => [row.href ? link(row.label, row.href) : row.label, number(row.requested), number(row.sent), ...RATES.map((name) => counted(row, name)), money(row.revenue[currency] ?? 0), money(row.cost)];
  return [table(title, heads, rows.map(cells)), folded("What the figures mean", meanings())];
}

function counted(row, name) {
  const rate = row.rates[name];
  return [number(row[name]), rate && row[name] ? h("small", null, ` ${percent(rate.rate)}`) : null];
}

function meanings() {
  return h(
    "ul",
    null,
    h("li", null, "Every figure is of what happened on these days: what was sent before may be opened in them. Each message counts once."),
    h("li", null, "Delivered, bounced and converted are shares of what was sent; all others of what was delivered."),
    h("li", null, "What machines opened or clicked is left out."),
  );
}

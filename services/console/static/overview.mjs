// The report: what went out, what became of it, what was held back and why, and what journeys brought about.

import { path } from "./api.mjs";
import { chip, empty, folded, link, page, section, table, tiles } from "./blocks.mjs";
import { bars, funnel } from "./charts.mjs";
import { h, part } from "./dom.mjs";
import { left, number, percent, plain, reason, share } from "./words.mjs";

const MEASURES = ["requested", "sent", "delivered", "opened", "clicked", "unsubscribed", "complained", "skipped", "failed"];

export function show({ api }) {
  return page(
    "Overview",
    "What went out, what became of it, and what journeys brought about.",
    part(async () => messages(await api.get("/reports/summary")), { label: "Counting messages" }),
    part(async () => journeys((await api.get("/journeys/report", { by: "journey" })).rows), { label: "Counting journeys" }),
  );
}

/** The report on messages, of what `/reports/summary` answers. */
export function messages({ totals, skipped_by_reason: skipped, by_template: templates, by_channel: channels }) {
  const of = (name) => totals[name] ?? 0;
  if (!of("requested")) {
    return empty("No message has been asked for yet.", "Publish a journey with a send node; its first messages show up here within seconds.");
  }
  const bounced = of("bounced") + of("hard_bounced") + of("soft_bounced");
  const steps = [["sent", "Sent"], ["delivered", "Delivered"], ["opened", "Opened"], ["clicked", "Clicked"]];
  return h(
    "div",
    { class: "stack" },
    tiles(
      { label: "Requested", value: number(of("requested")) },
      { label: "Sent", value: number(of("sent")), note: `${share(of("sent"), of("requested"))} of requested` },
      { label: "Delivered", value: number(of("delivered")), note: `${share(of("delivered"), of("sent"))} of sent` },
      { label: "Clicked", value: number(of("clicked")), note: `${share(of("clicked"), of("delivered"))} of delivered` },
      { label: "Bounced", value: number(bounced), note: `${share(bounced, of("sent"))} of sent` },
      { label: "Complained", value: number(of("complained")), note: `${share(of("complained"), of("delivered"))} of delivered` },
    ),
    h(
      "div",
      { class: "columns-2" },
      section("From sent to clicked", "Each message counts once, however often it was opened.", funnel("From sent to clicked", steps.map(([name, label]) => ({ label, value: of(name) })))),
      section("Held back, and why", "Messages that were asked for and did not go out.", heldBack(skipped)),
      section("By template", "Messages sent.", ranked("Messages sent by template", templates)),
      section("By channel", "Messages sent.", ranked("Messages sent by channel", channels)),
    ),
    folded("All figures as a table", table("Messages by template", ["Template", ...MEASURES.map((name) => `#${plain(name)}`)], figures(templates))),
  );
}

const figures = (rows) =>
  Object.entries(rows).map(([name, counts]) => [plain(name), ...MEASURES.map((measure) => number(counts[measure] ?? 0))]);

function ranked(title, rows) {
  const found = Object.entries(rows).map(([name, counts]) => ({ label: plain(name), value: counts.sent ?? 0 }));
  const shown = found.filter((row) => row.value).sort((one, other) => other.value - one.value);
  return shown.length ? bars(title, shown) : empty("Nothing was sent yet.");
}

function heldBack(reasons) {
  const rows = Object.entries(reasons).map(([code, value]) => ({ label: reason(code), value }));
  if (!rows.length) return h("p", null, chip("good", "Nothing was held back"));
  return bars("Messages held back by reason", rows.sort((one, other) => other.value - one.value), { tone: "held" });
}

/** The report on journeys, of the rows of `/journeys/report`. */
export function journeys(rows) {
  if (!rows.length) return section("Journeys", null, empty("No journey is published yet.", "Publish one with `halte apply`, or with PUT /journeys/{name}."));
  return section(
    "Journeys",
    "Everybody who ever entered: where they are now, and whether they reached the goal.",
    table(
      "Journeys and what came of them",
      ["Journey", "Judged by", "#Entered", "#In it now", "#Reached the goal", "#Of all", "Left"],
      rows.map((row) => [
        link(row.title || row.name, path`#/journeys/${row.name}`),
        row.kpi_title ?? plain(row.kpi ?? ""),
        number(row.entered),
        number(row.active),
        number(row.reached),
        percent(row.reached_rate),
        ways(row.left),
      ]),
    ),
  );
}

const ways = (counts) =>
  Object.entries(counts).map(([code, count]) => `${number(count)} ${left(code)}`).join(", ") || "–";

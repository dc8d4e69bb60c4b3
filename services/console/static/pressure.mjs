// Contact pressure: what is allowed in words, what it held back, and what is stopped.

import { path } from "./api.mjs";
import { chip, empty, facts, folded, page, section, table } from "./blocks.mjs";
import { bars } from "./charts.mjs";
import { h, part } from "./dom.mjs";
import { counted, day, length, moment, number, percent, plain, reason } from "./words.mjs";

const HELD = ["frequency_cap", "weekly_limit", "minimum_gap", "outranked", "arbitration", "closed_hours", "quiet_hours", "holiday", "send_time", "pace", "brake", "canary", "guard", "circuit", "paused", "moment_over", "expired"];
const BY = "days"; // of whichever report, the totals are wanted
const DAYS = { mon: "Monday", tue: "Tuesday", wed: "Wednesday", thu: "Thursday", fri: "Friday", sat: "Saturday", sun: "Sunday" };

export function show({ api }) {
  return page(
    "Pressure",
    "How often, when and how fast people are written to. Service messages always go.",
    part(async () => {
      const [{ pauses }, { totals, from, to }, found, ever] = await Promise.all([api.get("/pressure/pauses"), api.get(path`/reports/${BY}`), api.get("/pressure"), api.get("/reports/summary")]);
      return h("div", { class: "stack" }, stopped(pauses), waiting(ever.totals.pending ?? 0), heldBack(totals.skipped_by_reason, from, to), policy(found));
    }, { label: "Loading the policy" }),
  );
}

/** Journeys, channels and providers that are stopped. */
export function stopped(pauses) {
  if (!pauses.length) return h("p", null, chip("good", "Nothing is stopped"));
  return section("Stopped", "Goes on by itself where a provider is the reason; everything else when somebody lets it: POST /pressure/pauses/{name}/resume.", table(counted(pauses.length, "stop"), ["What", "Why", "Since"], pauses.map((one) => [one.name.split(":").map(plain).join(", "), plain(one.reason), moment(one.since)])));
}

/** Messages that are neither sent nor given up. */
export const waiting = (count) =>
  h("p", null, count ? chip("waiting", `${counted(count, "message")} ${count === 1 ? "waits" : "wait"}`) : chip("good", "No message waits"), count ? " for its hour, for room, or for a provider." : "");

/** Messages of some days that the policy kept from somebody, by reason. */
export function heldBack(reasons, from, to) {
  const rows = Object.entries(reasons).filter(([code]) => HELD.includes(code)).map(([code, value]) => ({ label: reason(code), value })).sort((one, other) => other.value - one.value);
  return section("Held back by it", `Messages that did not go out, ${day(from)} to ${day(to)}. What only waited is not among them.`, rows.length ? bars("Messages held back by pressure", rows, { tone: "held" }) : h("p", null, chip("good", "Nothing was held back")));
}

/** The policy in words. */
export function policy({ version, policy: said }) {
  const { caps, minimum_gap: gap, arbitration, hours, send_time: reading, pace, brake, guard } = said;
  const none = (text) => (/^P(T?0\w)?$/.test(text) ? "" : length(text));
  return section(
    "The policy",
    version ? `Version ${number(version)}.` : "Nobody has given one: this holds until somebody does, with PUT /pressure.",
    h("h3", null, "How often"),
    caps.length ? h("ul", null, caps.map((cap) => h("li", null, capped(cap)))) : h("p", null, "As often as journeys ask."),
    facts([
      ["Between two messages", none(gap)],
      ["Several at once", none(arbitration.window) && `the more important goes, asked for within ${length(arbitration.window)}; the other ${arbitration.loser === "wait" ? "waits" : "is dropped"}`],
      ["The hour they read", reading ? `waited for, ${length(reading.at_most)} at most` : ""],
      ["Pace", Object.entries(pace).map(([channel, one]) => `${plain(channel)} ${one.per_second ? `${one.per_second} a second` : "as the provider allows"}`).join(", ")],
    ]),
    h("h3", null, "When"),
    opening(hours),
    h("h3", null, "When it stops by itself"),
    facts([
      ["A journey's messages", brake ? `over ${percent(brake.bounced)} bounced or ${fine(brake.complained)} complained; the first ${number(brake.canary)} go alone for ${length(brake.settle)}` : "never"],
      ["A channel", guard ? `over ${percent(guard.bounced)} bounced, ${fine(guard.complained)} complained or ${percent(guard.inactive)} to people who show nothing` : "never"],
    ]),
    folded("The document", h("pre", { tabindex: "0" }, JSON.stringify(said, null, 2))),
  );
}

const fine = (share) => `${+(share * 100).toFixed(3)} %`;

function capped({ count, within, channel, class: kind, purpose, counts, then }) {
  const about = [kind && plain(kind).toLowerCase(), channel && `by ${plain(channel).toLowerCase()}`, purpose && `about ${plain(purpose).toLowerCase()}`].filter(Boolean).join(" ");
  return `At most ${counted(count, "message")}${about ? ` ${about}` : ""} in any ${length(within).replace(/^1 /, "")}${counts === "all" ? ", service messages counted" : ""}; one too many ${then === "hold" ? "waits" : "is dropped"}.`;
}

function opening({ countries, otherwise }) {
  const rows = Object.entries(countries).map(([name, one]) => [name, daily(one.days), one.closed_on_holidays ? "closed" : "open"]);
  const rest = [rows.length ? "Elsewhere" : "Everywhere", daily(otherwise.days), "open"];
  return table("Hours for messages, by the receiver's clock", ["Country", "Open", "Holidays"], [...rows, rest]);
}

const daily = (days) => Object.entries(days).map(([name, hours]) => `${DAYS[name]} ${hours}`).join(", ") || "at any hour";

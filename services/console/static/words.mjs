// Figures, times and codes in words; pure.

const NUMBER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const MONEY = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const SHORT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC",
});

/** 1,234; a dash where there is none. */
export const number = (value) => (value === null || value === undefined ? "–" : NUMBER.format(value));

/** 1.2K, for the ends of axes. */
export const compact = (value) => COMPACT.format(value);

/** 12.50 */
export const money = (value) => (value === null || value === undefined ? "–" : MONEY.format(value));

/** A share of 0 to 1 as 12.3 %; a dash where nothing was counted. */
export function percent(share) {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  const points = share * 100;
  return `${points.toFixed(points !== 0 && points < 10 ? 1 : 0)} %`;
}

/** The share that `part` is of `whole`, as percent() has it. */
export const share = (part, whole) => (whole ? percent((part ?? 0) / whole) : "–");

/** An instant as 10 Jan 2026; a dash where there is none. */
export const day = (instant) => (instant ? DAY.format(new Date(instant)) : "–");

/** An instant as 10 Jan. */
export const shortDay = (instant) => SHORT.format(new Date(instant));

/** An instant as 10 Jan 2026, 12:00 UTC. */
export const moment = (instant) => (instant ? `${MOMENT.format(new Date(instant))} UTC` : "–");

const LENGTH = /^P(?:(\d+)([YMWD]))?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const UNITS = { Y: "year", M: "month", W: "week", D: "day" };
const OWN = { email: "E-mail", sms: "SMS", userId: "User id", phone: "Phone" };

/** A length of time of ISO 8601 such as `P30D` in words; anything else as it is. */
export function length(text) {
  const [all, count, unit, hours, minutes, seconds] = LENGTH.exec(text) ?? [];
  if (!all || text.length < 3) return text;
  const parts = [[count, UNITS[unit]], [hours, "hour"], [minutes, "minute"], [seconds, "second"]];
  return parts.filter(([value]) => value).map(([value, name]) => counted(Number(value), name)).join(" ");
}

/** A code such as `first_order`, `firstName` or `Order Completed` as people read it. */
export function plain(code) {
  if (Object.hasOwn(OWN, code)) return OWN[code];
  const text = String(code).replaceAll(/[_-]+/g, " ").replaceAll(/([a-z])([A-Z])/g, (_, one, next) => `${one} ${next.toLowerCase()}`).trim();
  return text ? text[0].toUpperCase() + text.slice(1) : "–";
}

/** "1 person", "2 people". */
export const people = (count) => `${number(count)} ${count === 1 ? "person" : "people"}`;

/** "1 message", "2 messages". */
export const counted = (count, thing) => `${number(count)} ${thing}${count === 1 ? "" : "s"}`;

const TONES = { sent: "good", observed: "good", skipped: "quiet", failed: "bad", unknown: "bad" };

/** The tone of what became of a message; what is under way waits. */
export const toneOf = (status) => TONES[status] ?? "waiting";

const REASONS = {
  no_consent: "There is no permission for this purpose on this channel.",
  suppressed: "The address bounced or complained before, so nothing goes there.",
  no_contact: "No address of this person is known.",
  no_channel: "No address is known for any of its channels.",
  unknown_template: "There is no such template.",
  frequency_cap: "The person had as many messages as the limit allows.",
  weekly_limit: "The person wants no more this week.",
  minimum_gap: "The last message was too short ago.",
  arbitration: "Something more important goes first.",
  outranked: "Something more important went instead.",
  closed_hours: "It was outside the hours for messages.",
  holiday: "It was a holiday.",
  brake: "Too much of its journey bounced or was complained about.",
  canary: "How the first messages fared was awaited.",
  guard: "The channel's reputation was in danger.",
  circuit: "The provider took nothing.",
  moment_over: "Its moment was over.",
  quiet_hours: "It came in the person's quiet hours.",
  paused: "The person asked for a pause.",
  expired: "Its time had passed before it could go out.",
  erased: "The person has been forgotten.",
};

/** Why a message was held back, as a sentence. */
export const reason = (code) => REASONS[code] ?? `${plain(code)}.`;

const LEDGER = {
  requested: "asked for permission; it has to be confirmed",
  mailed: "the request to confirm went out",
  granted: "permission was given",
  revoked: "permission was taken back",
  expired: "permission ran out",
};

/** What an entry of the consent ledger says happened. */
export const happened = (kind) => LEDGER[kind] ?? plain(kind).toLowerCase();

const LEFT = {
  completed: "came to the end",
  goal: "reached the goal",
  stopped: "journey was stopped",
};

/** Why somebody left a journey. */
export const left = (code) => LEFT[code] ?? plain(code).toLowerCase();

const SIGNS = {
  gte: "≥", lte: "≤", gt: ">", lt: "<", eq: "=", ne: "≠", in: "is one of", not_in: "is none of",
  contains: "contains", older_than: "longer ago than", within: "within",
};
const TOGETHER = { all: "All of these hold", any: "Any of these holds", none: "None of these holds" };

/** A clause of a condition in short: `orders ≥ 1`. */
export function clause(value) {
  if (typeof value === "string") return TOGETHER[value] ?? value;
  const words = Object.entries(value ?? {}).map(([key, one]) => {
    if (key in SIGNS) return `${SIGNS[key]} ${said(one)}`;
    if (key === "exists") return one ? "is known" : "is not known";
    if (key === "static") return "is on the list";
    if (key in TOGETHER) return `${TOGETHER[key].toLowerCase()}: ${[one].flat().map(clause).join("; ")}`;
    return key === "fact" ? plain(one) : `${plain(key).toLowerCase()} ${said(one)}`;
  });
  return words.join(" ") || "always";
}

/** Any value in a line. */
export function said(value) {
  if (value === null || value === undefined || value === "") return "nothing";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (typeof value === "number") return Number.isInteger(value) ? number(value) : String(Math.round(value * 1e4) / 1e4);
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? moment(value) : length(value);
  if (Array.isArray(value)) return value.map(said).join(", ") || "nothing";
  return Object.entries(value).map(([name, one]) => `${name}: ${said(one)}`).join(", ") || "nothing";
}

// Why messages were sent or not: each decision with what was asked and answered on the way.

import { path } from "./api.mjs";
import { chip, empty, facts, folded, more, page, section } from "./blocks.mjs";
import { h, part } from "./dom.mjs";
import { moment, plain, toneOf } from "./words.mjs";

const OUTCOMES = /^first_([a-z_]+)_at$/;

const PAGE = 50;

/** A person's decisions, the newest first; older ones come with a button. */
export function decided(api, id, start = "") {
  return part(async () => {
    const { decisions, cursor } = await decisionsOf(api, id, start);
    if (!decisions.length && !start) return empty("No message to this person was ever asked for.");
    return h("div", { class: "stack" }, decisions.map(decision), cursor ? more("Show older messages", () => decided(api, id, cursor)) : null);
  }, { label: "Loading messages" });
}

/** A page of a person's decision records. */
export const decisionsOf = (api, id, cursor = "") => api.get("/decisions", { profile: id, limit: PAGE, cursor });

/** A page of one message by its send id. */
export async function one({ api }, id) {
  return page("Message", "What was decided, and what became of it.", decision(await api.get(path`/messages/${id}`)));
}

/** One decision record in words: those of the API, beside what its gates answered. */
export function decision(record) {
  const outcomes = Object.entries(record).flatMap(([key, at]) => (OUTCOMES.test(key) ? [[OUTCOMES.exec(key)[1], at]] : []));
  const { gates = [], why } = record;
  return section(
    plain(record.template),
    `${(record.channel ? [record.channel] : record.channels).map(plain).join(", ")}, asked for ${moment(record.requested_at)}${record.journey ? ` by the journey ${plain(record.journey)}` : ""}`,
    h("p", null, chip(toneOf(record.status), plain(record.status)), " ", why.summary),
    outcomes.length ? h("ul", { class: "chips" }, outcomes.map(([name, at]) => h("li", null, chip(heard(name), `${plain(name)} ${moment(at)}`)))) : null,
    gates.length ? h("ol", { class: "gates" }, gates.map((gate, i) => answered(gate, why.gates[i]))) : null,
    folded("Record", facts([["Send", h("code", null, record.send_id)], ["Class", plain(record.message_class ?? "")], ["Purpose", plain(record.purpose ?? "")], ["Permission", record.consent_entry_id ? h("code", null, record.consent_entry_id) : ""], ["Template version", record.template_version || ""], ["Attempts", record.attempts]])),
  );
}

function answered({ verdict }, sentence) {
  const passed = verdict === "pass";
  return h(
    "li",
    { class: passed ? "passed" : "stopped" },
    h("span", { class: "mark", "aria-hidden": "true" }, passed ? "✓" : "✗"),
    h("span", null, sentence),
  );
}

const heard = (outcome) => (/bounce|complain|reject/.test(outcome) ? "bad" : /unsub|machine/.test(outcome) ? "waiting" : "good");

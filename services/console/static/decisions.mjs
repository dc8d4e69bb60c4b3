// Why messages were sent or not: each decision with what was asked and answered on the way.

import { path } from "./api.mjs";
import { chip, empty, facts, folded, page, section } from "./blocks.mjs";
import { h, part } from "./dom.mjs";
import { fate, moment, plain, question } from "./words.mjs";

const OUTCOMES = /^first_([a-z_]+)_at$/;

/** A person's latest decisions. */
export function decided(api, id) {
  return part(async () => {
    const { decisions } = await api.get("/decisions", { profile: id });
    if (!decisions.length) return empty("No message to this person was ever asked for.");
    return h("div", { class: "stack" }, decisions.map(decision));
  }, { label: "Loading messages" });
}

/** A page of one message by its send id. */
export async function one({ api }, id) {
  return page("Message", "What was decided, and what became of it.", decision(await api.get(path`/messages/${id}`)));
}

/** One decision record in words. */
export function decision(record) {
  const { tone, text } = fate(record);
  const outcomes = Object.entries(record).flatMap(([key, at]) => (OUTCOMES.test(key) ? [[OUTCOMES.exec(key)[1], at]] : []));
  const words = record.words ?? record.explanation;
  return section(
    plain(record.template),
    `${(record.channel ? [record.channel] : record.channels).map(plain).join(", ")}, asked for ${moment(record.requested_at)}${record.journey ? ` by the journey ${plain(record.journey)}` : ""}`,
    h("p", null, chip(tone, plain(record.status)), " ", typeof words === "string" ? words : text),
    record.possible_duplicate ? h("p", { class: "failed" }, "It may have gone out twice: the provider's answer got lost.") : null,
    outcomes.length ? h("ul", { class: "chips" }, outcomes.map(([name, at]) => h("li", null, chip(toneOf(name), `${plain(name)} ${moment(at)}`)))) : null,
    record.gates?.length
      ? h("ol", { class: "gates" }, record.gates.map((gate) => asked(gate, record.channels.length > 1)))
      : null,
    folded("Record", facts([["Send", h("code", null, record.send_id)], ["Class", plain(record.message_class ?? "")], ["Purpose", plain(record.purpose ?? "")], ["Permission", record.consent_entry_id ? h("code", null, record.consent_entry_id) : ""], ["Template version", record.template_version || ""], ["Attempts", record.attempts]])),
  );
}

function asked(gate, several) {
  const verdict = passed(gate) ? "yes" : plain(gate.verdict).toLowerCase();
  return h(
    "li",
    { class: passed(gate) ? "passed" : "stopped" },
    h("span", { class: "mark", "aria-hidden": "true" }, passed(gate) ? "✓" : "✗"),
    h("span", null, h("strong", null, question(gate.gate) + (several && gate.channel ? ` (${plain(gate.channel)})` : "")), ` ${verdict}`, gate.input ? `; found: ${gate.input}` : ""),
  );
}

const passed = (gate) => gate.verdict === "pass";

const toneOf = (outcome) => (/bounce|complain|reject/.test(outcome) ? "bad" : /unsub/.test(outcome) ? "waiting" : "good");

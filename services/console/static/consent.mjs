// A person's permissions, and what proves each.

import { path } from "./api.mjs";
import { chip, empty, facts, folded, section, table } from "./blocks.mjs";
import { h, part } from "./dom.mjs";
import { happened, moment, plain } from "./words.mjs";

const CHANNELS = { email: "email", phone: "sms" };

/** Channels whose addresses the ledger can be asked about. */
export const LOOKED_UP = Object.values(CHANNELS);

/** Permissions of each address of a person, with the ledger's proof. */
export function permissions(api, person) {
  const addresses = addressesOf(person);
  if (!addresses.length) return empty("No address of this person is known, so nothing can be permitted.", "Permissions are given for an address: an e-mail address or a phone number.");
  return h(
    "div",
    { class: "stack" },
    addresses.map(([channel, address]) =>
      section(address, `Permissions by ${channel === "sms" ? "text message" : "e-mail"}.`, part(() => proven(api, channel, address), { label: "Checking the ledger" })),
    ),
  );
}

/** [channel, address] of all that a person can be reached at. */
export function addressesOf({ identifiers, services }) {
  const found = identifiers.filter((one) => one.kind in CHANNELS).map((one) => [CHANNELS[one.kind], one.value]);
  for (const one of services?.consent?.consents ?? []) found.push([one.channel, one.address]);
  return [...new Map(found.filter(([, address]) => address).map((one) => [one.join(" "), one])).values()];
}

async function proven(api, channel, address) {
  const { address_key: key, history } = await api.post("/consents/lookups", { address, channel });
  if (!history.length) return empty("Nothing was ever asked or permitted for this address.", "Without a permission only service messages go there.");
  return proof(await api.get(path`/consents/${key}/proof`));
}

/** What `/consents/{address_key}/proof` answers, in words. */
export function proof({ states, states_follow: follow, entries, anchors, how_to_check: how, head }) {
  const intact = entries.every((entry) => entry.intact);
  return h(
    "div",
    { class: "stack" },
    h(
      "ul",
      { class: "permissions" },
      states.map((one) => h("li", null, chip(one.state === "granted" ? "good" : "bad", `${plain(one.purpose)}: ${one.state}`), ` since ${moment(one.at)}${one.why ? `, ${plain(one.why).toLowerCase()}` : ""}`)),
    ),
    h("p", null, intact && follow ? chip("good", "Proof holds") : chip("bad", "Proof is broken"), verdict(intact, follow, anchors)),
    h("ol", { class: "timeline" }, entries.map(entry)),
    folded("How to check this yourself", h("ol", null, how.map((step) => h("li", null, step))), facts([["Shard of the ledger", head.shard], ["Entries in it", head.seq], ["Its last hash", h("code", null, head.hash)]])),
  );
}

function verdict(intact, follow, anchors) {
  if (!intact) return " An entry is not what was appended. Tell whoever answers for privacy.";
  if (!follow) return " The states do not follow from the entries. Tell whoever answers for privacy.";
  return anchors.length ? " Every entry is as it was appended, in a chain that a signed anchor holds." : " Every entry is as it was appended; the next signed anchor will hold the chain.";
}

function entry(one) {
  const { evidence = {} } = one;
  return h(
    "li",
    null,
    h("p", { class: "when" }, h("time", { datetime: one.at }, moment(one.at))),
    h("p", null, h("strong", null, plain(happened(one.kind))), ` for ${plain(one.purpose).toLowerCase()} by ${one.channel}`),
    one.text ? h("blockquote", null, one.text) : null,
    folded(
      "Evidence",
      facts([
        ["How", plain(one.means)],
        ["Where", one.form],
        ["Text shown", `version ${one.text_version || "–"}, ${one.language || "no language"}`],
        ["Network address", evidence.ip],
        ["Browser", evidence.user_agent],
        ["Page", evidence.page],
        ["Reason", evidence.reason],
        ["Entry", h("code", null, one.entry_id)],
        ["Hash", h("code", null, one.hash)],
        ["Held by anchor", one.anchored ? `${one.anchored.number}, ${moment(one.anchored.at)}` : "not yet"],
      ]),
      one.evidence ? null : table("Evidence was erased", ["Digest"], [[one.evidence_digest]]),
    ),
  );
}

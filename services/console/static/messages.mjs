// Messages: one by its send id; on the local stage, everything that left.

import { path } from "./api.mjs";
import { empty, facts, link, page, section, table } from "./blocks.mjs";
import { h, part } from "./dom.mjs";
import { shownMail } from "./mail.mjs";
import { counted, number, plain } from "./words.mjs";

export function find({ go }) {
  const onsubmit = (event) => {
    event.preventDefault();
    go(path`#/messages/${new FormData(event.target).get("send").trim()}`);
  };
  return page(
    "Messages",
    "Why a message was sent or not, and what became of it.",
    h(
      "form",
      { class: "search", onsubmit },
      h("label", { for: "send" }, "Send id"),
      h("div", { class: "row" }, h("input", { id: "send", name: "send", autocomplete: "off", spellcheck: "false", required: true }), h("button", null, "Show")),
      h("p", { class: "hint" }, "It stands in every message's record and in its tags. All messages to a person are on the person's page."),
    ),
  );
}

export function outbox({ api }) {
  return page(
    "Outbox",
    "Everything that left this stage. Nothing reaches anybody: its providers are stand-ins.",
    part(async () => left((await api.get("/local/outbox")).messages), { label: "Opening the outbox" }),
  );
}

/** The messages that left, the newest first. */
export function left(messages) {
  if (!messages.length) return empty("Nothing has left yet.", "Messages show up here as soon as a provider has taken them.");
  return table(
    counted(messages.length, "message"),
    ["Message", "Channel", "To", "Subject or text"],
    messages.toReversed().map((one) => [link(number(one.number), path`#/outbox/${one.number}`), plain(one.channel), one.to, one.subject || one.text]),
  );
}

export async function opened({ api }, number) {
  const one = await api.get(path`/local/outbox/${number}`);
  return page(
    one.subject || `Message ${number}`,
    `${plain(one.channel)} to ${one.to}`,
    one.html ? section("As the recipient sees it", null, shownMail(one.html, "The message")) : null,
    one.text ? section("As text", null, h("pre", { tabindex: "0", class: "message-text" }, one.text)) : null,
    section("Headers", "Only a mail program sees these.", facts(one.headers)),
    section("Tags", "What feedback carries back.", facts(Object.entries(one.tags).map(([name, value]) => [plain(name), name === "send_id" ? link(value, path`#/messages/${value}`) : value]))),
  );
}

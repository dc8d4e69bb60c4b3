// Templates: what is said to customers on each channel and in each language, and what it would say to one of them.

import { path } from "./api.mjs";
import { chip, empty, facts, failed, link, page, section, table } from "./blocks.mjs";
import { h, mount, part } from "./dom.mjs";
import { shownMail } from "./mail.mjs";
import { moment, number, plain, said } from "./words.mjs";

export function list({ api }) {
  return page("Templates", "What is said to customers: the version of each that is sent now.", part(async () => listed((await api.get("/templates")).templates), { label: "Loading templates" }));
}

/** The table of templates. */
export function listed(templates) {
  if (!templates.length) return empty("There are no templates yet.", "Put one with PUT /templates/{name}.");
  return table(
    `${templates.length} templates`,
    ["Template", "Class", "Purpose", "Channels", "Languages", "#Version"],
    templates.map((one) => [
      link(plain(one.name), path`#/templates/${one.name}`),
      chip(one.class === "service" ? "quiet" : "good", plain(one.class)),
      one.purpose ? plain(one.purpose) : "–",
      channelsOf(one).map(plain).join(", "),
      [one.language, ...Object.keys(one.translations)].join(", "),
      number(one.version),
    ]),
  );
}

const channelsOf = ({ channels }) => Object.keys(channels).filter((name) => channels[name]);

export async function one({ api }, name) {
  const { templates } = await api.get("/templates");
  const template = templates.find((found) => found.name === name);
  if (!template) return page(plain(name), null, empty("There is no such template.", "Go back to the list of templates."));
  const { language, translations, channels } = template;
  return page(
    plain(name),
    null,
    section("About", null, facts([["Class", plain(template.class)], ["Purpose", plain(template.purpose)], ["Has to know", template.required.join(", ")], ["Offer", template.offer], ["Version sent now", number(template.version)]])),
    section("Preview", "What this says to one person, with what is known of them. Nothing is sent, and its links change nothing.", question(api, template)),
    written(language, channels),
    Object.entries(translations).map(([locale, texts]) => written(locale, texts)),
    section("Versions", null, part(async () => kept(await api.get(path`/templates/${name}/versions`)), { label: "Loading versions" })),
  );
}

const kept = ({ active, versions }) =>
  table("Versions", ["Version", "Kept", "Sent now"], versions.map((one) => [number(one.version), moment(one.at), one.version === active ? chip("good", "Sent now") : "–"]));

const PREVIEWED = ["email", "sms"];

function question(api, template) {
  const onsubmit = (event) => {
    event.preventDefault();
    const asked = new FormData(event.target);
    const shown = part(() => preview(api, template.name, asked.get("identifier").trim(), asked.get("channel")), { label: "Writing" });
    document.getElementById("preview").replaceChildren(mount(shown, failed));
  };
  const channels = channelsOf(template).filter((one) => PREVIEWED.includes(one));
  return [
    h(
      "form",
      { class: "choice", onsubmit },
      h("p", null, h("label", { for: "identifier" }, "Person (none: what is said to a stranger)"), h("input", { id: "identifier", name: "identifier", autocomplete: "off", spellcheck: "false" })),
      h("p", null, h("label", { for: "channel" }, "Channel"), h("select", { id: "channel", name: "channel" }, channels.map((one) => h("option", { value: one }, plain(one))))),
      h("button", null, "Preview"),
    ),
    h("div", { id: "preview", "aria-live": "polite" }),
  ];
}

async function preview(api, name, asked, channel) {
  const person = asked ? await api.get(path`/profiles/${asked}`) : {};
  return previewed(await api.post(path`/templates/${name}/preview`, { profile_id: person.profile_id ?? "", channel }));
}

/** What `/templates/{name}/preview` answers. */
export function previewed({ renders, reason, detail, language, subject, text, html }) {
  if (!renders) return h("div", { class: "stack" }, h("p", null, chip("bad", "Nothing would be sent"), ` ${plain(reason)}${detail ? `: ${detail}` : ""}`));
  return h(
    "div",
    { class: "stack" },
    facts([["Subject", subject], ["Language", language]]),
    html ? shownMail(html, "The message to this person") : null,
    text ? h("pre", { tabindex: "0", class: "message-text" }, text) : null,
  );
}

/** What is written in a language on each channel, with what is filled in still in braces. */
export function written(language, channels) {
  return Object.entries(channels)
    .filter(([, texts]) => texts)
    .map(([channel, { html, text, subject, ...more }]) =>
      section(
        `${plain(channel)} in “${language}”, as it was written`,
        "What stands in braces is filled in for each person.",
        facts([["Subject", subject], ...Object.entries(more).filter(([, value]) => value && typeof value !== "object").map(([name, value]) => [plain(name), said(value)])]),
        html ? shownMail(html, `The message in ${language}`) : null,
        text ? h("pre", { tabindex: "0", class: "message-text" }, text) : null,
      ),
    );
}

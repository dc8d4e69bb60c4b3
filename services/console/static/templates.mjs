// Templates: what is said to customers, on each channel and in each language.

import { path } from "./api.mjs";
import { chip, empty, facts, link, page, section, table } from "./blocks.mjs";
import { h, part } from "./dom.mjs";
import { shownMail } from "./mail.mjs";
import { number, plain } from "./words.mjs";

export function list({ api }) {
  return page("Templates", "What is said to customers. The newest version of each.", part(async () => listed((await api.get("/templates")).templates), { label: "Loading templates" }));
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
      ["default", ...Object.keys(one.translations)].join(", "),
      number(one.version),
    ]),
  );
}

const channelsOf = ({ channels }) => Object.keys(channels).filter((name) => channels[name]);

export async function one({ api }, name) {
  const template = (await api.get("/templates")).templates.find((found) => found.name === name);
  if (!template) return page(plain(name), null, empty("There is no such template.", "Go back to the list of templates."));
  return page(
    plain(name),
    "As it was written: what stands in braces is filled in for each person.",
    section("About", null, facts([["Class", plain(template.class)], ["Purpose", plain(template.purpose)], ["Version", number(template.version)], ["Has to know", template.required.join(", ")]])),
    said("Default language", template.channels),
    Object.entries(template.translations).map(([language, channels]) => said(`Language ${language}`, channels)),
  );
}

function said(title, channels) {
  return Object.entries(channels).filter(([, part]) => part).map(([channel, part]) =>
    section(
      `${title}: ${plain(channel)}`,
      part.subject ? `Subject: ${part.subject}` : null,
      part.html ? shownMail(part.html, `The message ${title}`) : null,
      part.text ? h("pre", { tabindex: "0", class: "message-text" }, part.text) : null,
    ),
  );
}

// What happened between a person and the company, newest first, in pages.

import { path } from "./api.mjs";
import { chip, empty, failed, folded } from "./blocks.mjs";
import { h, mount, part } from "./dom.mjs";
import { moment, plain, said } from "./words.mjs";

const PAGE = 50;
const WHO = { inbound: ["good", "from them"], outbound: ["waiting", "from us"], internal: ["quiet", "internal"] };

/** A person's timeline; more of it comes with a button. */
export function happenings(api, id, cursor = "") {
  return part(async () => {
    const found = await api.get(path`/profiles/${id}/timeline`, { limit: PAGE, cursor });
    if (!found.events.length && !cursor) return empty("Nothing has happened yet.");
    const more = found.cursor ? h("button", { type: "button", class: "plain", onclick: (event) => event.target.replaceWith(mount(happenings(api, id, found.cursor), failed)) }, "Show older events") : null;
    return h("div", { class: "stack" }, events(found.events), more);
  }, { label: "Loading the timeline" });
}

/** Events as a list. */
export function events(all) {
  return h("ol", { class: "timeline" }, all.map(event));
}

function event({ at, name, type, channel, direction, source, need, properties }) {
  const [tone, who] = WHO[direction] ?? ["quiet", plain(direction)];
  return h(
    "li",
    null,
    h("p", { class: "when" }, h("time", { datetime: at }, moment(at))),
    h("p", null, h("strong", null, plain(name || type)), " ", chip(tone, who)),
    h("p", { class: "hint" }, [channel && channel !== "other" && `over ${channel}`, need && `about ${plain(need).toLowerCase()}`, source && `told by ${source}`].filter(Boolean).join(", ")),
    Object.keys(properties ?? {}).length ? folded("Details", h("dl", { class: "facts" }, Object.entries(properties).map(([key, value]) => h("div", null, h("dt", null, plain(key)), h("dd", null, said(value)))))) : null,
  );
}

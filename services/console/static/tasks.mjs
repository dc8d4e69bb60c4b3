// Tasks that people work off: calls that messages asked for, and what strategies, triggers and journeys hand over.

import { path } from "./api.mjs";
import { empty, facts, link, more, page, section } from "./blocks.mjs";
import { h, part } from "./dom.mjs";
import { moment, plain } from "./words.mjs";

export function list({ api }) {
  return page(
    "Tasks",
    "What nobody has closed yet, the oldest first. Close one with POST /tasks/{task_id}/done.",
    waiting(api),
  );
}

function waiting(api, cursor = "") {
  return part(async () => {
    const { tasks, next } = await api.get("/tasks", { cursor });
    if (!tasks.length && !cursor) return empty("Nothing waits for anybody.", "A journey hands over with a node of type task; a call comes from a template with the channel call.");
    return h("div", { class: "stack" }, tasks.map(task), next ? more("Show more tasks", () => waiting(api, next)) : null);
  }, { label: "Loading tasks" });
}

/** One open task. */
export function task({ title, kind, at, owner, reason, phone, script, profile_id: person, send_id: send, journey, task_id: id }) {
  return section(
    title,
    `${plain(kind)}, since ${moment(at)}`,
    script ? h("blockquote", null, script) : null,
    facts([
      ["Person", person ? link(person, path`#/people/${person}`) : ""],
      ["Phone", phone],
      ["For", owner],
      ["Because of", reason],
      ["Journey", journey ? link(plain(journey), path`#/journeys/${journey}`) : ""],
      ["Message", send ? link(send, path`#/messages/${send}`) : ""],
      ["Task", h("code", null, id)],
    ]),
  );
}

// Lifecycles: who came to each stage, who went on where, and after how long.

import { Refused, path } from "./api.mjs";
import { empty, page, section, table } from "./blocks.mjs";
import { bars, intervals } from "./charts.mjs";
import { h, part } from "./dom.mjs";
import { number, plain } from "./words.mjs";

export function show({ api }) {
  return page(
    "Stages",
    "Where people stand on their way as customers, and how they get there. Over all time.",
    part(async () => {
      const { stages } = await api.get("/stages");
      if (!stages.length) return empty("There is no lifecycle yet.", "Define one with PUT /stages/{name}.");
      return h("div", { class: "stack" }, await Promise.all(stages.map(async ({ name, stages: order }) => lifecycle(name, order, await walked(api, name)))));
    }, { label: "Counting who is where" }),
  );
}

async function walked(api, name) {
  try {
    return (await api.get(path`/reports/funnel/${name}`)).stages;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return []; // nobody has come to any of its stages
    throw error;
  }
}

/** A lifecycle in the order of its stages, of what `/reports/funnel/{lifecycle}` says of them. */
export function lifecycle(name, order, found) {
  const of = new Map(found.map((one) => [one.stage, one]));
  const stages = [...order.filter((stage) => of.has(stage)), ...found.map((one) => one.stage).filter((stage) => !order.includes(stage))].map((stage) => of.get(stage));
  if (!stages.length) return section(plain(name), null, empty("Nobody has come to a stage of it yet."));
  const ways = stages.flatMap((one) => one.ways.map((way) => ({ ...way, label: `${plain(one.stage)} to ${way.to ? plain(way.to) : "the end"}`, of: one.came })));
  return section(
    plain(name),
    null,
    h(
      "div",
      { class: "columns-2" },
      h("div", { class: "stack" }, h("h3", null, "Who is there now"), bars(`Who is at each stage of ${plain(name)}`, stages.map((one) => ({ label: plain(one.stage), value: one.there })))),
      ways.length ? h("div", { class: "stack" }, h("h3", null, "Who went on"), intervals(`Who went on from each stage of ${plain(name)}`, ways)) : null,
    ),
    table(
      `Stages of ${plain(name)}`,
      ["Stage", "#Came", "#Went on", "#Are there", "Went on to, after days on average"],
      stages.map((one) => [plain(one.stage), number(one.came), number(one.left), number(one.there), one.ways.map((way) => `${way.to ? plain(way.to) : "the end"}: ${number(way.people)}${way.days === null ? "" : ` after ${way.days.toFixed(1)} days`}`).join("; ") || "–"]),
    ),
  );
}

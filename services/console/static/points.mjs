// A person's loyalty points: what there is, what it is good for, and where it came from.

import { Refused, path } from "./api.mjs";
import { chip, empty, section, table, tiles } from "./blocks.mjs";
import { h, part } from "./dom.mjs";
import { moment, number, plain } from "./words.mjs";

/** The account as it stands; where there is no programme, that is said. */
export function points(api, id) {
  return part(async () => {
    try {
      return account(await api.get(path`/loyalty/${id}`));
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return empty("There is no loyalty programme.", "PUT /loyalty/programme publishes one.");
      throw error;
    }
  }, { label: "Loading points" });
}

/** What `/loyalty/{profile_id}` answers. */
export function account({ unit, balance, tier, debt, expires_at: ends, perks, referral_code: code, entries }) {
  const open = perks.filter((perk) => perk.open);
  return h(
    "div",
    { class: "stack" },
    tiles(
      { label: plain(unit), value: number(balance), note: debt ? `${number(debt)} owed` : ends ? `the next end ${moment(ends)}` : "" },
      { label: "Tier", value: tier ? plain(tier) : "–" },
      { label: "Code for friends", value: code ?? "–" },
    ),
    section("Perks", "What this person may have now.", open.length ? h("ul", { class: "chips" }, open.map((perk) => h("li", null, chip("good", perk.title)))) : empty("None yet.")),
    section(
      "Ledger",
      "The newest lines first; all of them add up to the balance.",
      entries.length
        ? table("Ledger", ["When", "What", "Because of", "#Points", "#Owed"], entries.map((line) => [moment(line.at), plain(line.kind), plain(line.cause), number(line.points), line.owed ? number(line.owed) : ""]))
        : empty("Nothing was earned or spent yet."),
    ),
  );
}

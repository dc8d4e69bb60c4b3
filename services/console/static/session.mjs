// Who is signed in: the key stays in this tab's session storage, and goes nowhere but into requests to the API.

import { connect, refusal } from "./api.mjs";
import { h } from "./dom.mjs";

const KEY = "halte-key";

export const held = () => sessionStorage.getItem(KEY) ?? "";
export const keep = (key) => sessionStorage.setItem(KEY, key);
export const forget = () => sessionStorage.removeItem(KEY);

/** The API's address: where the console itself is, without `/console`. */
export const baseOf = ({ origin, pathname }) => origin + pathname.replace(/\/console\/?$/, "");

/** The page that asks for the key; `done` is called with one that opens the API, `why` says what went before. */
export function signIn({ base, done, why = "" }) {
  const says = (form, text) => {
    const place = form.querySelector(".error");
    place.textContent = text;
    form.elements.key.setAttribute("aria-invalid", text ? "true" : "false");
  };
  const onsubmit = async (event) => {
    event.preventDefault();
    const form = event.target;
    const key = form.elements.key.value.trim();
    const button = form.querySelector("button");
    button.disabled = true;
    says(form, "");
    try {
      if (/[^\x21-\x7e]/.test(key)) throw refusal(401, "");
      await connect({ base, key }).get("/reports/summary");
      done(key);
    } catch (error) {
      says(form, `${error.message} ${error.next ?? ""}`);
      form.elements.key.focus();
    } finally {
      button.disabled = false;
    }
  };
  return {
    title: "Sign in",
    tree: h(
      "div",
      { class: "page sign-in" },
      h("h1", { tabindex: "-1" }, "Sign in"),
      why ? h("p", { role: "alert", class: "failed" }, why) : null,
      h(
        "form",
        { class: "card", onsubmit },
        h("p", null, "This console reads the API at ", h("code", null, base), " and shows what your key may see."),
        h("label", { for: "key" }, "Marketers' key or access token"),
        h("input", { id: "key", name: "key", type: "password", required: true, autocomplete: "off", spellcheck: "false", "aria-describedby": "key-hint key-error" }),
        h("p", { class: "hint", id: "key-hint" }, "It is kept in this tab until you close it or sign out. On one machine, the run prints it."),
        h("p", { class: "error", id: "key-error", role: "alert" }),
        h("button", null, "Sign in"),
      ),
    ),
  };
}

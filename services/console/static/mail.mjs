// A mail as its reader sees it, in a frame that has no origin: nothing in it reaches this page, its key or the API.

import { h } from "./dom.mjs";

/** The frame for a mail's HTML; `title` says which mail it is. */
export function shownMail(html, title) {
  return h("iframe", {
    class: "mail",
    title,
    src: "console/frame.html",
    sandbox: "allow-scripts",
    referrerpolicy: "no-referrer",
    onload: (event) => event.target.contentWindow.postMessage({ html }, "*"), // it has no origin that could be named
  });
}

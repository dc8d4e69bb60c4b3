// Shows the mail that the page around hands over. This frame has no origin, and its policy lets no other script run.
"use strict";

addEventListener("message", ({ source, data }) => {
  if (source !== parent || typeof data?.html !== "string") return;
  document.documentElement.innerHTML = data.html;
});
addEventListener("click", (event) => event.preventDefault(), true); // links of a mail are not followed from here
addEventListener("submit", (event) => event.preventDefault(), true);

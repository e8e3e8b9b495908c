/**
 * The one script of the site: it follows a run that is going on. Everything is there without it.
 *
 * @module
 */

/** The script, as browsers get it. It only ever sets text, never markup. */
export const LIVE_SCRIPT = `"use strict";
(() => {
  const live = document.getElementById("live");
  if (!live || !("EventSource" in window)) return;
  const set = (id, text) => { document.getElementById(id).textContent = text; };
  const events = new EventSource(live.dataset.events);
  events.addEventListener("progress", (event) => {
    const { counts, last, partial } = JSON.parse(event.data);
    const done = counts.total - counts["not-run"];
    set("live-done", done);
    set("live-total", counts.total);
    set("live-last", last);
    const progress = document.getElementById("live-progress");
    progress.max = counts.total;
    progress.value = done;
    for (const each of live.querySelectorAll("[data-word]")) each.textContent = counts[each.dataset.word];
    if (done % 25 === 0 || !partial) set("live-said", done + " of " + counts.total + " cases, " + counts.fail + " fail");
    if (!partial) {
      set("live-state", "It has come to its end.");
      events.close();
    }
  });
})();
`;

// The page's life: ask, show, listen, ask again; and say so in words when any of it fails.

import { ask, listen } from "./data.js";
import { element, note } from "./dom.js";
import { refreshUnfolded, showGroups } from "./groups.js";
import { showOpen, showPast } from "./incidents.js";
import * as text from "./text.js";

const EVERY_MS = 2000;
const LEARNT_EVERY_MS = 10_000;
const STALE_SECONDS = 10;
const RECENT = 120;
const EXPLAIN = 6;
const PAGE = 30;

const place = (id) => document.getElementById(id);
const state = { groups: PAGE, past: PAGE, mode: "connecting", answeredAt: null, learntAt: 0, again: false, busy: false };

function showConnection(mode) {
  state.mode = mode;
  const words = { live: "live", polling: "polling", connecting: "connecting", offline: "no answer", stale: "stale" };
  place("connection").dataset.mode = mode;
  place("connection").textContent = words[mode];
}

function showFigures(status) {
  const marks = status.partitions.map((each) => each.watermark).filter(Boolean).map((each) => Date.parse(each));
  const behind = marks.length ? (Date.parse(status.now) - Math.min(...marks)) / 1000 : null;
  const figures = [
    ["groups", status.groups.toLocaleString()], ["series", status.series.toLocaleString()],
    ["open incidents", status.incidents_open.toLocaleString()],
    ["event time", behind === null ? "none yet" : `${text.duration(Math.abs(behind))} ${behind < 0 ? "ahead" : "behind"}`],
  ];
  place("figures").replaceChildren(...figures.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
  document.title = status.incidents_open ? `(${status.incidents_open}) hebbstream` : "hebbstream";
}

/** What is wrong with the service itself, in one sentence; empty when nothing is. */
function trouble(status) {
  const age = (Date.parse(status.now) - Date.parse(status.as_of)) / 1000;
  const failing = status.checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.reason}`);
  if (!status.alive) return `The service hangs: ${failing.join("; ")}.`;
  if (age > STALE_SECONDS) return `Stale: the engine has published nothing for ${text.duration(age)}; what you see is as of ${text.clock(status.as_of)}.`;
  return failing.length ? `Not ready. ${failing.join("; ")}.` : "";
}

function showStatus(status) {
  showFigures(status);
  const sentence = trouble(status);
  note("notice", sentence);
  const stale = sentence.startsWith("Stale") || !status.alive;
  document.body.dataset.state = stale ? "stale" : "fresh";
  showConnection(stale ? "stale" : streamMode);
}

function showLists(groups, open, past) {
  showOpen(place("open-list"), open.items);
  const more = open.next_cursor ? "+" : "";
  place("open-count").textContent = open.items.length ? `${open.items.length}${more}` : "";
  note("open-note", open.items.length ? "" : "None. What moves together still does.");
  showGroups(place("group-list"), groups.items, RECENT);
  place("group-more").hidden = !groups.next_cursor;
  const wanted = place("group-filter").value;
  note("group-note", groups.items.length ? "" : wanted ? `No group's name contains “${text.visible(wanted, 60)}”.`
    : "No group yet: none of this process' partitions has had a closed frame.");
  const ended = past.items.filter((incident) => incident.state !== "open");
  showPast(place("recent-list"), ended);
  place("recent-more").hidden = !past.next_cursor;
  note("recent-note", ended.length ? "" : "None since this process started.");
}

async function refresh() {
  if (state.busy) { state.again = true; return; }
  state.busy = true;
  try {
    const [status, groups, open, past] = await Promise.all([
      ask("/api/v1/status"),
      ask("/api/v1/groups", { sort: place("group-sort").value, contains: place("group-filter").value, recent: RECENT, limit: state.groups }),
      ask("/api/v1/incidents", { state: "open", explain: EXPLAIN }),
      ask("/api/v1/incidents", { explain: EXPLAIN, limit: state.past }),
    ]);
    state.answeredAt = new Date();
    place("group-count").textContent = status.groups ? status.groups.toLocaleString() : "";
    showLists(groups, open, past);
    showStatus(status);
    if (Date.now() - state.learntAt > LEARNT_EVERY_MS) {
      state.learntAt = Date.now();
      await refreshUnfolded(place("group-list"));
    }
  } catch (error) {
    document.body.dataset.state = "stale";
    showConnection("offline");
    const since = state.answeredAt ? `What you see is as of ${text.clock(state.answeredAt)}` : "There is nothing to show yet";
    note("notice", `No usable answer from the service (${error.message}). ${since}; trying again.`);
    if (!state.answeredAt) for (const id of ["open-note", "group-note", "recent-note"]) note(id, "Unknown.");
  } finally {
    state.busy = false;
    if (state.again) { state.again = false; refresh(); }
  }
}

async function introduce() {
  try {
    const build = await ask("/api/v1/build");
    place("application").textContent = build.application_id;
    place("build").textContent = `hebbstream ${build.version} · settings ${build.config_hash} · one frame every ${text.duration(build.interval_s)} · started ${text.clock(build.started)}`;
  } catch { setTimeout(introduce, 5000); }
}

let streamMode = "polling";
let typing = 0;
place("group-filter").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(refresh, 200); });
place("group-sort").addEventListener("change", refresh);
place("group-more").addEventListener("click", () => { state.groups = Math.min(1000, state.groups + PAGE); refresh(); });
place("recent-more").addEventListener("click", () => { state.past = Math.min(1000, state.past + PAGE); refresh(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
listen({
  onMode: (mode) => { streamMode = mode; if (document.body.dataset.state === "fresh") showConnection(mode); },
  onChange: refresh,
});
introduce();
refresh();

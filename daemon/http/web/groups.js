// Groups as lines with their score's course; a line unfolds to what the group has learnt.

import { ask } from "./data.js";
import { element, reconcile } from "./dom.js";
import { sparkline } from "./sparkline.js";
import * as text from "./text.js";

const ASSOCIATIONS = 10;
const WEIGHTS = 6;

const WORDS = {
  incident: "incident", elevated: "elevated", warmup: "warming up", silent: "silent", normal: "normal",
};

function components(answer, short) {
  const lines = answer.components.map((component) => element("li", {},
    element("b", {}, text.share(component.energy_ratio)), " ",
    component.series.map((each) => `${short(each.series)} ${text.weight(each.weight)}`).join(" · ")));
  return lines.length ? element("ol", { class: "components" }, ...lines) : element("p", { class: "note" }, "None learnt yet.");
}

function associations(answer, short) {
  const lines = answer.items.map((edge) => element("li", {},
    element("span", { class: "name" }, ...text.ends(short(edge.source), short(edge.target), edge.lag_s)),
    element("span", { class: "number" }, text.weight(edge.weight)),
    element("small", {}, `for ${text.duration(edge.age_s)}`)));
  return lines.length ? element("ul", { class: "relations" }, ...lines) : element("p", { class: "note" }, "None learnt yet.");
}

async function unfold(row) {
  const group = row.group;
  const inside = row.querySelector(".inside");
  if (!inside.hasChildNodes()) inside.replaceChildren(element("p", { class: "note" }, "Asking the service …"));
  try {
    const path = `/api/v1/groups/${group.id}`;
    const [learnt, edges] = await Promise.all([
      ask(`${path}/components`, { top: WEIGHTS }), ask(`${path}/edges`, { limit: ASSOCIATIONS }),
    ]);
    const keys = [...learnt.components.flatMap((each) => each.series.map((one) => one.series)), ...edges.items.flatMap((edge) => [edge.source, edge.target])];
    const end = text.commonEnd(keys);
    const short = (key) => text.shortKey(end ? key.slice(0, -end.length) : key, group.labels);
    const shown = Math.min(ASSOCIATIONS, edges.items.length);
    inside.replaceChildren(
      element("p", { class: "facts" }, `${group.topic}, partition ${group.partition} · ${text.count(group.frames, "frame")} seen · last frame ${text.clock(group.frame_time)} · learning: ${group.learning}`
        + (group.pace > 1 ? `, ${text.figure(group.pace)} times as fast, for the group drifts` : "")
        + (group.missing_ratio ? ` · ${text.share(group.missing_ratio)} of samples missing` : "")),
      element("h4", {}, `Components (${learnt.components.length})`), components(learnt, short),
      element("h4", {}, `Strongest associations (${shown} of ${group.edges})`), associations(edges, short));
  } catch (error) {
    inside.replaceChildren(element("p", { class: "note" }, `What was learnt cannot be shown: ${error.message}`));
  }
}

function make() {
  const row = element("li", { class: "row group" }, element("details", {}, element("summary"), element("div", { class: "inside" })));
  const details = row.firstElementChild;
  details.addEventListener("toggle", () => { if (details.open) unfold(row); });
  return row;
}

function update(row, group, length) {
  row.group = group;
  row.dataset.health = group.health;
  row.querySelector("summary").replaceChildren(
    element("span", { class: "health" }, WORDS[group.health] ?? group.health),
    element("span", { class: "name" }, text.groupTitle(group.name, group.labels)),
    sparkline(group.recent_scores, length),
    element("span", { class: "number score", title: "score; 1 is the alert line" }, text.score(group.score)),
    element("span", { class: "muted sizes" }, `${text.count(group.series, "series", "series")}, ${text.count(group.components, "component")}, ${text.count(group.edges, "association")}`));
}

export function showGroups(list, groups, length) {
  reconcile(list, groups, { key: (group) => group.id, make, update: (row, group) => update(row, group, length) });
}

/** Ask anew for what the unfolded groups have learnt. */
export function refreshUnfolded(list) {
  return Promise.all(Array.from(list.querySelectorAll("details[open]"), (details) => unfold(details.parentElement)));
}

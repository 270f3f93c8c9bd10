// Open incidents as cards with their explanation, past ones as lines that unfold.

import { element, reconcile } from "./dom.js";
import { verdict } from "./feedback.js";
import * as text from "./text.js";

const STATES = { open: "open", resolved: "resolved", left: "followed elsewhere" };

function heading(incident) {
  return [
    element("span", { class: "tag", "data-severity": incident.severity }, incident.severity),
    element("span", { class: "tag" }, incident.kind),
    element("strong", { class: "name" }, text.groupTitle(incident.group, incident.labels)),
  ];
}

function facts(incident) {
  const at = (time) => element("time", { datetime: time, title: time }, text.clock(time));
  const course = incident.state === "open" ? ["since ", at(incident.approx_start)]
    : ["opened ", at(incident.opened), ` · lasted ${text.duration(incident.duration_s)}`];
  return element("p", { class: "facts" }, ...course,
    ` · peak ${text.score(incident.peak_score)} · ${text.count(incident.event_count, "event")}, the last at `, at(incident.changed));
}

function role(suspect) {
  return suspect.role ? element("span", { class: "tag role", "data-role": suspect.role }, suspect.role) : "";
}

function stoodOut(suspect) {
  return suspect.since ? element("small", {}, " since ",
    element("time", { datetime: suspect.since, title: suspect.since }, text.clock(suspect.since))) : "";
}

function services(incident) {
  if (incident.services.length < 2) return "";
  const lines = incident.services.map((service) => element("li", {},
    element("span", { class: "name" }, text.visible(service.name, 80), role(service), stoodOut(service)),
    element("span", { class: "number", title: "contribution of its best series" }, text.share(service.contribution))));
  return element("div", {}, element("h4", {}, "Services, the most suspect first"), element("ol", { class: "relations" }, ...lines));
}

function seriesRow(series, shared) {
  const own = text.ownLabels(series.labels, shared);
  const bar = element("meter", { min: 0, max: 1, value: series.contribution, "aria-hidden": "true" });
  const away = series.direction ? ` (${series.direction})` : "";
  return element("tr", {},
    element("th", { scope: "row" }, text.visible(series.name), own ? element("small", {}, ` ${own}`) : "",
      role(series), stoodOut(series)),
    element("td", { class: "number" }, text.figure(series.actual)),
    element("td", { class: "number" }, series.expected === null ? "unknown" : text.figure(series.expected), element("small", {}, away)),
    element("td", { class: "share" }, bar, element("span", { class: "number" }, text.share(series.contribution))));
}

function seriesTable(incident, shared) {
  if (!incident.series.length) return "";
  return element("table", {},
    element("caption", {}, `Series, at ${text.clock(incident.worst_at)}`),
    element("thead", {}, element("tr", {}, ...["series", "actual", "expected", "contribution"].map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...incident.series.map((each) => seriesRow(each, shared))));
}

function relations(incident, shared) {
  if (!incident.edges.length) return "";
  const lines = incident.edges.map((edge) => element("li", {},
    element("span", { class: "name" }, ...text.ends(text.shortKey(edge.source, shared), text.shortKey(edge.target, shared), edge.lag_s)),
    element("span", { class: "number", title: "correlation learnt → correlation now" }, `${text.weight(edge.weight_before)} → ${text.weight(edge.weight_now)}`),
    element("small", {}, `${edge.residual_sigma.toFixed(1)} σ off`)));
  return element("div", {}, element("h4", {}, "Broken relations"), element("ul", { class: "relations" }, ...lines));
}

export function explanation(incident) {
  const shared = text.agreed(incident.series.map((series) => series.labels), incident.labels);
  const parts = [services(incident), seriesTable(incident, shared), relations(incident, shared)].filter(Boolean);
  return parts.length ? parts : [element("p", { class: "note" }, "No series stands out.")];
}

export function showOpen(list, incidents) {
  reconcile(list, incidents, {
    key: (incident) => incident.id,
    make: (incident) => element("li", { class: "card" }, element("div"), verdict(incident)),
    update: (card, incident) => {
      card.dataset.severity = incident.severity;
      card.firstElementChild.replaceChildren(element("h3", {}, ...heading(incident)), facts(incident), ...explanation(incident));
    },
  });
}

export function showPast(list, incidents) {
  reconcile(list, incidents, {
    key: (incident) => incident.id,
    make: (incident) => element("li", { class: "row" }, element("details", {}, element("summary"),
      element("div", { class: "inside" }, element("div"), verdict(incident)))),
    update: (row, incident) => {
      const [summary, inside] = row.firstElementChild.children;
      const first = incident.series[0];
      const named = first ? ` ${text.visible(first.name)} ${text.ownLabels(first.labels, incident.labels)}` : "";
      summary.replaceChildren(
        element("span", { class: "tag", "data-severity": incident.severity }, incident.severity),
        element("span", { class: "name" }, text.groupTitle(incident.group, incident.labels), element("small", {}, named)),
        element("span", { class: "muted" }, `${incident.kind}, ${STATES[incident.state] ?? incident.state}`),
        element("time", { class: "muted", datetime: incident.opened, title: incident.opened }, text.clock(incident.opened)),
        element("span", { class: "number" }, `${text.duration(incident.duration_s)}, peak ${text.score(incident.peak_score)}`));
      inside.firstElementChild.replaceChildren(facts(incident), ...explanation(incident));
    },
  });
}

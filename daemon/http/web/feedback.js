// What a person says an incident was. The token is asked for once and kept for this tab alone.

import { change } from "./data.js";
import { element } from "./dom.js";

const TOKEN = "hebbstream-token";
const ANSWERS = [
  ["NOT_ANOMALY", "No anomaly", "the alert line is raised for this pattern, to a quarter above this peak"],
  ["EXPECTED", "Expected every week", "this pattern is muted at this time of the week"],
  ["NEW_TREND", "The new normal", "the present is taken for normal at once"],
  ["ANOMALY", "Do not learn it", "what goes on is kept out of learning until it has ended"],
];

const OF_SCORES = ["NOT_ANOMALY", "EXPECTED"];
const SILENT = ["silence", "group"];

function tokenField() {
  const field = element("input", { type: "password", autocomplete: "off", "aria-label": "token", placeholder: "server.token" });
  field.value = sessionStorage.getItem(TOKEN) ?? "";
  return field;
}

/** Do something with the token, and say what came of it. */
async function attempt(box, act) {
  const [field, status, buttons] = [box.querySelector("input"), box.querySelector("[role=status]"), box.querySelectorAll("button")];
  if (!field.value) {
    status.textContent = "The service's token is needed (server.token).";
    field.focus();
    return;
  }
  for (const button of buttons) button.disabled = true;
  status.textContent = "Telling the service …";
  try {
    status.replaceChildren(...await act(field.value));
    sessionStorage.setItem(TOKEN, field.value);
  } catch (error) {
    if (error.status === 401) sessionStorage.removeItem(TOKEN);
    status.textContent = `Not heard: ${error.message}`;
  }
  for (const button of buttons) button.disabled = false;
}

function say(box, id, [label, , effect]) {
  return attempt(box, async (token) => {
    const heard = await change("POST", "/api/v1/feedback", token, { label, incident_id: id });
    const path = `/api/v1/groups/${heard.group_id}/feedback`;
    const undo = () => attempt(box, async (held) => {
      for (const note of heard.items) await change("DELETE", `${path}/${note.number}`, held);
      return ["Taken back."];
    });
    return [`Heard: ${effect}. `, element("button", { type: "button", onclick: undo }, "Undo")];
  });
}

/** Make the place where an incident is given its name; it stays while the incident changes. */
export function verdict({ id, kind }) {
  const answers = ANSWERS.filter(([label]) => !(SILENT.includes(kind) && OF_SCORES.includes(label)));
  const box = element("details", { class: "verdict" });
  box.append(
    element("summary", {}, "What was it?"),
    element("p", { class: "answers" }, ...answers.map((answer) =>
      element("button", { type: "button", title: answer[2], onclick: () => say(box, id, answer) }, answer[1])),
    tokenField()),
    element("p", { class: "note", role: "status" }));
  box.addEventListener("toggle", () => { if (box.open) box.querySelector("input").value = sessionStorage.getItem(TOKEN) ?? ""; });
  return box;
}

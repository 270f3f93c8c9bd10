// Words and figures for people. Everything from outside passes through `visible`.

const SHOWN_MAX = 160;
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function picture(character) {
  return `⟨${character.codePointAt(0).toString(16).toUpperCase().padStart(2, "0")}⟩`;
}

/** Show control and direction characters as what they are, and cut what nobody would read. */
export function visible(text, limit = SHOWN_MAX) {
  const characters = Array.from(String(text).slice(0, 2 * limit + 2));
  const cut = String(text).length > characters.slice(0, limit).join("").length;
  const shown = characters.slice(0, limit).join("").replace(UNSEEN, picture);
  return cut ? `${shown}… (${String(text).length.toLocaleString()} characters)` : shown;
}

export function figure(value) {
  if (value === null || value === undefined) return "missing";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(2);
  return value.toLocaleString(undefined, { maximumSignificantDigits: 4 });
}

export const score = (value) => value.toFixed(2);
export const share = (value) => `${Math.round(value * 100)} %`;
// The ends of a relation, of which the first may lead by some seconds.
export const ends = (source, target, lead) => (lead ? [source, " → ", target, ` after ${duration(lead)}`] : [source, " ~ ", target]);
export const weight = (value) => (value < 0 ? "−" : "") + Math.abs(value).toFixed(2);

export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const at = Math.max(0, units.findIndex(([, size]) => seconds >= size));
  const [name, size] = units[at];
  const whole = Math.floor(seconds / size);
  const rest = units[at + 1] ? Math.floor((seconds - whole * size) / units[at + 1][1]) : 0;
  return rest > 0 && whole < 10 ? `${whole} ${name} ${rest} ${units[at + 1][0]}` : `${whole} ${name}`;
}

/** A time of day; with the date when it is not today's. */
export function clock(text) {
  const time = new Date(text);
  const written = time.toLocaleString("sv-SE"); // 2026-01-31 23:59:59, in the reader's zone
  return time.toDateString() === new Date().toDateString() ? written.slice(11) : written;
}

export const count = (number, noun, plural = `${noun}s`) =>
  `${number.toLocaleString()} ${number === 1 ? noun : plural}`;

/** The labels of a group, or its name when it has none. */
export function groupTitle(name, labels) {
  const pairs = Object.entries(labels);
  return pairs.length ? pairs.map(([label, value]) => `${visible(label, 60)}: ${visible(value, 80)}`).join(", ") : visible(name);
}

/** The labels of a series that its whole group does not share. */
export function ownLabels(labels, shared) {
  const own = Object.entries(labels).filter(([label, value]) => shared[label] !== value);
  return own.map(([label, value]) => `${visible(label, 40)}=${visible(value, 60)}`).join(" ");
}

/** The labels that all the given label sets agree on, and those that are shared anyway. */
export function agreed(sets, shared) {
  const first = sets[0] ?? {};
  const same = Object.entries(first).filter(([label, value]) => sets.every((labels) => labels[label] === value));
  return sets.length > 1 ? { ...shared, ...Object.fromEntries(same) } : shared;
}

/** The braces that end every one of the given series keys; empty when they differ. */
export function commonEnd(keys) {
  const end = (key) => (key.includes("{") ? key.slice(key.indexOf("{")) : "");
  const ends = new Set(keys.map(end));
  return ends.size === 1 && keys.length > 1 ? [...ends][0] : "";
}

/** A series key without the labels that its whole group shares. */
export function shortKey(key, shared) {
  const escaped = (value) => value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
  let short = key;
  for (const [label, value] of Object.entries(shared)) {
    const pair = `${label}="${escaped(value)}"`;
    short = short.replace(`{${pair}}`, "").replace(`{${pair},`, "{").replace(`,${pair},`, ",").replace(`,${pair}}`, "}");
  }
  return visible(short, 120);
}

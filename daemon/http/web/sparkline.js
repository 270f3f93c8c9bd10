// A group's last scores as a line, with the alert line at 1.0.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 240;
const HEIGHT = 40;
const TOP_MIN = 1.5;

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export function sparkline(scores, length) {
  const top = Math.max(TOP_MIN, ...scores) * 1.05;
  const x = (index) => (((length - scores.length + index) / Math.max(1, length - 1)) * WIDTH).toFixed(1);
  const y = (value) => (HEIGHT - (Math.min(value, top) / top) * HEIGHT).toFixed(1);
  const drawn = shape("svg", {
    class: "sparkline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
    "aria-label": scores.length
      ? `Score over the last ${scores.length} frames: now ${scores.at(-1).toFixed(2)}, highest ${Math.max(...scores).toFixed(2)}; the alert line is 1`
      : "No scores yet",
  });
  drawn.append(shape("line", { class: "alert-line", x1: 0, x2: WIDTH, y1: y(1), y2: y(1) }));
  if (scores.length) {
    const points = scores.map((value, index) => `${x(index)} ${y(value)}`);
    const over = scores.map((value, index) => `${x(index)} ${y(Math.max(1, value))}`);
    drawn.append(
      shape("path", { class: "over", d: `M${x(0)} ${y(1)}L${over.join("L")}L${x(scores.length - 1)} ${y(1)}Z` }),
      shape("path", { class: "line", d: `M${points.join("L")}` }),
    );
  }
  return drawn;
}

// Elements from data: text is always text, never markup.

/** Make an element. `attributes` may hold class, data-*, aria-*, and event handlers (onclick). */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/**
 * Bring a list in line with items: keeps the elements (and with them focus and what is unfolded) of
 * items that stay, and touches only what has changed.
 */
export function reconcile(list, items, { key, make, update }) {
  const known = new Map(Array.from(list.children, (child) => [child.dataset.key, child]));
  let before = list.firstElementChild;
  for (const item of items) {
    const id = key(item);
    let child = known.get(id);
    if (child) known.delete(id);
    else {
      child = make(item);
      child.dataset.key = id;
    }
    const print = JSON.stringify(item);
    if (child.print !== print) {
      child.print = print;
      update(child, item);
    }
    if (child === before) before = before.nextElementSibling;
    else list.insertBefore(child, before);
  }
  for (const child of known.values()) child.remove();
}

export function note(id, text) {
  const place = document.getElementById(id);
  place.textContent = text;
  place.hidden = !text;
}

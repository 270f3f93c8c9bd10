// Where the page's facts come from: requests with their refusals in words, and the live stream.

export class Refused extends Error {}

/** Ask the service; the browser's cache answers for what has not changed (ETag). */
export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== null && value !== ""));
  const text = query.toString();
  const answer = await fetch(text ? `${path}?${text}` : path, {
    cache: "no-cache", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10_000),
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(body.detail || `the service answered ${answer.status}`);
  return body;
}

/** Have something changed, as whoever holds the token. */
export async function change(method, path, token, said = null) {
  const headers = { Accept: "application/json", Authorization: `Bearer ${token}` };
  if (said) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method, headers, body: said && JSON.stringify(said), signal: AbortSignal.timeout(15_000),
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Refused(body.detail || `the service answered ${answer.status}`), { status: answer.status });
  return body;
}

/**
 * Listen for incidents. `onMode` is told `live` or `polling`; `onChange` that something happened or
 * may have been missed. The browser reconnects by itself unless it was refused; then we try again.
 */
export function listen({ onMode, onChange }, retrySeconds = 30) {
  const source = new EventSource("/api/v1/events/stream");
  source.addEventListener("open", () => { onMode("live"); onChange(); });
  source.addEventListener("incident", onChange);
  source.addEventListener("reset", onChange);
  source.addEventListener("error", () => {
    onMode("polling");
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen({ onMode, onChange }, retrySeconds), retrySeconds * 1000);
    }
  });
}

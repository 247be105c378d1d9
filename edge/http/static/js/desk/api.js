// What the page asks of /v1/: the same address as a HIS, with the token that the staff typed in.

const TOKEN = "facepay.token";
export const token = {
  get: () => sessionStorage.getItem(TOKEN) ?? "",
  set: (value) => sessionStorage.setItem(TOKEN, value),
};

/** Thrown for every answer that is not a success; `problem` is the RFC 9457 body. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? String(status));
    Object.assign(this, { status, problem });
  }
}

async function call(path, options = {}) {
  const headers = { ...(options.headers ?? {}) };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  const answer = await fetch(path, { ...options, headers });
  if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

export const get = async (path) => (await call(path)).json();
export const text = async (path) => (await call(path)).text();

/** POST with a key of its own; the caller keeps the key to send the same again. */
export async function post(path, body, key) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  return (await call(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

export const freshKey = () => `desk-${[...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("")}`;

// Texts. Both languages are loaded at the start, so switching needs no network.

export const LANGS = ["zh-CN", "en"];
const texts = {};
let lang = LANGS[0];

/** `folder`: the patient's page and the staff's have texts of their own. */
export async function load(folder = "/static/i18n") {
  await Promise.all(LANGS.map(async (name) => {
    texts[name] = await (await fetch(`${folder}/${name}.json`)).json();
  }));
}

export function use(name) {
  lang = LANGS.includes(name) ? name : LANGS[0];
  document.documentElement.lang = lang;
}

export const current = () => lang;
export const other = () => LANGS[(LANGS.indexOf(lang) + 1) % LANGS.length];

/** The text of `key` with {placeholders} filled in. */
export function t(key, values = {}) {
  const text = texts[lang]?.[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** The text of `key`, or `fallback` when there is none (codes of the centre, names in data). */
export function tOr(key, fallback) {
  return texts[lang]?.[key] ?? fallback;
}

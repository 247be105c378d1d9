// Parts of the staff's page: panels, rows of a name and a value, times, buttons.
import { h } from "../dom.js";
import { current, t } from "../i18n.js";
import { icon } from "../icons.js";

/** A panel: one heading, one mark, what is in it. tone: "" | warn | bad. */
export function panel(name, mark, title, children, { tone = "", count = null } = {}) {
  return h("section", { class: `panel ${tone}`, "data-panel": name },
    h("h2", {}, icon(mark), h("span", {}, title), count !== null && h("b", { class: "count" }, String(count))), children);
}

/** Lines of a name and a value; a value that is null leaves its line out. */
export function facts(rows) {
  return h("dl", {}, rows.filter(([, value]) => value !== null).map(([name, value, tone = ""]) =>
    h("div", { class: tone }, h("dt", {}, name), h("dd", {}, value))));
}

export function button(kind, name, word, act, { key = word, disabled = false } = {}) {
  return h("button", { type: "button", class: `button ${kind}`, on: act, "data-key": key, disabled }, icon(name), h("span", {}, word));
}

/** A moment of the clinic's day, short. */
export function moment(utcMs) {
  return new Intl.DateTimeFormat(current(), { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false }).format(new Date(utcMs));
}

/** How long ago, in the largest unit that says something. */
export function since(utcMs, nowMs) {
  const minutes = Math.max(0, Math.floor((nowMs - utcMs) / 60_000));
  if (minutes < 60) return t("desk.minutes", { count: minutes });
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? t("desk.hours", { count: hours }) : t("desk.days", { count: Math.floor(hours / 24) });
}

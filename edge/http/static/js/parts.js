// Parts that several screens share.
import { h } from "./dom.js";
import { t, tOr } from "./i18n.js";
import { icon } from "./icons.js";
import { shares, yuan } from "./money.js";

const LONG_CHARS = 9; // "¥1,234.56" still fits at full size

/** A button with icon and word. `act` is called once; the frame locks the page until the next screen. */
export function button(kind, name, word, act, { hint = null, key = word, disabled = false } = {}) {
  return h("button", { type: "button", class: `button ${kind}`, on: act, "data-key": key, disabled },
    icon(name), h("span", { class: "word" }, word, hint && h("small", {}, hint)));
}

/** The heading of a screen and the line under it. */
export function heading(title, line = null, mark = null) {
  return h("div", { class: "heading" },
    h("h1", {}, mark && icon(mark, "mark"), h("span", {}, title)), line && h("p", { class: "lead" }, line));
}

/** A note: icon, word, quiet box. tone: info | warn | bad. */
export function note(tone, mark, text) {
  return h("p", { class: `note ${tone}` }, icon(mark), h("span", {}, text));
}

/** What the patient pays, biggest; then who pays the rest. */
export function money(split, { you, estimate = false }) {
  const part = shares(split);
  const rows = [["total", part.total], ["fund", part.fund], ["account", part.account]];
  if (part.hospital) rows.push(["hospital", part.hospital]);
  const size = yuan(part.you).length > LONG_CHARS ? "you long" : "you";
  return h("div", { class: "money" },
    h("p", { class: size }, h("span", {}, you, estimate && h("em", {}, t("split.estimate"))), h("strong", {}, yuan(part.you))),
    h("dl", {}, rows.map(([name, fen]) => h("div", { class: name }, h("dt", {}, t(`split.${name}`)), h("dd", {}, yuan(fen))))));
}

const MONEY = /^-?\d+\.\d\d$/;
// Lines of the slip that the money panel says already, in larger type.
const SHOWN_IN_MONEY = new Set(["medfee_sumamt", "fund_pay_sumamt", "acct_pay", "acct_mulaid_pay", "hosp_part_amt", "psn_cash_pay"].map((name) => `slip.${name}`));
const isMoney = (key) => key === "slip.balc" || key.startsWith("slip.paid_") || SHOWN_IN_MONEY.has(key); // never a number of a bill

/** Slip lines: keys are texts, values are values. */
export function slip(lines, split) {
  const rows = (lines ?? []).filter(([key]) => !split || !SHOWN_IN_MONEY.has(key));
  return h("dl", { class: "slip" }, rows.map(([key, value]) =>
    h("div", {}, h("dt", {}, tOr(key, key)), h("dd", {}, value.match(MONEY) && isMoney(key) ? yuan(value.replace(".", "")) : value))));
}

/** What this visit is about: kind and amount. */
export function about(fields) {
  return h("p", { class: "about" }, h("span", {}, tOr(`kind.${fields.kind}`, fields.kind ?? "")),
    fields.amount_fen ? h("b", {}, yuan(fields.amount_fen)) : null);
}

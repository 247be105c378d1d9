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

/** What the patient pays, biggest; then who pays the rest. With a deposit: what comes back or is still to be paid. */
export function money(split, { you, estimate = false, deposit = null, lines = 4 }) {
  const part = shares(split);
  const rows = deposit ? bedsideRows(part, deposit).slice(-lines) : [["total", part.total], ["fund", part.fund], ["account", part.account]];
  if (part.hospital && !deposit) rows.push(["hospital", part.hospital]);
  const now = deposit ? atBedside(deposit) : { what: you, fen: part.you };
  const size = yuan(now.fen).length > LONG_CHARS ? "you long" : "you";
  return h("div", { class: "money" },
    h("p", { class: size }, h("span", {}, now.what, estimate && h("em", {}, t("split.estimate"))), h("strong", {}, yuan(now.fen))),
    h("dl", {}, rows.map(([name, fen]) => h("div", { class: name }, h("dt", {}, t(`split.${name}`)), h("dd", {}, yuan(fen))))));
}

const SLIP_ROWS = 5; // on the screen; the printed slip has them all

/** Which way money goes at the bedside: "refund" or "collect". */
export const wayOf = (deposit) => deposit.refund_fen ? "refund" : "collect";

/** What leads to the one number, the nearest last: where there is no room for all, the first are on paper. */
function bedsideRows(part, deposit) {
  const maybe = [["hospital", part.hospital], ["account", part.account]].filter(([, fen]) => fen);
  return [["total", part.total], ["fund", part.fund], ...maybe, ["own", part.you], ["deposit", deposit.deposit_fen]];
}

const atBedside = (deposit) => ({ what: t(`split.${wayOf(deposit)}`), fen: deposit[`${wayOf(deposit)}_fen`] });

const MONEY = /^-?\d+\.\d\d$/;
// Lines of the slip that the money panel says already, in larger type.
const SHOWN_IN_MONEY = new Set(["medfee_sumamt", "fund_pay_sumamt", "acct_pay", "acct_mulaid_pay", "hosp_part_amt", "psn_cash_pay"].map((name) => `slip.${name}`));
const SHOWN_WITH_DEPOSIT = new Set(["deposit_amt", "deposit_refund", "deposit_collect"].map((name) => `slip.${name}`));
const MONEY_LINES = new Set([...SHOWN_IN_MONEY, ...SHOWN_WITH_DEPOSIT, "slip.balc", "slip.deposit_now", "slip.arrears_amt", "slip.wallet_amt", "slip.wallet_got", "slip.wallet_balc"]);
const isMoney = (key) => key.startsWith("slip.paid_") || MONEY_LINES.has(key); // never a number of a bill

/** Slip lines: keys are texts, values are values. */
export function slip(lines, split) {
  const rows = (lines ?? []).filter(([key]) => !split || !(SHOWN_IN_MONEY.has(key) || SHOWN_WITH_DEPOSIT.has(key)));
  const shown = rows.length > SLIP_ROWS ? rows.slice(0, SLIP_ROWS - 1) : rows;
  return h("dl", { class: "slip" }, shown.map(([key, value]) =>
    h("div", {}, h("dt", {}, tOr(key, key)), h("dd", {}, worded(key, value)))),
  shown.length < rows.length && h("div", {}, h("dt", {}, t("slip.more", { count: rows.length - shown.length }))));
}

const PLACES = new Set(["slip.mdtrtarea", "slip.file_before_discharge"]);

/** A value as people say it: money with its sign (also behind a name), a place by its name. */
function worded(key, value) {
  if (value.match(MONEY) && isMoney(key)) return yuan(value.replace(".", ""));
  if (key === "slip.relative" || key === "slip.subsidy") return value.replace(/-?\d+\.\d\d$/, (amount) => yuan(amount.replace(".", "")));
  return PLACES.has(key) ? tOr(`area.${value}`, value) : value;
}

/** What this visit is about: kind and amount. */
export function about(fields) {
  return h("p", { class: "about" }, h("span", {}, tOr(`kind.${fields.kind}`, fields.kind ?? "")),
    fields.amount_fen ? h("b", {}, yuan(fields.amount_fen)) : null);
}

// Screens about the bill itself: nothing waits, confirm, working, and the five ways it can end.
import { h } from "./dom.js";
import { face } from "./figure.js";
import { t, tOr } from "./i18n.js";
import { icon } from "./icons.js";
import { yuan } from "./money.js";
import { button, heading, money, note, slip, wayOf } from "./parts.js";

const PHASES = ["identify", "estimate", "record", "answer"];
const BEFORE = { template: "identify", rx: "identify" }; // a phase that the patient need not tell apart

export function idleScreen() {
  return {
    main: h("section", { class: "split-view idle" }, face("look", "calm"), h("div", { class: "side" },
      heading(t("idle.title"), t("idle.line")),
      h("ul", { class: "kinds" }, ["face", "qr", "card"].map((way) => h("li", {}, icon(way), h("span", {}, t(`way.${way}`))))))),
    say: t("idle.title"),
    bare: true,
  };
}

const AMOUNT_WORDS = { deposit: "split.deposit.now", wallet_send: "split.wallet" };

export function confirmScreen(fields) {
  const notes = [];
  if (fields.mode === "provisional") notes.push(note("warn", "hourglass", t("confirm.provisional")));
  else if (fields.mode === "queued") notes.push(note("info", "upload", t("confirm.queued")));
  else if (fields.estimate) notes.push(note("info", "info", t("confirm.estimate")));
  if (fields.kind === "activate") notes.push(note("info", "info", t("confirm.activate")));
  if (fields.way === "onecode") notes.push(note("info", "qr", t("confirm.onecode")));
  if (fields.to) notes.push(note("info", "person", t("confirm.to", { name: fields.to })));
  if (fields.blocked) notes.push(note("warn", "clock", t("confirm.credit.blocked", { why: t(`refused.credit_${fields.blocked}`) })));
  if (fields.due) notes.push(note("info", "clock", t("confirm.credit", { due: fields.due })));
  return {
    main: h("section", { class: "confirm" },
      h("div", { class: "head-row" }, heading(t(fields.split || fields.amount_fen ? "confirm.title" : "confirm.title.free")), h("p", { class: "about" },
        icon("person"), personName(fields.person) && h("span", {}, personName(fields.person)), h("span", {}, tOr(`kind.${fields.kind}`, fields.kind ?? "")))),
      fields.split
        ? money(fields.split, { you: t(fields.due ? "split.later" : "split.you"), estimate: fields.estimate, deposit: fields.deposit })
        : fields.amount_fen || !fields.rows ? amountOnly(fields.amount_fen, AMOUNT_WORDS[fields.kind] ?? "split.total")
        : [h("div", { class: "asked" }, slip(fields.rows)), note("info", "info", t("confirm.free"))],
      notes),
    say: fields.split ? spoken("confirm", fields) : t(fields.amount_fen ? "confirm.title" : "confirm.title.free"),
    cancel: true,
    side: fields.choice ? { button: "pay", icon: "money", word: t("pay.word") } : null,
    go: { button: "confirm", value: fields.asks, icon: "check", word: t(fields.split ? "confirm.go" : "confirm.go.free") },
  };
}

const CHOICES_A_PAGE = 4;
const CHOICE_ICONS = { relative: "person", none: "money", cash: "money", onecode: "qr", credit: "clock" };

/** How the own part is paid: each button is a whole answer; the one that holds now is marked. */
export function payScreen(fields, page) {
  const choices = fields.choices ?? [];
  const pages = Math.ceil(choices.length / CHOICES_A_PAGE);
  const first = (page.local.leaf ?? 0) % Math.max(1, pages) * CHOICES_A_PAGE;
  return {
    main: h("section", { class: "whom" },
      h("div", { class: "head-row" }, heading(t("pay.title")),
        pages > 1 && button("quiet", "next", t("whom.more"), () => page.turn(), { key: "more" })),
      h("div", { class: "people" }, choices.slice(first, first + CHOICES_A_PAGE).map((one) =>
        button(one.now ? "person now" : "person", one.now ? "check" : CHOICE_ICONS[one.what] ?? "card", choiceName(one),
          () => page.press("choose", one.value), { hint: choiceHint(one), key: `pay-${one.value}` })))),
    say: t("pay.title"),
    cancel: true,
  };
}

const choiceName = (one) => one.name || tOr(`pay.${one.what}`, one.what);

function choiceHint(one) {
  if (one.name) return `${tOr(`relation.${one.relation}`, one.relation)} ${yuan(one.fen)}`;
  if (one.due) return t("pay.credit.line", { amount: yuan(one.fen), due: one.due.slice(5) });
  return one.fen ? t("pay.upto", { amount: yuan(one.fen) }) : tOr(`pay.${one.what}.line`, "");
}

/** The one amount that counts now: what the patient pays, or at the bedside what the deposit leaves. */
function spoken(screen, { split, deposit, due }) {
  if (!deposit) return t(due ? `${screen}.spoken.credit` : `${screen}.spoken`, { amount: yuan(split.psn_cash_pay_fen), due });
  const way = wayOf(deposit);
  return t(`${screen}.spoken.${way}`, { amount: yuan(deposit[`${way}_fen`]) });
}

const amountOnly = (fen, word) => fen
  ? h("div", { class: "money one" }, h("p", { class: "you" }, h("span", {}, t(word)), h("strong", {}, yuan(fen))))
  : h("div", { class: "money free" }, h("p", { class: "you" }, t("confirm.free")));

const personName = (person) => typeof person === "string" ? person : person?.name ?? person?.psn_name ?? "";

export function workingScreen(fields) {
  const at = Math.max(0, PHASES.indexOf(BEFORE[fields.phase] ?? fields.phase));
  return {
    main: h("section", { class: "working" },
      h("div", { class: "ring-box", "aria-hidden": "true" }),
      heading(t(`phase.${fields.phase === "rx" ? "rx" : PHASES[at]}`), t("working.line")),
      h("ol", { class: "phases" }, PHASES.map((name, i) => h("li", { class: i < at ? "done" : i === at ? "now" : "" },
        i < at ? icon("check") : icon("dot"), h("span", {}, t(`phase.${name}.short`)))))),
    say: t(`phase.${PHASES[at]}`),
  };
}

// Of credit the screen says the amount and the day, larger; the paper has the bank's number too.
const ON_PAPER = new Set(["slip.paid_credit", "slip.credit_due", "slip.capt_no"]);

export function settledScreen(fields) {
  return {
    main: h("section", { class: "ending good" },
      h("div", { class: "badge" }, icon("check")),
      heading(settledTitle(fields), settledLine(fields)),
      fields.split && money(fields.split, { you: t(fields.due ? "split.later" : "split.you"), deposit: fields.deposit, lines: 3 }),
      slip(fields.due ? fields.slip.filter(([key]) => !ON_PAPER.has(key)) : fields.slip, fields.split)),
    say: fields.due ? t("settled.credit", { due: fields.due }) : fields.split ? spoken("settled", fields) : settledTitle(fields),
    go: { button: "done", icon: "check", word: t("done.go") },
  };
}

const OF_A_KIND = new Set(["collect", "wallet_send", "wallet_take"]); // words of their own

function settledTitle(fields) {
  if (fields.outcome === "adjusted") return t("settled.adjusted");
  if (OF_A_KIND.has(fields.kind)) return t(`settled.${fields.kind}`);
  return t(fields.split ? "settled.title" : "settled.title.free");
}

function settledLine(fields) {
  if (fields.outcome === "adjusted") return differenceLine(fields.difference_fen ?? 0);
  if (OF_A_KIND.has(fields.kind)) return t(`settled.${fields.kind}.line`);
  return fields.due ? t("settled.credit", { due: fields.due }) : t("settled.line");
}

function differenceLine(fen) {
  if (fen > 0) return t("settled.more", { amount: yuan(fen) });
  if (fen < 0) return t("settled.less", { amount: yuan(-fen) });
  return t("settled.same");
}

export function provisionalScreen(fields) {
  return {
    main: h("section", { class: "ending wait" },
      h("div", { class: "badge" }, icon("hourglass")),
      heading(t(`provisional.title${fields.split ? "" : ".free"}`), t(`provisional.line${fields.split ? "" : ".free"}`)),
      fields.split && money(fields.split, { you: t("split.you"), estimate: true }),
      slip(fields.slip, fields.split)),
    say: t(`provisional.title${fields.split ? "" : ".free"}`),
    go: { button: "done", icon: "check", word: t("done.go") },
  };
}

export function confirmingScreen() {
  return {
    main: h("section", { class: "ending wait" },
      h("div", { class: "badge" }, icon("clock")),
      heading(t("confirming.title"), t("confirming.line")),
      note("warn", "warn", t("confirming.note"))),
    say: t("confirming.title") + " " + t("confirming.note"),
    go: { button: "done", icon: "check", word: t("done.go") },
  };
}

const STEP_ICONS = { try_again: "again", use_code: "qr", use_card: "card", pay_full: "money", wait_network: "net", sit_closer: "closer" };

const ENDED_BY_PATIENT = new Set(["cancelled", "timeout", "left"]); // nothing went wrong: no alarm

export function refusedScreen(fields) {
  const { title, line } = reason(fields.code ?? "", fields.detail ?? {});
  const own = ENDED_BY_PATIENT.has(fields.code);
  const steps = (fields.next_steps ?? []).filter((step) => step !== "ask_staff");
  return {
    main: h("section", { class: "refused" },
      h("div", { class: "head-row" }, h("div", { class: own ? "badge calm" : "badge bad" }, icon(own ? "clock" : "cross")), heading(title, steps.length ? `${line} ${t("next.lead")}` : line)),
      h("ul", { class: "steps" }, steps.map((step) => h("li", {}, icon(STEP_ICONS[step] ?? "next"), h("span", {}, tOr(`next.${step}`, step)))))),
    say: `${title} ${line}`,
    help: true,
    go: { button: "done", icon: "back", word: t("refused.go"), quiet: true },
  };
}

/** The visit is over: what was the matter, in the patient's words; the centre's own words only where we have none. */
function reason(code, detail) {
  if (!code.startsWith("rejected_")) return { title: tOr(`refused.${code}.${detail.cap}`, tOr(`refused.${code}`, t("refused.other"))), line: t("refused.line") };
  const known = tOr(`refused.${code.slice("rejected_".length)}`, null);
  const line = known ?? detail.err_msg;
  return { title: t("refused.rejected"), line: line ? t("refused.because", { line }) : t("refused.line") };
}

const NOTICES = { identified: ["person", "notice.identified"], scanned: ["qr", "notice.scanned"], success: ["check", "notice.success"], fail: ["cross", "notice.fail"] };

/** For a HIS that settles by itself: done here, or what it says; never the look of a settled bill. */
export function noticeScreen(fields) {
  const [picture, key] = NOTICES[fields.what] ?? NOTICES.fail;
  return {
    main: h("section", { class: "ending wait notice" },
      h("div", { class: fields.what === "fail" ? "badge bad" : "badge calm" }, icon(picture)),
      heading(t(key), t(`${key}.line`)),
      fields.person && h("p", { class: "about" }, icon("person"), h("span", {}, t("notice.person", { name: fields.person }))),
      slip(fields.rows)),
    say: `${t(key)} ${t(`${key}.line`)}`,
    go: { button: "done", icon: "check", word: t("done.go") },
  };
}

export function outScreen(fields) {
  const starting = fields.code === "starting";
  const [title, line] = starting ? ["out.starting", "out.starting.line"] : ["out.title", "out.line"];
  return {
    main: h("section", { class: "ending" },
      h("div", { class: starting ? "badge calm" : "badge bad" }, icon(starting ? "hourglass" : "wrench")), heading(t(title), t(line)),
      !starting && h("p", { class: "code" }, t("code.word", { code: fields.code ?? "" }))),
    say: t(title),
    bare: true,
  };
}

// The work list: each task says what happened, how much it is about, and offers one clear action.
import { h } from "../dom.js";
import { t, tOr } from "../i18n.js";
import { icon } from "../icons.js";
import { yuan } from "../money.js";
import { button, moment, panel, since } from "./parts.js";

const SHOWN_MAX = 50; // more are counted; the HIS API lists them all
const ICONS = { collected: "money", refunded: "back", claimed: "upload", absorbed: "check", written_off: "cross", checked: "check" };

export function view({ status, tasks, total, now }, desk) {
  const frozen = Boolean(status.frozen_code); // nothing can be signed, a closing neither
  const cards = tasks.slice(0, SHOWN_MAX).map((one) => card(one, now, desk, frozen));
  const more = total > cards.length ? h("p", { class: "hint" }, t("desk.work.more", { count: total - cards.length })) : null;
  const body = cards.length ? h("ol", { class: "cards" }, cards) : h("p", { class: "empty" }, icon("check"), h("span", {}, t("desk.work.none")));
  return panel("work", "check", t("desk.work.title"), [body, more], { count: total });
}

function card(one, now, desk, frozen) {
  const { task, hows, claim } = one;
  const late = task.status === "open" && task.due_utc_ms < now;
  return h("li", { class: `task ${task.status} ${late ? "late" : ""}`, "data-task": task.task_id },
    h("div", { class: "what" },
      h("h3", {}, tOr(`desk.kind.${task.kind}`, task.kind)),
      h("p", {}, tOr(`desk.kind.${task.kind}.line`, "")),
      h("p", { class: "hint" }, t("desk.task.about", { bill: task.bill_no || "–", when: moment(task.created_utc_ms), ago: since(task.created_utc_ms, now) }),
        task.code && ` · ${task.code}`),
      task.refused && h("p", { class: "again" }, t("desk.task.refused", { code: task.refused })),
      late && h("p", { class: "again" }, t("desk.task.late", { when: moment(task.due_utc_ms) }))),
    amount(task),
    h("div", { class: "acts" }, task.status === "closing"
      ? h("p", { class: "closing" }, icon("hourglass"), h("span", {}, t("desk.task.closing")))
      : [hows.length > 0 && button("go", ICONS[hows[0]] ?? "check", t(`desk.how.${hows[0]}`), () => desk.close(one, hows[0]), { key: `${task.task_id}-go`, disabled: frozen }),
        hows.length > 1 && button("quiet", "next", t("desk.how.other"), () => desk.close(one, null), { key: `${task.task_id}-other`, disabled: frozen })],
      claim && button("quiet", "card", t("desk.claim"), () => desk.print(task.task_id), { key: `${task.task_id}-claim` })));
}

function amount(task) {
  if (!task.due_fen) return h("p", { class: "amount none" }, t("desk.amount.none"));
  const word = task.due_fen > 0 ? "desk.amount.collect" : "desk.amount.refund";
  return h("p", { class: `amount ${task.due_fen > 0 ? "in" : "out"}` }, h("small", {}, t(word)), h("strong", {}, yuan(Math.abs(task.due_fen))));
}

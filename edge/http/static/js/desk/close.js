// Closing a task: how, by whom, and the amount where only the staff know it. What is said here is signed.
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { yuan } from "../money.js";
import { freshKey, post } from "./api.js";
import { button } from "./parts.js";

export const OPERATOR = "facepay.operator";
const YUAN = /^(\d{1,8})(?:\.(\d{1,2}))?$/;

/** "12.3" -> 1230; null for what is no amount. Digits only, no floating point. */
export function fen(text) {
  const found = text.trim().match(YUAN);
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : null;
}

/** Ask in the dialog and post; `done` is called when the terminal has recorded it. */
export function ask(dialog, one, how, done) {
  const { task, hows, free } = one;
  const key = freshKey(); // the same for every try: a second press is the same closing
  const ways = how ? [how] : hows;
  const pick = h("select", { id: "how", disabled: ways.length < 2 }, ways.map((name) => h("option", { value: name }, t(`desk.how.${name}`))));
  const operator = h("input", { id: "operator", maxlength: 64, autocomplete: "off", value: sessionStorage.getItem(OPERATOR) ?? "" });
  const amount = h("input", { id: "amount", inputmode: "decimal", maxlength: 12, autocomplete: "off", value: free ? "" : (Math.abs(task.due_fen) / 100).toFixed(2), disabled: !free });
  const note = h("input", { id: "note", maxlength: 200, autocomplete: "off" });
  const wrong = h("p", { class: "again", role: "alert" });
  const money = h("label", { for: "amount" }, h("span", {}, t("desk.close.amount")), amount);
  const look = () => { money.hidden = pick.value === "checked"; };
  pick.addEventListener("change", look);
  look();

  const send = async () => {
    const fenSaid = pick.value === "checked" ? 0 : free ? fen(amount.value) : Math.abs(task.due_fen);
    if (!operator.value.trim()) { wrong.textContent = t("desk.close.operator.missing"); operator.focus(); return; }
    if (fenSaid === null) { wrong.textContent = t("desk.close.amount.wrong"); amount.focus(); return; }
    sessionStorage.setItem(OPERATOR, operator.value.trim());
    try {
      await post(`/v1/tasks/${task.task_id}/close`, { how: pick.value, amount_fen: fenSaid, operator: operator.value.trim(), note: note.value.trim() }, key);
      dialog.close();
      done();
    } catch (error) {
      wrong.textContent = error.problem ? `${error.problem.code}: ${error.message}` : t("desk.lost");
    }
  };
  fill(dialog, h("div", { class: "close-box" },
    h("h2", {}, t("desk.close.title")),
    h("p", {}, t(`desk.kind.${task.kind}`), " · ", task.bill_no, task.due_fen ? ` · ${yuan(Math.abs(task.due_fen))}` : ""),
    h("label", { for: "how" }, h("span", {}, t("desk.close.how")), pick), money,
    h("label", { for: "operator" }, h("span", {}, t("desk.close.operator")), operator),
    h("label", { for: "note" }, h("span", {}, t("desk.close.note")), note),
    h("p", { class: "hint" }, t("desk.close.signed")), wrong,
    h("div", { class: "acts" }, button("quiet", "back", t("desk.back"), () => dialog.close(), { key: "back" }), button("go", "check", t("desk.close.go"), send, { key: "send" }))));
  dialog.showModal();
}

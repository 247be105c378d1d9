// The prescription that waits for the pharmacist: what was written, and a yes or a no with a name. The
// hospital hears it; a no has a reason.
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { freshKey, post } from "./api.js";
import { OPERATOR } from "./close.js";
import { button, facts, panel } from "./parts.js";

export function view({ review }, desk) {
  if (!review) return null;
  const rx = review.prescription;
  const drugs = rx.drugs.map((drug) => [drug.drug_genname, [`${drug.drug_cnt} ${drug.drug_dosunt}`, drug.medc_way_dscr,
    `${drug.sin_doscnt}${drug.sin_dosunt}`, drug.used_frqu_name].filter(Boolean).join(" · ")]);
  return panel("review", "warn", t("desk.review.title"), [
    facts([[t("desk.review.from"), `${rx.fixmedins_name} · ${rx.doctor} · ${rx.prsc_time}`],
      [t("desk.review.for"), `${rx.person} · ${rx.diagnoses.join(" · ")}`], ...drugs]),
    h("div", { class: "acts" },
      button("quiet", "cross", t("desk.review.no"), () => desk.review(review, false), { key: "review-no" }),
      button("go", "check", t("desk.review.yes"), () => desk.review(review, true), { key: "review-yes" })),
  ], { tone: "warn" });
}

/** Ask for the name (and the reason of a no) in the dialog, and post it; `done` when the terminal has it. */
export function ask(dialog, review, passed, done) {
  const key = freshKey(); // the same for every try: a second press is the same word
  const operator = h("input", { id: "operator", maxlength: 64, autocomplete: "off", value: sessionStorage.getItem(OPERATOR) ?? "" });
  const reason = h("input", { id: "reason", maxlength: 200, autocomplete: "off" });
  const wrong = h("p", { class: "again", role: "alert" });
  const send = async () => {
    if (!operator.value.trim()) { wrong.textContent = t("desk.close.operator.missing"); operator.focus(); return; }
    if (!passed && !reason.value.trim()) { wrong.textContent = t("desk.review.reason.missing"); reason.focus(); return; }
    sessionStorage.setItem(OPERATOR, operator.value.trim());
    try {
      await post(`/v1/bills/${review.bill_id}/review`, { operator: operator.value.trim(), passed, reason: reason.value.trim() }, key);
      dialog.close();
      done();
    } catch (error) {
      wrong.textContent = error.problem ? `${error.problem.code}: ${error.message}` : t("desk.lost");
    }
  };
  fill(dialog, h("div", { class: "close-box" },
    h("h2", {}, passed ? t("desk.review.yes") : t("desk.review.no")),
    h("p", {}, review.prescription.drugs.map((drug) => drug.drug_genname).join(" · ")),
    h("label", { for: "operator" }, h("span", {}, t("desk.close.operator")), operator),
    passed ? null : h("label", { for: "reason" }, h("span", {}, t("desk.review.reason")), reason),
    wrong,
    h("div", { class: "acts" }, button("quiet", "back", t("desk.back"), () => dialog.close(), { key: "back" }), button("go", "check", t("desk.close.go"), send, { key: "send" }))));
  dialog.showModal();
}

// Persons who are not served without the network until what they owe is closed. No names: the terminal keeps none.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { yuan } from "../money.js";
import { moment, panel } from "./parts.js";

export function view({ tasks }) {
  const owing = tasks.filter((one) => one.blocks && one.task.person);
  if (!owing.length) return null;
  const rows = owing.map(({ task }) => h("li", {},
    h("span", {}, t("desk.blocked.row", { bill: task.bill_no, when: moment(task.created_utc_ms) })), h("b", {}, yuan(task.due_fen))));
  return panel("blocked", "person", t("desk.blocked.title"), [h("p", { class: "hint" }, t("desk.blocked.line")), h("ul", { class: "blocked" }, rows)], { count: new Set(owing.map(({ task }) => task.person)).size });
}

// Why something has stopped, each with its code; nothing is shown when all is well.
import { h } from "../dom.js";
import { t, tOr } from "../i18n.js";
import { panel } from "./parts.js";

export function view({ status }) {
  const found = [];
  if (status.frozen_code) found.push([status.frozen_code, tOr(`desk.stop.${status.frozen_code}`, t("desk.stop.frozen"))]);
  if (status.stop_code) found.push([status.stop_code, t("desk.stop.log")]);
  const closed = status.service !== "open" && status.service !== status.frozen_code;
  if (closed) found.push([status.service, tOr(`desk.stop.${status.service}`, t("desk.stop.closed"))]);
  for (const device of ["camera", "board"]) if (status[device] !== "ok") found.push([status[device], t(`desk.stop.${device}`)]);
  if (!found.length) return null;
  const lines = found.map(([code, line]) => h("li", {}, h("b", {}, code), h("span", {}, line)));
  return panel("stops", "warn", t("desk.stops.title"), h("ul", { class: "stops" }, lines), { tone: status.frozen_code || closed ? "bad" : "warn" });
}

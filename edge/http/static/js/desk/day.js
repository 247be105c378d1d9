// The end of the day: what nobody knows yet, which days agree with the centre, and a button to compare today.
import { h } from "../dom.js";
import { current, t } from "../i18n.js";
import { freshKey, post } from "./api.js";
import { button, facts, panel } from "./parts.js";

const day = (utcMs) => new Intl.DateTimeFormat(current(), { month: "numeric", day: "numeric" }).format(new Date(utcMs - 1));

export function view({ status }, desk) {
  const rows = [
    [t("desk.day.unknown"), String(status.unknown), status.unknown ? "warn" : ""],
    [t("desk.day.open"), String(status.days_open), status.days_open ? "warn" : ""],
    [t("desk.day.until"), status.reconciled_until_utc_ms ? day(status.reconciled_until_utc_ms) : t("desk.day.until.none")],
    [t("desk.day.closing"), status.day_closing || null],
  ];
  const close = () => post("/v1/day/close", {}, freshKey()).then(desk.refresh, desk.refresh);
  const off = status.net !== "up" || Boolean(status.day_closing);
  return panel("day", "check", t("desk.day.title"), [facts(rows), button("quiet", "check", t("desk.day.go"), close, { key: "day-close", disabled: off })]);
}

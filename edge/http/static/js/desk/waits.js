// What the centre has not answered, and how long this terminal may still go on without it.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { yuan } from "../money.js";
import { facts, moment, panel, since } from "./parts.js";

const DAY_MS = 86_400_000;

export function view({ status, now }) {
  const { backlog, policy, offline } = status;
  const until = status.lease_until_utc_ms ?? policy.valid_until_utc_ms;
  const days = until ? Math.max(0, Math.floor((until - now) / DAY_MS)) : 0;
  const old = backlog.oldest_utc_ms ? `${moment(backlog.oldest_utc_ms)} · ${since(backlog.oldest_utc_ms, now)}` : null;
  const rows = [
    [t("desk.waits.count"), String(backlog.count)],
    [t("desk.waits.amount"), yuan(backlog.amount_fen)],
    [t("desk.waits.provisional"), t("desk.waits.provisional.value", { count: status.provisional, amount: yuan(status.provisional_fen) })],
    [t("desk.waits.oldest"), old],
    [t("desk.waits.net"), t(status.net === "up" ? "desk.net.up" : "desk.net.down"), status.net === "up" ? "good" : "warn"],
    [t("desk.waits.left"), offline.profile === "P1" ? t("desk.waits.left.value", { count: offline.left_count, amount: yuan(offline.left_fen), hours: offline.left_hours }) : t("desk.waits.left.none")],
    [t("desk.waits.lease"), until ? t("desk.days", { count: days }) : t("desk.waits.lease.none"), days < 3 ? "warn" : ""],
  ];
  return panel("waits", "upload", t("desk.waits.title"), h("div", {}, facts(rows)));
}

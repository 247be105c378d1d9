// What surrounds every screen and never moves: place, language, help; the network strip; cancel, time left, go.
import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";
import { yuan } from "./money.js";
import { button } from "./parts.js";

export function top(place, page) {
  const other = t("lang.other");
  return [
    h("div", { class: "brand" }, icon("face", "logo"), h("div", {}, h("b", {}, t("brand")), h("small", {}, place))),
    h("nav", {},
      h("button", { type: "button", class: "button quiet lang", "data-key": "lang", on: () => page.switchLang(), lang: t("lang.other.code") }, icon("globe"), h("span", { class: "word" }, other)),
      button("quiet help", "help", t("help.word"), () => page.help(), { key: "help" })),
  ];
}

/** Online: one quiet line. Offline: what is left, and what waits. */
export function strip(fields) {
  const down = fields.net === "down";
  const left = fields.offline;
  const parts = [h("span", { class: "net" }, icon(down ? "offline" : "net"), t(down ? "net.down" : "net.up"))];
  if (down && left) {
    parts.push(h("span", { class: left.warn ? "soon" : "" }, left.warn && icon("hourglass"), remaining(left)));
  }
  if (fields.waiting) parts.push(h("span", { class: "waiting" }, icon("upload"), t("net.waiting", { count: fields.waiting })));
  return { down, warn: down && left && (left.warn || left.ended), parts };
}

/** What is left of the outage: hours, and minutes in the last two; nothing once a limit is reached. */
function remaining(left) {
  if (left.ended || left.left_count <= 0 || left.left_minutes <= 0) return t("offline.none");
  const some = { count: left.left_count, amount: yuan(left.left_fen) };
  return left.left_minutes > 120
    ? t("offline.left", { ...some, hours: left.left_hours })
    : t("offline.left.minutes", { ...some, minutes: left.left_minutes });
}

export function foot(view, clock, page) {
  const left = view.cancel ? button("plain", "cross", t("cancel.word"), () => page.press("cancel"), { key: "cancel" }) : null;
  const aid = view.help ? button("go", "help", t("help.word"), () => page.help(), { key: "aid" }) : null;
  const back = view.back ? button("quiet", "back", t("other_way.word"), () => page.press(view.back), { key: "back" }) : null;
  const side = view.side ? button("quiet side", view.side.icon, view.side.word, () => page.press(view.side.button), { key: "side" }) : null;
  const go = view.go ? button(view.go.quiet ? "quiet" : "go", view.go.icon, view.go.word, () => page.press(view.go.button, view.go.value), { key: "go" }) : null;
  return [h("div", { class: "start" }, left), clock.node, h("div", { class: "end" }, back, side, go, aid)];
}

/** What to do, and for the staff: which terminal this is and why it refused. */
export function help(dialog, terminal, code, close) {
  fill(dialog, h("div", { class: "help-box" },
    h("h2", {}, icon("help"), t("help.title")), h("p", {}, t("help.line")),
    h("p", { class: "code" }, t("help.terminal", { terminal }), code && ` · ${t("code.word", { code })}`),
    button("go", "check", t("help.close"), close, { key: "close" })));
}

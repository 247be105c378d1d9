// Screens that find out who is here. A face is never the only way: code and card stay in sight.
import { h } from "./dom.js";
import { dot, face, phone, reader } from "./figure.js";
import { t, tOr } from "./i18n.js";
import { icon } from "./icons.js";
import { yuan } from "./money.js";
import { about, button, heading, note } from "./parts.js";

const WAY_ICONS = { face: "face", qr: "qr", card: "card" };
const PROBLEM_ICONS = { too_dark: "light", too_bright: "light", too_small: "closer", too_close: "closer" };

const ways = (names, page) => h("div", { class: "others" }, h("span", {}, t("way.or")), names.map((name) =>
  button("quiet", WAY_ICONS[name], t(`way.${name}.short`), () => page.instead(name), { key: `way-${name}` })));

const problemText = (code) => tOr(`problem.${code}`, t("problem.other", { code }));

/** The line under a heading: the guidance, or what is wrong just now. Same place and height, so nothing jumps. */
const slot = (problem, line) => h("div", { class: "slot" },
  problem ? note("warn", PROBLEM_ICONS[problem] ?? "warn", problemText(problem)) : h("p", { class: "lead" }, line));

export function waysScreen(fields, page) {
  const offered = fields.ways ?? [];
  return {
    main: h("section", { class: "ways" },
      h("div", { class: "head-row" }, heading(t("ways.title")), about(fields)),
      h("div", { class: `cards n${offered.length}` }, offered.map((name) =>
        button(name === "face" ? "way first" : "way", WAY_ICONS[name], t(`way.${name}`), () => page.press(name),
          { hint: t(`way.${name}.hint`), key: `way-${name}` }))),
      offered.includes("face") ? note("info", "info", t("ways.consent"))
        : note("info", "info", tOr(`ways.no_face.${fields.no_face}`, t("ways.no_face")))),
    say: t("ways.title"),
    cancel: true,
  };
}

export function lookScreen(fields, page) {
  const title = fields.problem ? problemText(fields.problem) : t("look.title");
  return {
    main: h("section", { class: "split-view" },
      face("look", fields.problem ? "waiting" : "good"),
      h("div", { class: "side" },
        heading(title, lookLine(fields), fields.problem ? PROBLEM_ICONS[fields.problem] ?? "warn" : "face"),
        fields.light && noLight(page), ways(["qr", "card"], page))),
    say: title,
    cancel: true,
  };
}

const TRIES_TOLD = 2; // the first try needs no warning

const lookLine = (fields) => fields.tries_left <= TRIES_TOLD ? t("look.line.tries", { count: fields.tries_left })
  : fields.light ? t("look.line.light") : t("look.line");

/** For people whom flashing does not suit: before it begins and while it lasts. */
const noLight = (page) => button("quiet", "light", t("light.none"), () => page.press("no_light"), { key: "no-light" });

export function lightScreen(fields, page) {
  return {
    main: h("section", { class: "split-view" },
      face("look", "good"),
      h("div", { class: "side" }, heading(t("light.title"), t(fields.part === "longer" ? "light.line.longer" : "light.line"), "light"), noLight(page), ways(["qr", "card"], page))),
    say: t("light.title"),
    cancel: true,
  };
}

export function challengeScreen(fields, page) {
  const title = tOr(`step.${fields.step}`, fields.step);
  const count = fields.count ?? 1;
  const now = fields.index ?? 0;
  const dots = Array.from({ length: count }, (_, i) => h("li", { class: i < now ? "done" : i === now ? "now" : "" },
    i < now ? icon("check") : String(i + 1)));
  const progress = h("ol", { class: "dots", "aria-label": t("challenge.progress", { now: now + 1, count }) }, dots);
  if (fields.step.startsWith("dot_")) return dotScreen(fields, progress, page);
  return {
    main: h("section", { class: "split-view" },
      face(fields.step, fields.problem ? "waiting" : "good"),
      h("div", { class: "side" },
        heading(title), slot(fields.problem, t(`step.${fields.step}.line`)),
        progress,
        ways(["qr", "card"], page))),
    say: fields.problem ? problemText(fields.problem) : title,
    cancel: true,
  };
}

/** The dot that the face follows: from the middle to its place, and home again once it was reached. */
function dotScreen(fields, dots, page) {
  const title = fields.problem ? problemText(fields.problem) : t(`step.${fields.home ? "dot_home" : fields.step}`);
  return {
    main: h("section", { class: "dot-view" },
      heading(title, null, fields.problem && (PROBLEM_ICONS[fields.problem] ?? "warn")),
      h("div", { class: "field" }, dot(fields.step, Boolean(fields.home))),
      h("div", { class: "head-row" }, ways(["qr", "card"], page), dots)),
    say: title,
    cancel: true,
  };
}

export function codeScreen(fields, page) {
  return {
    main: h("section", { class: "split-view" }, phone(), h("div", { class: "side" },
      heading(t("code.title")), slot(fields.problem, t("code.line")), ways(["card"], page))),
    say: fields.problem ? problemText(fields.problem) : t("code.title"),
    cancel: true,
    back: "other_way",
  };
}

export function cardScreen(fields, page) {
  return {
    main: h("section", { class: "split-view" }, reader(), h("div", { class: "side" },
      heading(t("card.title"), t("card.line")),
      fields.why ? note(fields.why === "live" ? "info" : "warn", fields.why === "live" ? "face" : "offline", tOr(`card.why.${fields.why}`, t("card.why.offline"))) : ways(["qr"], page))),
    say: t("card.title"),
    cancel: true,
    back: fields.why === "offline" ? null : "other_way",
  };
}

const PEOPLE_A_PAGE = 4;

export function whomScreen(fields, page) {
  const people = fields.people ?? [];
  const pages = Math.ceil(people.length / PEOPLE_A_PAGE);
  const first = (page.local.leaf ?? 0) % Math.max(1, pages) * PEOPLE_A_PAGE;
  const shown = people.slice(first, first + PEOPLE_A_PAGE);
  return {
    main: h("section", { class: "whom" },
      h("div", { class: "head-row" }, heading(t("whom.title")),
        pages > 1 && button("quiet", "next", t("whom.more"), () => page.turn(), { key: "more" })),
      h("div", { class: "people" }, shown.map((person) =>
        button("person", "person", person.name, () => page.press("choose", person.value),
          { hint: tOr(`relation.${person.relation}`, person.relation), key: `person-${person.value}` })))),
    say: t("whom.title"),
    cancel: true,
  };
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "delete", "0", "go"];

/** Big keys, masked; the digits are in this page only, and leave it once, when all are there. */
export function passwordScreen(fields, page) {
  const digits = fields.digits ?? 6;
  const typed = page.local.typed ?? "";
  const dots = Array.from({ length: digits }, (_, i) => h("li", { class: i < typed.length ? "done" : i === typed.length ? "now" : "" },
    i < typed.length ? icon("dot") : ""));
  const key = (name) => name === "delete"
    ? button("quiet", "back", t("password.delete"), () => page.type(typed.slice(0, -1)), { key: "pin-delete", disabled: !typed })
    : name === "go"
      ? button("first", "check", t("password.go"), () => page.sendTyped("password"), { key: "pin-go", disabled: typed.length !== digits })
      : h("button", { type: "button", class: "button key", "data-key": `pin-${name}`, on: () => page.type((typed + name).slice(0, digits)) },
        h("span", { class: "word" }, name));
  return {
    main: h("section", { class: "split-view pin" },
      h("div", { class: "side" },
        heading(t(fields.what ? `password.${fields.what}` : "password.title"), fields.problem ? null : fields.what ? t("password.new.line") : t("password.line", { limit: yuan(fields.limit_fen ?? 0), person: fields.person ?? "" })),
        fields.problem ? note("warn", "warn", fields.what ? problemText(fields.problem) : `${problemText(fields.problem)} · ${t("password.tries", { count: fields.tries_left })}`) : null,
        h("ol", { class: "dots", "aria-label": t("password.typed", { count: typed.length }) }, dots)),
      h("div", { class: "keys" }, KEYS.map(key))),
    say: fields.problem ? problemText(fields.problem) : t(fields.what ? `password.${fields.what}` : "password.title"),
    cancel: true,
    back: "other_way",
  };
}

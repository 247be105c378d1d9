// Screens of the pharmacy: choose a prescription, and what the pharmacist is reading.
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { yuan } from "./money.js";
import { button, heading, note } from "./parts.js";

const CARDS_A_PAGE = 2;
const DRUGS_A_PAGE = 2;
const DAY_CHARS = 10; // of "2026-11-18 08:00:00"

const day = (text) => (text ?? "").slice(0, DAY_CHARS);
const names = (rx) => rx.drugs.join(t("rx.and"));

/** A page of a list that may be longer than the screen, and the button that turns it. */
function leaf(rows, size, page) {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const first = (page.local.leaf ?? 0) % pages * size;
  const more = pages > 1 && button("quiet", "next", t("whom.more"), () => page.turn(), { key: "more" });
  return { shown: rows.slice(first, first + size), more };
}

export function prescriptionsScreen(fields, page) {
  const { shown, more } = leaf(fields.rx ?? [], CARDS_A_PAGE, page);
  return {
    main: h("section", { class: "whom rx" },
      h("div", { class: "head-row" }, heading(t("rx.title")), more),
      h("div", { class: "people" }, shown.map((rx) =>
        button("person", "slip", names(rx), () => page.press("choose", rx.value),
          { hint: t("rx.from", { place: rx.fixmedins_name, until: day(rx.vali_end_time) }), key: `rx-${rx.value}` })))),
    say: t("rx.title"),
    cancel: true,
  };
}

export function reviewScreen(fields, page) {
  const rx = fields.rx ?? { drugs: [], diagnoses: [] };
  const { shown, more } = leaf(rx.drugs, DRUGS_A_PAGE, page);
  return {
    main: h("section", { class: "review" },
      h("div", { class: "head-row" }, heading(t("review.title"), t("review.by", { place: rx.fixmedins_name, doctor: rx.doctor, day: day(rx.prsc_time) })), more),
      h("ul", { class: "drugs" }, shown.map((drug) => h("li", {},
        h("b", {}, drug.drug_genname), h("span", {}, `${drug.drug_cnt} ${drug.drug_dosunt}`),
        h("small", {}, usage(drug))))),
      note("info", "hourglass", t("review.wait"))),
    say: t("review.title"),
    cancel: true,
  };
}

function usage(drug) {
  const dose = `${drug.sin_doscnt}${drug.sin_dosunt}`;
  return [drug.medc_way_dscr, dose, drug.used_frqu_name].filter(Boolean).join(" ");
}

const PRICES_A_PAGE = 3;

/** What a drug costs nearby: for whoever asks at the counter; nothing is bought here. */
export function pricesScreen(fields, page) {
  const rows = fields.rows ?? [];
  const { shown, more } = leaf(rows, PRICES_A_PAGE, page);
  return {
    main: h("section", { class: "review prices" },
      h("div", { class: "head-row" }, heading(rows[0]?.name ?? fields.drug, rows.length ? t("prices.age", { days: 1 + Math.max(...rows.map((row) => row.price_days)) }) : null), more),
      rows.length
        ? h("ul", { class: "drugs" }, shown.map((row) => h("li", {},
          h("b", {}, yuan(row.pric.replace(".", ""))), h("small", {}, `${row.fixmedins_name} ${stockWord(row)}`),
          h("span", {}, row.minutes ? t("prices.far", { minutes: row.minutes }) : t("prices.here")))))
        : h("div", {}, note("info", "info", t("prices.none")))),
    say: t("prices.title"),
    go: { button: "done", icon: "check", word: t("done.go") },
  };
}

const stockWord = (row) => row.cnt ? t("prices.stock", { count: row.cnt }) : t("prices.unknown");

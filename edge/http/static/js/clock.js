// The time that is left on a screen: seen as a ring with a number, heard at a few moments.
import { h, s } from "./dom.js";
import { t } from "./i18n.js";

const HEARD_AT_S = [60, 30, 15, 10, 5];
const SHORT_MS = 15_000; // a short step is short from its start: no alarm
const TICK_MS = 250;

export function countdown(spoken) {
  const ring = s("circle", { cx: 20, cy: 20, r: 17, pathLength: 100, class: "ring-left" });
  const number = h("b", {});
  const word = h("span", {});
  const node = h("div", { class: "countdown", role: "timer" },
    s("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" }, s("circle", { cx: 20, cy: 20, r: 17, class: "ring" }), ring),
    h("p", {}, word, number));
  let ends = 0;
  let whole = 0;
  let heard = 0;

  const tick = () => {
    const left = Math.max(0, ends - performance.now());
    const seconds = Math.ceil(left / 1000);
    node.classList.toggle("gone", whole === 0);
    node.classList.toggle("soon", seconds <= 10 && whole > SHORT_MS);
    word.textContent = t("left.word");
    number.textContent = t("left.seconds", { seconds });
    ring.setAttribute("stroke-dasharray", `${whole ? (left / whole) * 100 : 0} 100`);
    if (whole && seconds !== heard && HEARD_AT_S.includes(seconds)) {
      heard = seconds;
      spoken.textContent = t("left.spoken", { seconds });
    }
  };
  setInterval(tick, TICK_MS);
  return {
    node,
    refresh: tick,
    /** Start again: `ms` until the screen ends by itself, 0 = it stays. */
    set(ms) {
      whole = ms;
      ends = performance.now() + ms;
      heard = Math.ceil(ms / 1000);
      spoken.textContent = "";
      tick();
    },
  };
}

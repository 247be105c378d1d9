// The page: the newest screen, the language, the link. Everything on the screen is a function of these three.
import { countdown } from "./clock.js";
import { fill, h } from "./dom.js";
import * as frame from "./frame.js";
import { current, load, other, t, tOr, use } from "./i18n.js";
import { icon } from "./icons.js";
import * as identify from "./identify.js";
import * as outcome from "./outcome.js";
import * as pharmacy from "./pharmacy.js";
import { follow, press } from "./stream.js";
import { voice } from "./voice.js";

const SCREENS = {
  idle: outcome.idleScreen, ways: identify.waysScreen, look: identify.lookScreen, light: identify.lightScreen,
  challenge: identify.challengeScreen,
  code: identify.codeScreen, card: identify.cardScreen, whom: identify.whomScreen, password: identify.passwordScreen, confirm: outcome.confirmScreen,
  pay: outcome.payScreen, prescriptions: pharmacy.prescriptionsScreen, review: pharmacy.reviewScreen, prices: pharmacy.pricesScreen,
  working: outcome.workingScreen, settled: outcome.settledScreen, provisional: outcome.provisionalScreen,
  confirming: outcome.confirmingScreen, refused: outcome.refusedScreen, notice: outcome.noticeScreen, out_of_service: outcome.outScreen,
};
const UNLOCK_MS = 1500; // a press that changed nothing may be made again

const at = (id) => document.getElementById(id);
const clock = countdown(at("left"));
let place = { lang: "zh-CN", place: "", terminal: "" };
let show = null;
let linked = false;
let locked = 0;
let prompt = ""; // the key of what was said to this screen
let mouth = voice(false);

const page = {
  local: {},
  async press(button, value = "") {
    if (!linked || performance.now() < locked) return;
    locked = performance.now() + UNLOCK_MS;
    document.body.classList.add("pressed");
    const said = button === "face" ? current() : value; // a consent is recorded in the language it was read in
    const arrived = await press(button, said, show.visit);
    if (!arrived) {
      locked = 0;
      document.body.classList.remove("pressed");
      at("say").textContent = t("press.lost");
    }
  },
  /** Leave this way for another one: two presses of the core's buttons, one of the patient's. */
  instead(way) {
    page.local.instead = way;
    page.press("other_way");
  },
  /** Digits that stay in this page until they are whole. */
  type(typed) {
    page.local.typed = typed;
    render();
  },
  sendTyped(button) {
    const typed = page.local.typed ?? "";
    page.local.typed = "";
    page.press(button, typed);
  },
  turn() {
    page.local.leaf = (page.local.leaf ?? 0) + 1;
    render();
  },
  switchLang() {
    use(other());
    render();
    speak(); // what was said in a language that was not understood
  },
  help() {
    frame.help(at("help"), place.terminal, show?.fields.code ?? "", () => at("help").close());
    if (!at("help").open) at("help").showModal();
  },
};

function render() {
  fill(at("top"), frame.top(place.place, page));
  clock.refresh();
  cover();
  if (!show) return;
  const view = (SCREENS[show.name] ?? outcome.outScreen)(show.fields, page);
  Object.assign(document.body.dataset, { screen: show.name, visit: show.visit });
  document.body.classList.toggle("nofoot", Boolean(view.bare));
  document.title = view.say;
  const { down, warn, parts } = frame.strip(show.fields);
  at("strip").className = down ? (warn ? "down warn" : "down") : "up";
  fill(at("strip"), parts);
  fill(at("main"), view.main);
  fill(at("foot"), frame.foot(view, clock, page));
  const heard = announced(view.say);
  if (at("say").textContent !== heard) at("say").textContent = heard;
  if (at("help").open) page.help();
}

/** The prompt's words. The centre's own codes have no end: for those it is what is said to the screen as such. */
const guidance = () => prompt && tOr(prompt, tOr(prompt.split(".").slice(0, 2).join("."), ""));

/** For screen readers: the title and the guidance; where the guidance begins with the title, that is enough. */
function announced(title) {
  const words = guidance();
  return words.startsWith(title) ? words : `${title} ${words}`.trim();
}

function speak() {
  const words = guidance();
  if (words) mouth.say(words, current());
}

/** The link is gone: what is on the screen may be old, so it is covered, not dimmed. */
function cover() {
  at("cover").hidden = linked;
  for (const id of ["main", "foot"]) at(id).inert = !linked;
  fill(at("cover"), !linked && h("div", {}, icon("offline"), h("h1", {}, t("link.title")), h("p", {}, t("link.line"))));
}

function onShow(next) {
  const wanted = next.visit === show?.visit ? page.local.instead : undefined;
  const fresh = !show || show.name !== next.name || show.visit !== next.visit;
  if (fresh) {
    page.local = {};
    prompt = "";
    mouth.hush(); // it was about the screen before
  }
  if (show && show.name !== "idle" && next.name === "idle") use(place.lang); // the next patient starts in the place's language
  show = next;
  locked = 0;
  document.body.classList.remove("pressed");
  at("main").classList.toggle("enter", fresh);
  clock.set(next.left_ms);
  render();
  if (wanted && next.name === "ways" && next.fields.ways.includes(wanted)) page.press(wanted);
}

function onSay(key) {
  prompt = key;
  render();
  speak();
}

function onLink(up) {
  if (linked === up) return;
  linked = up;
  if (!up) mouth.hush();
  render();
}

async function start() {
  const [, answer] = await Promise.all([load(), fetch("/kiosk/lang").then((a) => a.json())]);
  place = answer;
  const wished = new URLSearchParams(location.search);
  use(wished.get("lang") ?? place.lang);
  mouth = voice(place.voice && wished.get("voice") !== "off");
  render();
  follow(onShow, onSay, onLink);
}

start().catch(() => setTimeout(() => location.reload(), 3000)); // the agent is starting: come again

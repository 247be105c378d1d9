// The staff's page: asks the terminal every few seconds and shows what it says, panel by panel. A panel is one module with
// `view(data, desk)`; a new one is a file here and a line in PANELS.
import { fill, h } from "../dom.js";
import { load, other, t, use } from "../i18n.js";
import { icon } from "../icons.js";
import { get, text, token } from "./api.js";
import * as blocked from "./blocked.js";
import { ask } from "./close.js";
import * as day from "./day.js";
import { button } from "./parts.js";
import * as review from "./review.js";
import * as stops from "./stops.js";
import * as waits from "./waits.js";
import * as worklist from "./worklist.js";

const PANELS = { alerts: [stops], work: [review, worklist], side: [waits, day, blocked] };
const EVERY_MS = 3000;

const at = (id) => document.getElementById(id);
let data = null;
let problem = "";

const desk = {
  close: (one, how) => ask(at("ask"), one, how, refresh),
  /** The claim is a page of the API (it needs the token); its body is printed from here. */
  async print(taskId) {
    try {
      const page = new DOMParser().parseFromString(await text(`/v1/tasks/${taskId}/claim.html?lang=${document.documentElement.lang}`), "text/html");
      fill(at("paper"), document.adoptNode(page.querySelector("main")));
      at("paper").hidden = false;
      window.print();
    } catch (error) {
      say(error.problem?.code ?? t("desk.lost"));
    } finally {
      at("paper").hidden = true;
    }
  },
  review: (one, passed) => review.ask(at("ask"), one, passed, refresh),
  refresh,
};

function say(line) {
  problem = line;
  render();
}

function top() {
  return [
    h("div", { class: "brand" }, icon("face", "logo"), h("div", {}, h("b", {}, t("desk.title")), h("small", {}, data?.status.terminal ?? ""))),
    h("nav", {}, button("quiet lang", "globe", t("lang.other"), () => { use(other()); render(); }, { key: "lang" })),
  ];
}

function render() {
  document.title = t("desk.title");
  fill(at("top"), top());
  at("bar").hidden = !problem;
  fill(at("bar"), problem && [icon("warn"), h("span", {}, problem)]);
  if (!data) return;
  for (const [place, panels] of Object.entries(PANELS)) fill(at(place), panels.map((one) => one.view(data, desk)));
  document.body.dataset.tasks = data.total;
}

async function refresh() {
  try {
    const [status, list] = await Promise.all([get("/v1/status"), get("/v1/tasks?status=undone&limit=200")]);
    const bill = status.review ? await get(`/v1/bills/${status.review}`) : null; // on the terminal's screen now
    const rx = bill?.prescription ? bill : null;
    data = { status, tasks: list.tasks, total: list.total, review: rx, now: Date.now() };
    problem = "";
  } catch (error) {
    if (error.status === 401) return askToken();
    problem = t("desk.lost");
  }
  render();
}

/** The token of the API, kept for this tab only. */
function askToken() {
  if (at("ask").open) return;
  const field = h("input", { id: "token", type: "password", autocomplete: "off" });
  const go = () => { token.set(field.value.trim()); at("ask").close(); refresh(); };
  fill(at("ask"), h("div", { class: "close-box" }, h("h2", {}, t("desk.token.title")), h("p", {}, t("desk.token.line")),
    h("label", { for: "token" }, h("span", {}, t("desk.token")), field), h("div", { class: "acts" }, button("go", "check", t("desk.token.go"), go, { key: "token-go" }))));
  at("ask").showModal();
}

async function start() {
  const [, place] = await Promise.all([load("/static/i18n/desk"), fetch("/kiosk/lang").then((a) => a.json()).catch(() => ({}))]);
  use(new URLSearchParams(location.search).get("lang") ?? place.lang);
  render();
  await refresh();
  setInterval(refresh, EVERY_MS);
}

start().catch(() => setTimeout(() => location.reload(), 3000)); // the agent is starting: come again

// The friendly face in the oval, and the small scenes of the other ways. Drawn once, moved by CSS (figure.css).
import { s } from "./dom.js";

const head = () => [
  s("path", { class: "f-neck", d: "M84 176v34c0 8-34 12-44 30h120c-10-18-44-22-44-30v-34z" }),
  s("ellipse", { class: "f-skin", cx: 44, cy: 122, rx: 9, ry: 15 }),
  s("ellipse", { class: "f-skin", cx: 156, cy: 122, rx: 9, ry: 15 }),
  s("path", { class: "f-skin", d: "M46 108c0-40 22-62 54-62s54 22 54 62c0 46-22 84-54 84s-54-38-54-84z" }),
  s("path", { class: "f-hair", d: "M42 112c-4-50 22-78 58-78s62 28 58 78c-6-4-8-14-10-26-14-2-30-8-40-18-12 12-36 20-54 20-4 8-6 18-12 24z" }),
];

const features = () => s("g", { class: "f-features" },
  s("path", { class: "f-line", d: "M66 96c6-5 14-5 20-1" }),
  s("path", { class: "f-line", d: "M114 95c6-4 14-4 20 1" }),
  s("g", { class: "f-eyes" }, s("circle", { class: "f-ink", cx: 77, cy: 112, r: 5.5 }), s("circle", { class: "f-ink", cx: 123, cy: 112, r: 5.5 })),
  s("g", { class: "f-shut" }, s("path", { class: "f-line", d: "M69 112c5 5 11 5 16 0" }), s("path", { class: "f-line", d: "M115 112c5 5 11 5 16 0" })),
  s("path", { class: "f-line", d: "M100 116l-4 20h8" }),
  s("path", { class: "f-line", d: "M80 156c12 11 28 11 40 0" }));

const arrow = (side) => s("g", { class: `f-arrow f-arrow-${side}` },
  s("path", side === "left" ? { d: "M26 120H-24M-2 96l-24 24 24 24" } : { d: "M174 120h50M202 96l24 24-24 24" }));

/** The oval with the face. pose: look | turn_left | turn_right | blink. Left is the patient's own left, as in a mirror. */
export function face(pose, mood = "") {
  return s("svg", { class: `figure face ${pose} ${mood}`, viewBox: "-40 0 280 240", "aria-hidden": "true" },
    s("defs", {}, s("clipPath", { id: "oval" }, s("ellipse", { cx: 100, cy: 120, rx: 88, ry: 112 }))),
    s("ellipse", { class: "f-back", cx: 100, cy: 120, rx: 88, ry: 112 }),
    s("g", { "clip-path": "url(#oval)" }, s("g", { class: "f-head" }, head(), features())),
    s("ellipse", { class: "f-oval", cx: 100, cy: 120, rx: 88, ry: 112 }),
    pose === "turn_left" ? arrow("left") : null,
    pose === "turn_right" ? arrow("right") : null);
}

const CHEVRONS = { dot_left: "M58 26L34 50l24 24", dot_right: "M42 26l24 24-24 24", dot_up: "M26 58l24-24 24 24", dot_down: "M26 42l24 24 24-24" };

/** The dot of a gesture, at its place or on its way home. It moves slowly; without movement it is simply there. */
export function dot(step, home) {
  return s("svg", { class: `spot ${home ? "home" : ""} ${step}`, viewBox: "0 0 100 100", "aria-hidden": "true" },
    s("circle", { class: "spot-rim", cx: 50, cy: 50, r: 48 }), s("circle", { class: "spot-ink", cx: 50, cy: 50, r: 40 }),
    home ? s("circle", { class: "spot-rim", cx: 50, cy: 50, r: 12 }) : s("path", { class: "spot-mark", d: CHEVRONS[step] }));
}

/** A phone that shows a code to the camera. */
export function phone() {
  const cell = (x, y, w = 10, hgt = 10) => s("rect", { class: "f-ink", x, y, width: w, height: hgt, rx: 1 });
  const eye = (x, y) => [s("rect", { class: "f-eye", x, y, width: 26, height: 26, rx: 3 }), cell(x + 8, y + 8)];
  return s("svg", { class: "figure phone", viewBox: "-40 0 280 240", "aria-hidden": "true" },
    s("g", { class: "f-beam" }, s("path", { class: "f-light", d: "M100 14L40 96h120z" })),
    s("circle", { class: "f-lens", cx: 100, cy: 14, r: 11 }), s("circle", { class: "f-glass", cx: 100, cy: 14, r: 4 }),
    s("g", { class: "f-phone" },
      s("rect", { class: "f-body", x: 42, y: 62, width: 116, height: 176, rx: 16 }),
      s("rect", { class: "f-screen", x: 52, y: 74, width: 96, height: 150, rx: 6 }),
      s("rect", { class: "f-band", x: 52, y: 74, width: 96, height: 26, rx: 6 }),
      eye(64, 114), eye(110, 114), eye(64, 160),
      cell(98, 114, 6), cell(98, 128, 6, 6), cell(98, 146, 10, 6), cell(114, 148, 8, 8), cell(128, 148), cell(110, 164), cell(124, 172, 12, 6), cell(112, 180, 8, 8), cell(98, 164, 6, 14)));
}

/** A card on its way to the reader. */
export function reader() {
  return s("svg", { class: "figure reader", viewBox: "-40 0 280 240", "aria-hidden": "true" },
    s("rect", { class: "f-body", x: 20, y: 138, width: 160, height: 84, rx: 14 }),
    s("rect", { class: "f-slot", x: 44, y: 152, width: 112, height: 10, rx: 5 }),
    s("g", { class: "f-waves" }, s("path", { class: "f-line", d: "M84 190c10-8 22-8 32 0" }), s("path", { class: "f-line", d: "M74 206c16-14 36-14 52 0" })),
    s("g", { class: "f-card" },
      s("rect", { class: "f-band", x: 40, y: 24, width: 120, height: 78, rx: 10 }),
      s("rect", { class: "f-chip", x: 54, y: 52, width: 24, height: 20, rx: 4 }),
      s("path", { class: "f-mark", d: "M92 56h52M92 70h38M54 88h60" })));
}

// Runs in the page: what an old pair of eyes and hands would stumble over, as a list of findings (empty = good).
// The staff's page has other sizes and may be scrolled down: `text`, `small`, `target` in px, `scrolls`.
(given) => { // null when nothing is given
  const { text = 24, small: least = 18, target = 60, scrolls = false } = given ?? {};
  const found = [];
  const say = (what, node, more) => found.push(`${what}: <${node.tagName.toLowerCase()} class="${node.className.baseVal ?? node.className}"> "${(node.textContent || "").trim().slice(0, 40)}" ${more}`);
  const shown = (node) => {
    if (node.closest(".unseen, [hidden], dialog:not([open])")) return false;
    const box = node.getBoundingClientRect();
    for (let at = node; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.visibility === "hidden" || style.display === "none" || style.opacity === "0") return false;
    }
    return box.width > 0 && box.height > 0;
  };

  // colours: rgb(), rgba() and color(srgb …) as the browser computes them
  const rgba = (text) => {
    const n = text.match(/[\d.]+/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    return [n[0] * scale, n[1] * scale, n[2] * scale, n[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const backgroundOf = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255, 1]);
  };
  const luminance = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };

  const sizes = [];
  const ratios = [];
  const texts = [...document.body.querySelectorAll("*")].filter((node) => !(node instanceof SVGElement)
    && [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim()) && shown(node));
  for (const node of texts) {
    const style = getComputedStyle(node);
    const size = parseFloat(style.fontSize);
    const small = node.closest("small, #strip, .slip, .code, em");
    sizes.push(size);
    if (size < (small ? least : text)) say("text too small", node, `${size}px`);
    const line = parseFloat(style.lineHeight) / size;
    if (!(line >= 1.395)) say("lines too close", node, line.toFixed(2));
    const ratio = contrast(over(rgba(style.color), backgroundOf(node)), backgroundOf(node));
    ratios.push(ratio);
    if (ratio < 4.5) say("contrast too low", node, ratio.toFixed(2));
    // the glyphs themselves must lie inside every box that clips or frames them
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const glyphs of range.getClientRects()) {
      if (!glyphs.width) continue;
      if (glyphs.left < -0.5 || (!scrolls && glyphs.top < -0.5) || glyphs.right > innerWidth + 0.5 || (!scrolls && glyphs.bottom > innerHeight + 0.5)) say("text outside the screen", node, "");
      const frame = node.closest("button, .note, .money, .about, .brand, .steps li, .panel, .task, main, #strip, #foot, #top, dialog");
      const box = frame?.getBoundingClientRect();
      if (box && !(scrolls && frame.matches("main, dialog")) && (glyphs.left < box.left - 1 || glyphs.top < box.top - 1 || glyphs.right > box.right + 1 || glyphs.bottom > box.bottom + 1)) say("text outside its box", node, frame.className || frame.id);
    }
    if (style.textOverflow === "ellipsis" && node.scrollWidth > node.clientWidth + 1) say("text cut", node, "");
  }

  const buttons = [...document.querySelectorAll("button")].filter(shown);
  for (const node of buttons) {
    const box = node.getBoundingClientRect();
    if (box.width < target || box.height < target) say("target too small", node, `${box.width.toFixed(0)}x${box.height.toFixed(0)}`);
    if (box.left < 0 || box.right > innerWidth || (!scrolls && (box.top < 0 || box.bottom > innerHeight))) say("target outside the screen", node, "");
    const foot = node.closest("#foot");
    if (foot) { // the margins of the page hold for its buttons, too
      const edges = foot.getBoundingClientRect(), pad = getComputedStyle(foot);
      if (box.left < edges.left + parseFloat(pad.paddingLeft) - 1 || box.right > edges.right - parseFloat(pad.paddingRight) + 1) say("button in the margin", node, `${box.left.toFixed(0)}-${box.right.toFixed(0)}`);
    }
    if (!node.textContent.trim()) say("button without a word", node, "");
    if (!node.querySelector("svg") && !node.matches(".key")) // a digit is its own sign
      say("button without an icon", node, "");
    const style = getComputedStyle(node);
    const edge = Math.max(contrast(rgba(style.borderTopColor), backgroundOf(node.parentElement)), contrast(backgroundOf(node), backgroundOf(node.parentElement)));
    if (edge < 3) say("button edge too faint", node, edge.toFixed(2));
    if (scrolls && (box.top < 0 || box.bottom > innerHeight || document.querySelector("dialog[open]"))) continue;
    const middle = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!node.contains(middle)) say("button covered", node, middle?.className ?? "");
  }
  // parts of a screen must not lie on each other, nor stick out of the row they belong to
  for (const parent of document.querySelectorAll("main > section, main > section .side, .heading, .head-row, .cards, .people, .steps, #foot, #top, #strip, .task, .acts, #side, .first, .panel dl > div, .close-box")) {
    if (!shown(parent)) continue;
    const kids = [...parent.children].filter(shown).map((node) => [node, node.getBoundingClientRect()]);
    kids.forEach(([node, a], i) => kids.slice(i + 1).forEach(([other, b]) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 1) say("parts overlap", node, `and .${other.className} by ${down.toFixed(0)}px`);
    }));
    const main = document.querySelector("main").getBoundingClientRect();
    const own = parent.getBoundingClientRect();
    for (const [node, box] of kids) {
      if (box.top < own.top - 1 || box.bottom > own.bottom + 1) say("part outside its parent", node, parent.className);
      if (!scrolls && parent.closest("main") && (box.top < main.top - 1 || box.bottom > main.bottom + 1 || box.right > main.right + 1)) say("part sticks out", node, `${box.top.toFixed(0)}..${box.bottom.toFixed(0)} of ${main.top.toFixed(0)}..${main.bottom.toFixed(0)}`);
    }
  }
  for (const node of document.querySelectorAll("main, main *, #strip, #top, #foot")) {
    if (!(node instanceof SVGElement) && shown(node) && (node.scrollWidth > node.clientWidth + 2 && node.clientWidth) && getComputedStyle(node).display !== "inline") say("overflow across", node, `${node.scrollWidth} > ${node.clientWidth}`);
  }
  if (document.documentElement.scrollWidth > innerWidth || (document.documentElement.scrollHeight > innerHeight)) found.push("the page scrolls");
  return { found: [...new Set(found)], smallest: Math.min(...sizes), lowest: Math.min(...ratios), buttons: buttons.length };
}

"""The self-contained page: tables, DET curves, and a montage of what was presented."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from edge.field.pad.judge import Outcome
from edge.field.pad.metrics import Tallies

SIDE, MARGIN = 300, 36
INK = ("#1f5fbf", "#b3541e", "#2d7d46", "#7a3fa0")
STYLE = """body{font:15px system-ui,sans-serif;margin:2rem;max-width:70rem;color:#1c1f24}
pre{background:#f4f5f7;padding:1rem;overflow:auto}figure{display:inline-block;margin:4px;width:124px}
figure img{display:block;border:2px solid #2d7d46}figure.no img{border-color:#b3261e}
figcaption{font-size:11px;overflow-wrap:anywhere}"""


def page(title: str, text: str, tallies: Tallies, figures: Sequence[str]) -> str:
    """HTML without anything from elsewhere."""
    told = tallies.each()
    worst = ", ".join(dict.fromkeys(tally.tables()[0].worst for tally in told)) or "none"
    dets = "".join(f"<h2>DET, {escape(tally.kind.replace('_', ' '))}s</h2>{_det(tally.det())}" for tally in told)
    return (
        f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1><p>Worst species: {escape(worst)}. Green frame: accepted, red: "
        f"not.</p><pre>{escape(text)}</pre>{dets}<h2>Presentations</h2>"
        + "".join(figures) + "\n"
    )  # fmt: skip


def figure(one: Outcome, thumb: bytes) -> list[str]:
    """A small picture with what was decided; nothing where there is no picture."""
    if not thumb:
        return []
    data = base64.b64encode(thumb).decode()
    what = one.item.attack or "bona fide"
    why = ", ".join(one.reasons) or "accepted"
    kind = "" if one.accepted else ' class="no"'
    made = (
        f'<figure{kind}><img alt="{escape(what)}" src="data:image/jpeg;base64,{data}">'
        f"<figcaption>{escape(what)}<br>{escape(why)}</figcaption></figure>"
    )
    return [made]


def _det(curves: dict[str, list[tuple[float, float]]]) -> str:
    """APCER to the right, BPCER upwards, both linear 0..1: small sets have no room for deviates."""
    size = SIDE + 2 * MARGIN
    frame = (
        f'<svg viewBox="0 0 {size} {size}" width="{size}" role="img" aria-label="DET">'
        f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#888"/>'
        f'<text x="{size / 2}" y="{size - 8}" text-anchor="middle" font-size="12">APCER</text>'
        f'<text x="12" y="{size / 2}" font-size="12" transform="rotate(-90 12 {size / 2})">BPCER</text>'
    )
    parts = [frame]
    for number, (name, curve) in enumerate(curves.items()):
        ink = INK[number % len(INK)]
        points = " ".join(f"{MARGIN + a * SIDE:.1f},{MARGIN + (1 - b) * SIDE:.1f}" for a, b in curve)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{ink}" stroke-width="2"/>')
        parts.append(
            f'<text x="{MARGIN + 8}" y="{MARGIN + 18 + 16 * number}" font-size="12" fill="{ink}">'
            f"{escape(name)}</text>"
        )
    return "".join([*parts, "</svg>"])

"""Draws a diary as swim-lanes: one self-contained HTML page with an inline SVG, no script and nothing from outside."""

from __future__ import annotations

from html import escape

from sim.clinic.diary import LANES, Diary, Mark, Span

WIDTH = 1600
LEFT = 118
RIGHT = 30
TOP = 84
LANE_HEIGHT = 92
TITLES = {
    "patients": ("Patients", "病人"),
    "visit": ("Visit", "就诊"),
    "link": ("Link", "网络"),
    "outbox": ("Outbox", "待上报"),
    "centre": ("Centre", "医保中心"),
    "faults": ("Faults", "故障"),
}
FILL = {
    "plain": "#d7e3ee",
    "good": "#bfe3cd",
    "warn": "#f6dfa6",
    "bad": "#f3c1b9",
    "dim": "#eceef0",
}
INK = {"plain": "#1d4e79", "good": "#156b3a", "warn": "#7a5600", "bad": "#9c2415", "dim": "#6b7580"}
SIGN = {"plain": "•", "good": "✓", "warn": "~", "bad": "✕", "dim": "·"}
ROWS = 3  # labels of marks are stacked so that neighbours stay readable


def page(diary: Diary, *, title: str, verdict: str, good: bool) -> str:
    """The whole page. `verdict` is the last line of the day; `good` colours it."""
    diary.finish()
    ends = [s.end_s or s.start_s for s in diary.spans] + [m.at_s for m in diary.marks]
    end_s = max([*ends, 1.0]) * 1.01
    parts = [_head(title), _axis(end_s)]
    parts += [_outage(s, end_s) for s in diary.spans if s.lane == "link" and s.tone == "bad"]
    for index, lane in enumerate(LANES):
        parts.append(_lane(index, lane))
        parts += [_span(index, span, end_s) for span in diary.spans if span.lane == lane]
        parts += _levels(index, lane, diary, end_s)
        parts += _marks(index, [m for m in diary.marks if m.lane == lane], end_s)
    height = TOP + LANE_HEIGHT * len(LANES) + 74
    parts.append(_verdict(verdict, good=good, y=height - 34))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_CSS}</style><body>{svg}</body></html>"
    )


_CSS = (
    "body{margin:0;background:#f7f8f9}svg{display:block;width:100%;height:auto;"
    "font-family:system-ui,'Noto Sans CJK SC','Noto Sans SC',sans-serif}"
    ".lane{font-size:17px;font-weight:600;fill:#20262c}.zh{font-size:14px;fill:#6b7580}"
    ".small{font-size:12.5px}.label{font-size:13.5px}.title{font-size:24px;font-weight:650;fill:#20262c}"
    ".verdict{font-size:20px;font-weight:650}"
)


def _x(at_s: float, end_s: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * at_s / end_s, 1)


def _head(title: str) -> str:
    return f'<text x="24" y="40" class="title">{escape(title)}</text>'


def _axis(end_s: float) -> str:
    step = next(s for s in (1, 2, 5, 10, 20, 60, 300, 3600) if end_s / s <= 20)
    bottom = TOP + LANE_HEIGHT * len(LANES)
    out = []
    for tick in range(0, int(end_s) + 1, step):
        x = _x(tick, end_s)
        out.append(
            f'<line x1="{x}" x2="{x}" y1="{TOP - 6}" y2="{bottom}" stroke="#e2e6ea"/>'
            f'<text x="{x}" y="{TOP - 12}" text-anchor="middle" class="small" fill="#6b7580">{tick} s</text>'
        )
    return "".join(out)


def _outage(span: Span, end_s: float) -> str:
    """A cut link shades every lane: what happened in it, happened without the centre."""
    x0, x1 = _x(span.start_s, end_s), _x(span.end_s or span.start_s, end_s)
    height = LANE_HEIGHT * len(LANES)
    return f'<rect x="{x0}" y="{TOP}" width="{x1 - x0:.1f}" height="{height}" fill="#f3c1b9" opacity="0.22"/>'


def _lane(index: int, lane: str) -> str:
    y = TOP + index * LANE_HEIGHT
    english, chinese = TITLES[lane]
    return (
        f'<line x1="16" x2="{WIDTH - 16}" y1="{y}" y2="{y}" stroke="#cfd5da"/>'
        f'<text x="24" y="{y + 34}" class="lane">{english}</text><text x="24" y="{y + 56}" class="zh">{chinese}</text>'
    )


def _span(index: int, span: Span, end_s: float) -> str:
    x0, x1 = _x(span.start_s, end_s), _x(span.end_s or span.start_s, end_s)
    y, width = TOP + index * LANE_HEIGHT + 10, max(x1 - x0 - 1, 1.5)
    # 7.6 px is an average letter at 13.5 px; Chinese letters are twice as wide.
    room = int(width / 7.6)
    wide = sum(2 if ord(c) > 0x2E80 else 1 for c in span.label)
    text = (
        span.label if wide <= room else (span.label[: max(room - 1, 0)] + "…" if room >= 4 else "")
    )
    label = (
        f'<text x="{x0 + 4}" y="{y + 19}" class="label" fill="{INK[span.tone]}">{escape(text)}</text>'
        if text
        else ""
    )
    about = escape(f"{span.label} {span.detail}".strip())
    seconds = (span.end_s or span.start_s) - span.start_s
    return (
        f'<g><title>{about} · {seconds:.1f} s</title><rect x="{x0}" y="{y}" width="{width:.1f}" height="27" rx="4" '
        f'fill="{FILL[span.tone]}"/>{label}</g>'
    )


def _levels(index: int, lane: str, diary: Diary, end_s: float) -> list[str]:
    levels = [x for x in diary.levels if x.lane == lane]
    if not levels:
        return []
    base, top = TOP + index * LANE_HEIGHT + LANE_HEIGHT - 12, 58
    most = max([x.value for x in levels] + [1])
    points = [f"{_x(levels[0].at_s, end_s)},{base}"]
    last = float(base)
    texts = []
    for level in levels:
        x, y = _x(level.at_s, end_s), base - round(top * level.value / most, 1)
        points += [f"{x},{last}", f"{x},{y}"]
        last = y
        if level.value == most:
            texts.append(
                f'<text x="{x + 3}" y="{y - 3}" class="small" fill="{INK["warn"]}">{level.value}</text>'
            )
    points += [f"{_x(end_s / 1.01, end_s)},{last}", f"{_x(end_s / 1.01, end_s)},{base}"]
    return [
        f'<polygon points="{" ".join(points)}" fill="{FILL["warn"]}" stroke="{INK["warn"]}" stroke-width="1.2"/>',
        *texts[:6],
    ]


def _marks(index: int, marks: list[Mark], end_s: float) -> list[str]:
    out, row_end = [], [0.0] * ROWS
    for mark in sorted(marks, key=lambda m: m.at_s):
        x = _x(mark.at_s, end_s)
        wide = 18 + sum(14 if ord(c) > 0x2E80 else 7.2 for c in mark.label)
        late = x + wide > WIDTH - 8  # near the right edge the label goes to the left
        start = x - wide if late else x - 8
        row = next((r for r in range(ROWS) if row_end[r] <= start), None)
        y = TOP + index * LANE_HEIGHT + 24 + 22 * (row if row is not None else 0)
        text = ""
        if row is not None:
            row_end[row] = x + (8 if late else wide)
            at, anchor = (x - 11, "end") if late else (x + 11, "start")
            text = (
                f'<text x="{at}" y="{y + 4.5}" text-anchor="{anchor}" class="label" '
                f'fill="{INK[mark.tone]}">{escape(mark.label)}</text>'
            )
        about = escape(f"{mark.label} {mark.detail}".strip())
        out.append(
            f'<g><title>{about} · {mark.at_s:.1f} s</title><circle cx="{x}" cy="{y}" r="7.5" fill="{FILL[mark.tone]}" '
            f'stroke="{INK[mark.tone]}"/><text x="{x}" y="{y + 4}" text-anchor="middle" class="small" '
            f'fill="{INK[mark.tone]}">{SIGN[mark.tone]}</text>{text}</g>'
        )
    return out


def _verdict(verdict: str, *, good: bool, y: int) -> str:
    tone = "good" if good else "bad"
    return (
        f'<rect x="16" y="{y - 27}" width="{WIDTH - 32}" height="42" rx="6" fill="{FILL[tone]}"/>'
        f'<text x="30" y="{y + 1}" class="verdict" fill="{INK[tone]}">{SIGN[tone]} {escape(verdict)}</text>'
    )

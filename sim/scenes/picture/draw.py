"""Puts the lanes together: head, axis of time, lanes, verdict, and the table of the steps."""

from __future__ import annotations

from html import escape

from sim.scenes.form import Scenario
from sim.scenes.picture.lanes import FILL, INK, LANES, WIDTH, Frame, seconds
from sim.scenes.seen import Moment, Outcome, Verdict

TOP = 78
TICKS_MAX = 16
STEPS_US = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 600_000)
TONE = {Verdict.OK: "good", Verdict.FAIL: "bad", Verdict.ERROR: "bad", Verdict.SKIP: "warn"}
CSS = (
    "body{margin:0;background:#f7f8f9;color:#20262c;font-family:system-ui,'Noto Sans CJK SC',"
    "sans-serif}svg{display:block;width:100%;height:auto}.lane{font-size:15px;font-weight:600;"
    "fill:#20262c}.small{font-size:12px}.label,.small{paint-order:stroke;stroke:#f7f8f9;"
    "stroke-width:3px}.label{font-size:13px}.title{font-size:22px;"
    "font-weight:650;fill:#20262c}.verdict{font-size:16px;font-weight:600}"
    "table{border-collapse:collapse;margin:8px 24px 32px;font-size:14px}"
    "td,th{padding:3px 14px 3px 0;text-align:left;vertical-align:top;border-bottom:1px solid "
    "#e2e6ea}td.n{text-align:right;color:#6b7580}code{font-size:13px}pre{margin:0;"
    "white-space:pre-wrap;font-size:13px}"
)


def page(scenario: Scenario, outcome: Outcome, moments: list[Moment]) -> str:
    """The whole page."""
    ordered = sorted(moments, key=lambda moment: moment.at_us)
    end_us = max([100_000, *(moment.at_us for moment in ordered)]) * 102 // 100
    body, bottom = _lanes(ordered, end_us)
    marks = [moment for moment in ordered if moment.lane == "fault"]
    parts = [
        f'<text x="24" y="36" class="title">{escape(scenario.head.title)}</text>',
        _right_head(f"{scenario.name} · seed {outcome.seed}"),
        _axis(end_us, bottom),
        *(_fault(moment, end_us, bottom) for moment in marks),
        body,
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 16}" role="img" '
        f'aria-label="{escape(scenario.head.title)}">{"".join(parts)}</svg>'
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(scenario.name)}</title><style>{CSS}</style><body>{svg}"
        f"{_verdict(outcome)}{_table(ordered)}</body></html>"
    )


def _right_head(text: str) -> str:
    return (
        f'<text x="{WIDTH - 24}" y="36" text-anchor="end" class="label" fill="#6b7580">'
        f"{escape(text)}</text>"
    )


def _lanes(ordered: list[Moment], end_us: int) -> tuple[str, int]:
    """SVG of the lanes that have something, and where they end."""
    y, out = TOP, []
    for lane, title, under, draw in LANES:
        ours = [moment for moment in ordered if moment.lane == lane]
        if not ours:
            continue
        drawn, high = draw(ours, Frame(y, end_us))
        high = max(high, 46 if under else 28)
        out.append(
            f'<line x1="16" x2="{WIDTH - 16}" y1="{y}" y2="{y}" stroke="#cfd5da"/>'
            f'<text x="24" y="{y + 20}" class="lane">{escape(title)}</text>'
            f'<text x="24" y="{y + 37}" class="small" fill="#6b7580">{escape(under)}</text>{drawn}'
        )
        y += high
    return "".join(out), y


def _axis(end_us: int, bottom: int) -> str:
    step = next((s for s in STEPS_US if end_us / 1000 / s <= TICKS_MAX), STEPS_US[-1])
    frame, out = Frame(0, end_us), []
    for tick in range(0, end_us // 1000 + 1, step):
        x = frame.x(tick * 1000)
        words = f"{tick} ms" if step < 1000 else f"{tick // 1000} s"
        out.append(
            f'<line x1="{x}" x2="{x}" y1="{TOP - 6}" y2="{bottom}" stroke="#e6eaed"/>'
            f'<text x="{x}" y="{TOP - 12}" text-anchor="middle" class="small" fill="#6b7580">'
            f"{words}</text>"
        )
    return "".join(out)


def _fault(moment: Moment, end_us: int, bottom: int) -> str:
    """What was broken on purpose runs down through all lanes."""
    x = Frame(0, end_us).x(moment.at_us)
    return (
        f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom}" stroke="{INK["bad"]}" '
        'stroke-dasharray="3 4" opacity="0.5"/>'
    )


def _verdict(outcome: Outcome) -> str:
    tone = TONE[outcome.verdict]
    why = f"<pre>{escape(outcome.why)}</pre>" if outcome.why else ""
    where = f"<code>{escape(outcome.path)}:{outcome.line}</code>" if outcome.line else ""
    return (
        f'<div style="margin:12px 24px;padding:10px 14px;border-radius:6px;background:{FILL[tone]};'
        f'color:{INK[tone]}"><b>{outcome.verdict}</b> {where} {escape(outcome.step)}{why}</div>'
    )


def _table(ordered: list[Moment]) -> str:
    rows = [
        f'<tr><td class="n">{number}</td><td class="n">{seconds(one.at_us)}</td>'
        f'<td style="color:{INK[one.tone]}"><code>{escape(one.text)}</code></td></tr>'
        for number, one in enumerate((m for m in ordered if m.lane == "step"), start=1)
    ]
    return f"<table><tr><th></th><th>begins at</th><th>step</th></tr>{''.join(rows)}</table>"

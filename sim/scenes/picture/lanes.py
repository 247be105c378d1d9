"""The lanes of the picture and how each draws its moments. Every function gives SVG and the height it
needs; labels that would touch another are left to the tooltip."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from itertools import pairwise

from msgspec import Struct

from sim.scenes.seen import Moment

LEFT, RIGHT, WIDTH = 190, 40, 1600
ROW = 22
ROWS_MAX = 8
LETTER = 7.4  # an average letter at 13 px
INK = {"": "#1d4e79", "good": "#156b3a", "warn": "#7a5600", "bad": "#9c2415", "quiet": "#9fb2c4"}
FILL = {"": "#d7e3ee", "good": "#bfe3cd", "warn": "#f6dfa6", "bad": "#f3c1b9", "quiet": "#e6eaed"}
LABEL_MAX = 64
QUIET = frozenset({"beat", "ack"})  # drawn small, without a word
DARK = "#2b3036"  # a lamp that is off, as it looks
RING_LEFT_FIRST = (6, 0)  # one lamp of each half, left half on top


class Frame(Struct, frozen=True):
    """What a lane draws into: from `y` down, time up to `end_us`."""

    y: int
    end_us: int

    def x(self, at_us: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(at_us, self.end_us) / self.end_us, 1)


Drawn = tuple[str, int]  # SVG, height


class _Rows:
    """Finds a row where a label does not touch what is there already."""

    def __init__(self) -> None:
        self._ends = [float("-inf")] * ROWS_MAX

    def take(self, start: float, end: float) -> int | None:
        for row, taken in enumerate(self._ends):
            if taken <= start:
                self._ends[row] = end
                return row
        return None

    def used(self) -> int:
        return max([1, *(row + 1 for row, end in enumerate(self._ends) if end > float("-inf"))])


def steps(moments: list[Moment], frame: Frame) -> Drawn:
    """Numbered circles; the numbers are those of the table below the picture."""
    rows, out = _Rows(), []
    for number, moment in enumerate(moments, start=1):
        x = frame.x(moment.at_us)
        row = rows.take(x - 12, x + 12)
        y = frame.y + 16 + ROW * (ROWS_MAX - 1 if row is None else row)
        out.append(
            f'<g><title>{number} {escape(moment.text)} · {seconds(moment.at_us)}</title>'
            f'<circle cx="{x}" cy="{y}" r="10" fill="{FILL[moment.tone]}" stroke="{INK[moment.tone]}"/>'
            f'<text x="{x}" y="{y + 4}" text-anchor="middle" class="small" '
            f'fill="{INK[moment.tone]}">{number}</text></g>'
        )
    return "".join(out), 10 + ROW * rows.used()


def words(moments: list[Moment], frame: Frame) -> Drawn:
    """Marks with a label; quiet ones are small strokes."""
    rows, out = _Rows(), []
    top = 18 if any(quiet(moment) for moment in moments) else 0
    for moment in moments:
        x = frame.x(moment.at_us)
        if quiet(moment):
            out.append(_stroke(x, frame.y + 5, moment))
            continue
        label = moment.text if len(moment.text) <= LABEL_MAX else moment.text[: LABEL_MAX - 1] + "…"
        wide = 16 + LETTER * len(label)
        late = x + wide > WIDTH - 16
        start = x - wide if late else x - 6
        row = rows.take(start, start + wide + 4)
        ink = INK[moment.tone]
        if row is None:
            out.append(_stroke(x, frame.y + top + ROW * ROWS_MAX - 4, moment))
            continue
        y = frame.y + top + 18 + ROW * row
        at, anchor = (x - 8, "end") if late else (x + 8, "start")
        out.append(
            f"<g>{_title(moment)}"
            f'<circle cx="{x}" cy="{y - 4}" r="4.5" fill="{FILL[moment.tone]}" stroke="{ink}"/>'
            f'<text x="{at}" y="{y}" text-anchor="{anchor}" class="label" fill="{ink}">'
            f"{escape(label)}</text></g>"
        )
    return "".join(out), top + 10 + ROW * rows.used()


def quiet(moment: Moment) -> bool:
    """One of many that say the same."""
    return moment.text in QUIET or moment.tone == "quiet"


def ring(moments: list[Moment], frame: Frame) -> Drawn:
    """The colours themselves, the left half above the right one."""
    out = [_bar(frame.x(0), frame.x(frame.end_us), frame.y + 6, DARK, "dark")]
    ends = [*moments[1:], Moment(frame.end_us, "ring", "")]
    for moment, after in zip(moments, ends, strict=True):
        lamps = moment.body["ring"]
        x0, x1 = frame.x(moment.at_us), frame.x(after.at_us)
        for half, lamp in enumerate(RING_LEFT_FIRST):
            y = frame.y + 6 + 16 * half
            out.append(
                f'<rect x="{x0}" y="{y}" width="{max(x1 - x0, 0.8):.1f}" height="16" '
                f'fill="{DARK if lamps[lamp] == "#000000" else lamps[lamp]}"><title>{escape(moment.text)} · '
                f"{seconds(moment.at_us)} to {seconds(after.at_us)}</title></rect>"
            )
    return "".join(out), 46


def _bar(x0: float, x1: float, y: float, fill: str, text: str) -> str:
    return (
        f'<rect x="{x0}" y="{y}" width="{x1 - x0:.1f}" height="32" fill="{fill}">'
        f"<title>{text}</title></rect>"
    )


def buzzer(moments: list[Moment], frame: Frame) -> Drawn:
    """Bars as high as the tone, with its frequency where there is room."""
    out = []
    rows = _Rows()
    for moment, after in pairwise([*moments, Moment(frame.end_us, "buzzer", "0")]):
        hz = int(moment.body["hz"])
        if not hz:
            continue
        x0, x1 = frame.x(moment.at_us), frame.x(after.at_us)
        high = min(28, 6 + hz // 150)
        base = frame.y + 52
        out.append(
            f'<rect x="{x0}" y="{base - high}" width="{max(x1 - x0, 1.5):.1f}" height="{high}" '
            f'fill="#7b5ea7"><title>{hz} Hz · {seconds(moment.at_us)} for '
            f"{(after.at_us - moment.at_us) // 1000} ms</title></rect>"
        )
        row = rows.take(x0 - 2, x0 + 8 + LETTER * len(f"{hz} Hz"))
        if row == 0:
            out.append(
                f'<text x="{x0}" y="{frame.y + 16}" class="small" fill="#5a4184">{hz} Hz</text>'
            )
    return "".join(out), 62


def levels(moments: list[Moment], frame: Frame) -> Drawn:
    """A wave for each name (`text`), from its `level` in the body."""
    names = sorted({moment.text for moment in moments}, key=_by_number)[:ROWS_MAX]
    out = []
    for row, one in enumerate(names):
        base = frame.y + 20 + ROW * row
        ours = [moment for moment in moments if moment.text == one]
        last = int(ours[0].body["level"])  # before that nobody knows
        points: list[tuple[float, int]] = []
        for moment in ours:
            x, level = frame.x(moment.at_us), int(moment.body["level"])
            points += [(x, last), (x, level)]
            last = level
        points.append((frame.x(frame.end_us), last))
        path = " ".join(f"{x},{base - 12 * level}" for x, level in points)
        out.append(
            f'<polyline points="{path}" fill="none" stroke="#1d4e79" stroke-width="1.3"/>'
            f'<text x="{LEFT - 8}" y="{base}" text-anchor="end" class="small" fill="#6b7580">'
            f"{escape(one)}</text>"
        )
    return "".join(out), 12 + ROW * max(1, len(names))


def strokes(moments: list[Moment], frame: Frame) -> Drawn:
    """A thin stroke for each, its words in the tooltip."""
    return "".join(_stroke(frame.x(one.at_us), frame.y + 8, one) for one in moments), 30


def _by_number(text: str) -> tuple[int, str]:
    found = re.search(r"(\d+)$", text)
    return (int(found.group(1)) if found else 0, text)


def _stroke(x: float, y: float, moment: Moment) -> str:
    ink = INK[moment.tone] if moment.tone else "#9fb2c4"
    return (
        f"<g>{_title(moment)}"
        f'<line x1="{x}" x2="{x}" y1="{y}" y2="{y + 14}" stroke="{ink}" stroke-width="1.4"/></g>'
    )


def _title(moment: Moment) -> str:
    about = " ".join([moment.text, *(f"{k}={v}" for k, v in moment.body.items())])
    return f"<title>{escape(about[:300])} · {seconds(moment.at_us)}</title>"


def seconds(at_us: int) -> str:
    """A time for people."""
    return f"{at_us / 1_000_000:.3f} s"


# lane of the moments -> (title, what is written below it, how it is drawn); in this order
LANES: tuple[tuple[str, str, str, Callable[[list[Moment], Frame], Drawn]], ...] = (
    ("step", "Steps", "see the table", steps),
    ("fault", "Faults", "on purpose", words),
    ("boot", "Starts", "and why", words),
    ("flasher", "Flasher", "facepay flash", words),
    ("event", "Link", "as the terminal sees it", words),
    ("sent", "Host → board", "frames", words),
    ("heard", "Board → host", "frames", words),
    ("ring", "Ring", "left half, right half", ring),
    ("buzzer", "Buzzer", "", buzzer),
    ("pin", "Pins", "", levels),
    ("flash", "Flash", "programs and erases", strokes),
)

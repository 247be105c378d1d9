"""A story as one page: every line in both languages, every screen as it was, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
from html import escape
from typing import Final

from sim.stories.shelf import Story
from sim.stories.tell import Beat
from sim.stories.words import EN, ZH

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5b6875; --line: #d5dce3; --paper: #fbfcfd; --good: #0a7a4b; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf2; --soft: #9fadba; --line: #35424f; --paper: #12181f; --good: #4cc38a; --bad: #ff8a80 } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1.05rem/1.5 system-ui, "Noto Sans CJK SC", sans-serif }
h1 { font-size: 1.6rem; margin: 0 0 .3rem } .by { color: var(--soft); margin: 0 0 1.5rem }
ol { list-style: none; margin: 0; padding: 0 } li { margin: .7rem 0 }
.day { color: var(--soft); border-bottom: 1px solid var(--line); margin-top: 1.6rem }
.holds::before { content: "✔ "; color: var(--good) } .broken::before { content: "✘ "; color: var(--bad) }
.books { font-family: ui-monospace, monospace; border-top: 1px solid var(--line); padding-top: .7rem }
.does { font-weight: 600 } .screen img { flex: 1 1 0; min-width: 0; border: 1px solid var(--line); border-radius: .4rem; box-sizing: border-box }
.screen { display: flex; gap: .6rem } @media (max-width: 40rem) { .screen { flex-direction: column } .screen img { flex: none; width: 100% } }
.saw img { width: 100%; border-radius: .4rem } .reads { font-size: .95rem; color: var(--soft) }
.zh { display: block } .holds .zh, .broken .zh { display: inline } .en { display: block; color: var(--soft); font-weight: 400 }
"""
SAYS: Final = (
    "现实的终端核心与参考结算中心，同一进程，虚拟日历；人物均为虚构。"
    " · The terminal's real core and the real reference centre in one process, on a virtual calendar; "
    "all people are invented."
)


def page(story: Story, beats: list[Beat], pictures: list[dict[str, bytes]]) -> str:
    """Self-contained HTML."""
    taken = iter(pictures)
    rows = [_row(beat, next(taken, {}) if beat.show is not None else {}) for beat in beats]
    title = f"{story.number} · {story.title[0]} · {story.title[1]}"
    return (
        f'<!doctype html>\n<html lang="zh-CN"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style>\n<h1>{escape(story.number)} · {escape(story.title[0])}<br>"
        f'<small>{escape(story.title[1])}</small></h1>\n<p class="by">{escape(SAYS)}</p>\n<ol>\n'
        + "\n".join(rows)
        + "\n</ol>\n"
    )


def _row(beat: Beat, pictures: dict[str, bytes]) -> str:
    if beat.show is not None:
        shown = "".join(_image(pictures[lang], beat, lang) for lang in (ZH, EN) if lang in pictures)
        return f'<li class="screen">{shown or escape(beat.show.name)}</li>'
    if beat.zh == beat.en:
        return f'<li class="{beat.kind}">{escape(beat.zh)}</li>'
    said = f'<span class="zh">{escape(beat.zh)}</span><span class="en" lang="en">{escape(beat.en)}</span>'
    if beat.picture:
        said += f'<img alt="{escape(beat.en)}" src="data:image/jpeg;base64,{base64.b64encode(beat.picture).decode()}">'
    return f'<li class="{beat.kind}">{said}</li>'


def _image(png: bytes, beat: Beat, lang: str) -> str:
    assert beat.show is not None
    data = base64.b64encode(png).decode()
    return f'<img alt="{escape(beat.show.name)} ({lang})" src="data:image/png;base64,{data}">'

"""`sim/demo --story NAME`: one transaction of the field, told from the first press to the books.

The terminal's real core against the real reference centre, in one process and on a virtual calendar
(`sim/demo --auto` is the day with every process, broker and wire).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.markup import escape

from sim.stories import gallery, shelf, words
from sim.stories.page import page
from sim.stories.shelf import Story
from sim.stories.tell import Beat, BrokenError, Tell

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".facepay" / "stories"
ABOUT = {
    words.EN: "The terminal's real core and the real reference centre in one process, on a virtual "
    "calendar; all people are invented. The day with every process and wire: sim/demo --auto",
    words.ZH: "现实的终端核心与参考结算中心，同一进程，虚拟日历；人物均为虚构。全部进程与线路的一天：sim/demo --auto",
}
console = Console(highlight=False, soft_wrap=True)


class Options(Struct, frozen=True):
    """What the command line said."""

    lang: str
    pictures: bool
    directory: Path
    pictures_to: Path | None


def main(arguments: list[str] | None = None) -> int:
    """0 when every promise held, 1 when one did not, 2 when there is no such story."""
    parser = argparse.ArgumentParser(prog="sim/demo", description=__doc__)
    parser.add_argument("--story", required=True, metavar="NAME", help="F10, wallet, 6 …, list, all")
    parser.add_argument("--lang", choices=[words.EN, words.ZH], default=words.EN)
    parser.add_argument("--no-pictures", action="store_true", help="only text")
    parser.add_argument("--pictures-to", type=Path, help="only main screens, small, into this folder")
    parser.add_argument("--directory", type=Path, default=HOME, help="where pages and pictures go")
    given = parser.parse_args(arguments)
    if given.story == "list":
        listed(given.lang)
        return 0
    wanted = shelf.stories() if given.story == "all" else [shelf.find(given.story)]
    chosen = [one for one in wanted if isinstance(one, Story)]
    for one in wanted:
        if isinstance(one, str):
            console.print(f"[red]{escape(one)}[/]")
    if not chosen:
        return 2
    why = gallery.why_not()
    if why and not given.no_pictures:
        console.print(f"[yellow]no pictures: {escape(why)}[/]")
    pictures = not given.no_pictures and not why
    options = Options(given.lang, pictures, given.directory, given.pictures_to)
    console.print(f"[dim]{ABOUT[given.lang]}[/]")
    held = [play(one, options) for one in chosen]
    if len(held) > 1:
        print(f"stories {len(held)} · held {sum(held)} · broken {len(held) - sum(held)}")
    return 0 if all(held) else 1


def listed(lang: str) -> None:
    """Every story in one line, and what is not told yet."""
    console.print(f"[dim]{ABOUT[lang]}[/]")
    for one in shelf.stories():
        console.print(f"[bold]{one.number:4}[/] {shelf.short(one):18} {title_of(one, lang)}")
    for number, (title, needs) in shelf.LATER.items():
        console.print(f"[dim]{number:4} {title}: not told yet, it needs {needs}[/]")


def play(story: Story, options: Options) -> bool:
    """Tell it, then draw it. Whether it held."""
    console.print(f"\n[bold]{story.number} · {title_of(story, options.lang)}[/]")
    if story.lacks:
        console.print(f"[dim]not told: {escape(story.lacks)}[/]")
    began = time.monotonic()
    tell = Tell(lambda beat: show(beat, options.lang))
    broken = ""
    try:
        story.play(tell)
    except BrokenError as error:
        broken = str(error)
    if options.pictures and not (broken and options.pictures_to):
        draw(story, tell.beats, options)
    took = f"{time.monotonic() - began:.1f} s"
    if broken:
        console.print(f"[red]✘ broken: {escape(broken)}[/]  [dim]{took}[/]")
    else:
        promises = sum(beat.kind == "holds" for beat in tell.beats)
        console.print(f"[green]✔ {promises} promises held[/]  [dim]{took}[/]")
    return not broken


def title_of(story: Story, lang: str) -> str:
    """In this language."""
    return escape(story.title[0] if lang == words.ZH else story.title[1])


def show(beat: Beat, lang: str) -> None:
    """One line, or a screen of it."""
    text = escape(beat.zh if lang == words.ZH else beat.en)
    if beat.show is not None:
        title, *rest = words.screen(beat.show, lang)
        console.print(f"  [cyan]│[/] [bold]{escape(title)}[/]")
        for line in rest:
            console.print(f"  [cyan]│[/] {escape(line)}")
    elif beat.kind == "day":
        console.print(f"[dim]── {text} ──[/]")
    elif beat.kind == "does":
        console.print(f"→ {text}")
    elif beat.kind in ("saw", "reads"):
        console.print(f"  [dim]{text}{' (picture on the page)' if beat.picture else ''}[/]")
    elif beat.kind in ("holds", "broken"):
        mark = "[green]✔[/]" if beat.kind == "holds" else "[red]✘[/]"
        console.print(f"  {mark} {text}")
    else:
        console.print(f"[bold]{text}[/]")


def draw(story: Story, beats: list[Beat], options: Options) -> None:
    """Pictures and the page; or only what stands for the story."""
    if options.pictures_to is not None:
        (taken,) = gallery.take([beat for beat in beats if beat.main])
        options.pictures_to.mkdir(parents=True, exist_ok=True)
        for lang, png in taken.items():
            first = shelf.find(story.number) == story
            to = options.pictures_to / f"{story.number.lower() if first else story.name}.{lang}.png"
            to.write_bytes(gallery.smaller(png))
        return
    home = options.directory / story.name
    home.mkdir(parents=True, exist_ok=True)
    pictures = gallery.take(beats)
    shown = [beat for beat in beats if beat.show is not None]
    for number, (beat, taken) in enumerate(zip(shown, pictures, strict=True), start=1):
        assert beat.show is not None
        for lang, png in taken.items():
            (home / f"{number:02d}-{beat.show.name}.{lang}.png").write_bytes(png)
    (home / "story.html").write_text(page(story, beats, pictures))
    console.print(f"[dim]{2 * len(pictures)} pictures, page: {home / 'story.html'}[/]")


if __name__ == "__main__":
    sys.exit(main())

"""The teller: what a story says aloud and holds to. A story's every line is a beat, printed as it
happens and kept for the page with its pictures; a promise that does not hold ends the story.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from edge.core import events as e
from edge.core.effects import Show
from edge.core.types import Bill, Settings
from sim.centre import audit
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, Town, follow, good_face
from sim.stage.town import PLACE
from sim.stories import words

BEATS_MAX: Final = 400
HAND_MS: Final = 3_000  # until a hand has done it
OUTCOMES: Final = {
    "settled": "已结算",
    "adjusted": "调整后结算",
    "rejected": "被拒",
    "duplicate": "重复提交",
    "expired": "过期",
    "suspect": "可疑",
}
BILLS: Final = {
    "settle": "an outpatient bill",
    "pharmacy": "a pharmacy bill",
    "chronic": "a chronic-disease bill",
    "register": "a registration",
    "file_away": "a filing for care elsewhere",
    "prescription": "drugs on a prescription",
    "delivery": "an order from home",
    "admit": "an admission",
    "deposit": "a deposit",
    "inpatient": "the bill of a stay",
    "collect": "what was paid by phone",
    "activate": "an activation",
    "step": "the next step of a visit",
    "card_info": "a question about a card",
    "card_replace": "a request for a new card",
    "subsidies": "a question about subsidies",
}
MEANS: Final = {
    "card": ("放上社保卡", "lays down a card"),
    "code": ("出示医保码", "shows a code"),
}


class Role(Struct, frozen=True):
    """Somebody in a story: the invented person of the centre's registry, and what we call them."""

    spec: PersonSpec
    zh: str
    en: str


class Beat(Struct, frozen=True):
    """One line of a story. kind: day does screen saw reads holds books. picture: what the camera saw, JPEG."""

    kind: str
    zh: str
    en: str
    show: Show | None = None
    settings: Settings | None = None
    main: bool = False
    picture: bytes = b""


class BrokenError(Exception):
    """A promise of the story does not hold."""


Say = Callable[[Beat], None]


class Tell:
    """Handed to `play` of a story. `say` is told each beat as it comes."""

    def __init__(self, say: Say = lambda _: None) -> None:
        self.beats: list[Beat] = []
        self._say = say
        self._folders = 0

    def _beat(self, beat: Beat) -> None:
        assert len(self.beats) < BEATS_MAX, "a story has an end"
        self.beats.append(beat)
        self._say(beat)

    # -- place and time -----------------------------------------------------------------------------
    @contextmanager
    def town(
        self, at: str, cast: list[Role], places: dict[str, dict[str, Any]], **options: Any
    ) -> Iterator[Town]:
        """A town whose books are read aloud, and must be even, when it closes."""
        people = [one.spec for one in cast]
        with tempfile.TemporaryDirectory(prefix="facepay-story-") as folder:
            town = Town(Path(folder), at, people, places, **options)
            self._beat(Beat("day", at, at))
            try:
                yield town
                self._books(town)
            finally:
                town.centre.store.close()

    def day(self, town: Town, moment: str) -> None:
        """The calendar turns."""
        town.at(moment)
        self._beat(Beat("day", moment, moment))

    def clock(self, desk: Counter) -> None:
        """What time it is at this terminal."""
        moment = datetime.fromtimestamp(desk.now.utc_ms / 1000, PLACE).strftime("%Y-%m-%d %H:%M")
        self._beat(Beat("day", moment, moment))

    def _books(self, town: Town) -> None:
        """What the centre's books say at the end, counted from the stored rows."""
        found, doubles = audit.audit(town.centre.store), audit.doubles(town.centre.store)
        counts = [(name, n) for name, n in found.outcomes().items() if n]
        said = " · ".join(f"{name} {n}" for name, n in counts) or "no record"
        zh = " · ".join(f"{OUTCOMES[name]} {n}" for name, n in counts) or "没有记录"
        even, twice = found.imbalance_fen, len(doubles)
        chain = "ok" if not found.faults else "; ".join(found.faults)
        self._beat(Beat("books", f"{zh} · 账本合计 {even} · 重复 {twice} · 链 {chain}",
                        f"{said} · ledger sum {even} · doubled {twice} · chain {chain}"))  # fmt: skip
        if found.faults or even or twice:
            raise BrokenError("the books are not even")

    # -- what happens -------------------------------------------------------------------------------
    def does(self, zh: str, en: str) -> None:
        """Somebody does something."""
        self._beat(Beat("does", zh, en[:1].upper() + en[1:]))

    def sees(self, desk: Counter, name: str, *, main: bool = False, **fields: Any) -> Show:
        """The screen that must be up, with these fields; its picture is taken."""
        show = desk.screen
        self._beat(Beat("screen", "", "", show, desk.settings, main))
        if show.name != name:
            raise BrokenError(f"the screen is {show.name} {show.fields.get('code', '')}, not {name}")
        for field, value in fields.items():
            if show.fields.get(field) != value:
                raise BrokenError(f"{field} is {show.fields.get(field)!r}, not {value!r}")
        return show

    def saw(self, zh: str, en: str, picture: bytes) -> None:
        """What the camera saw; it is on the page."""
        self._beat(Beat("saw", zh, en, picture=picture))

    def reads(self, zh: str, en: str) -> None:
        """What was measured."""
        self._beat(Beat("reads", zh, en))

    def holds(self, zh: str, en: str, said: bool) -> None:
        """A promise of the story."""
        self._beat(Beat("holds" if said else "broken", zh, en))
        if not said:
            raise BrokenError(en)

    # -- what people often do -----------------------------------------------------------------------
    def comes(self, desk: Counter, bill: Bill, who: Role, *, by: str = "card", whom: str = "0") -> None:
        """Somebody comes with a bill and says who they are, up to the amount or the refusal."""
        zh, en = _named(bill)
        means_zh, means_en = MEANS[by]
        self.does(f"{who.zh}来{zh}，{means_zh}", f"{who.en} comes with {en} and {means_en}")
        desk.wait(HAND_MS)
        reply = desk.send(bill, f"key-{bill.bill_no}-{desk.calls}")
        if reply.status != 202:
            raise BrokenError(f"the terminal did not take the bill: {reply.body}")
        _ = desk.shows_code_of(who.spec) if by == "code" else desk.lays_card_of(who.spec)
        if desk.screen.name == "whom":
            desk.press("choose", whom)

    def shows_face(self, desk: Counter, template: bytes, model: str, live: float = 0.9) -> None:
        """A face before the camera: simulated looks, as the vision thread would report them."""
        good_face(desk)
        follow(desk, live)
        if desk.screen.name == "working":
            desk.post(e.TemplateMade(template, model))
        desk.serve()

    def confirms(self, desk: Counter, name: str = "settled", *, main: bool = False, **fields: Any) -> Show:
        """The amount is shown, the patient presses confirm, the last screen is read and put away."""
        self.sees(desk, "confirm")
        desk.wait(HAND_MS)
        desk.press("confirm")
        shown = self.sees(desk, name, main=main, **fields)
        desk.done()
        return shown

    def pays(self, desk: Counter, bill: Bill, who: Role, **more: Any) -> Show:
        """A whole ordinary visit."""
        main, name = more.pop("main", False), more.pop("name", "settled")
        self.comes(desk, bill, who, **more)
        return self.confirms(desk, name, main=main)

    def refused(self, desk: Counter, code: str, *, main: bool = False) -> Show:
        """The screen says no, with this code and a next step."""
        shown = self.sees(desk, "refused", main=main, code=code)
        if not shown.fields["next_steps"]:
            raise BrokenError("a refusal without a next step")
        desk.done()
        return shown


def _named(bill: Bill) -> tuple[str, str]:
    """What somebody comes for."""
    zh = words.texts(words.ZH).get(f"kind.{bill.kind}", bill.kind)
    known = words.texts(words.EN).get(f"kind.{bill.kind}", bill.kind).lower()
    en = BILLS.get(bill.kind, f"a bill ({known})")
    if not bill.amount_fen:
        return f"办理{zh}", en
    amount = words.yuan(bill.amount_fen)
    return f"办理{zh}（{amount}）", f"{en} of {amount}"

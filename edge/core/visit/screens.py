"""Screens as values: names, fields and i18n keys, and what goes with each: prompt, lamps, sound,
camera mode.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from edge.core.effects import Buzz, Effect, Light, Shoot, Show, Speak
from edge.core.types import Bill, Deposit, Json, Person, Refusal, Split
from edge.core.visit.settle import paying, staying

LAMPS: Final = {
    "look": "guide",
    "code": "white",
    "settled": "ok",
    "provisional": "ok",
    "refused": "no",
}
STEP_LAMPS: Final = {
    "turn_left": "left", "turn_right": "right", "blink": "white", "dot_left": "left", "dot_right": "right",
    "dot_up": "white", "dot_down": "white", "dot_home": "white",
}  # fmt: skip
HOME: Final = "dot_home"  # the dot was reached
BUZZES: Final = {"settled": "ok", "provisional": "ok", "refused": "no", "confirm": "short"}
CAMERA: Final = {"look": "face", "light": "light", "challenge": "face", "code": "code"}
SAID: Final = frozenset({"slip.deposit_now"})  # of a confirm screen's rows: large on it already
SILENT: Final = frozenset({"idle", "working", "out_of_service"})


def beside(screen: Show) -> list[Effect]:
    """Prompt, lamps, sound and camera for a screen."""
    effects: list[Effect] = []
    step = HOME if "home" in screen.fields else str(screen.fields.get("step", ""))
    effects.append(Light(STEP_LAMPS.get(step) or LAMPS.get(screen.name, "off")))
    if screen.name in BUZZES:
        effects.append(Buzz(BUZZES[screen.name]))
    if screen.name not in SILENT:
        said = (screen.fields.get(name) for name in ("problem", "code", "no_face", "part"))
        what = str(step or next(filter(None, said), ""))
        what = what.removeprefix("rejected_")
        effects.append(Speak(f"say.{screen.name}" + (f".{what}" if what else "")))
    effects.append(Shoot(CAMERA.get(screen.name, "off")))
    return effects


def fen_fields(split: Split | None) -> Json | None:
    """A split for the page: every field in fen."""
    return None if split is None else msgspec.structs.asdict(split)


def idle() -> Show:
    return Show("idle", 0)


def ways(bill: Bill, offered: tuple[str, ...], why: str = "") -> Show:
    """Choose how to say who you are. The face's consent text is on this screen: pressing it is the
    consent. `why` there is no face: face_locked, light_needed.
    """
    fields = {"kind": bill.kind, "amount_fen": bill.amount_fen, "ways": list(offered)}
    return Show("ways", 0, fields | ({"no_face": why} if why else {}))


def look(problem: str | None, tries_left: int, *, light: bool = False) -> Show:
    """`light`: coloured lights will blink; there is a button that asks for none."""
    fields: Json = {"problem": problem, "tries_left": tries_left}
    return Show("look", 0, fields | ({"light": True} if light else {}))


def light(part: str = "") -> Show:
    """Hold still while the lamps play. `part` "longer": the first lights left a doubt, others follow."""
    return Show("light", 0, {"part": part} if part else {})


def challenge(
    steps: tuple[str, ...], index: int, problem: str | None = None, *, home: bool = False
) -> Show:
    """One gesture. `done` are the ones before it; `home`: the dot goes back to the middle."""
    fields = {
        "step": steps[min(index, len(steps) - 1)],
        "index": min(index, len(steps) - 1),
        "count": len(steps),
        "done": list(steps[:index]),
        "problem": problem,
    }
    return Show("challenge", 0, fields | ({"home": True} if home else {}))


def code(problem: str | None = None) -> Show:
    return Show("code", 0, {"problem": problem})


def card(why: str | None) -> Show:
    """why "offline": without the network the card says who you are and the face shows that it is
    you.
    """
    return Show("card", 0, {"why": why})


def whom(people: tuple[Person, ...]) -> Show:
    """Choose for whom; names are masked by the centre."""
    rows = [
        {"value": str(number), "name": person.psn_name, "relation": person.relation}
        for number, person in enumerate(people)
    ]
    return Show("whom", 0, {"people": rows})


class Keys(Struct, frozen=True):
    """The keys for a password. what: "" = the one that is known, "new", "again" (the new one once
    more)."""

    person: str
    limit_fen: int
    digits: int
    tries_left: int
    problem: str | None = None
    what: str = ""


def password(keys: Keys) -> Show:
    """What is typed stays in the page until it is whole."""
    return Show("password", 0, msgspec.structs.asdict(keys))


def confirm(
    bill: Bill,
    person: str,
    split: Split | None,
    mode: str,
    *,
    asks: str,
    estimate: bool,
    choice: bool = False,
    way: str = paying.CASH,
    due: str = "",
    blocked: str = "",
    deposit: Deposit | None = None,
    rows: Slip = (),
) -> Show:
    """The amount and who pays what. `asks`: what a press must say that means this very screen;
    `estimate`: worked out here, the centre may decide otherwise; `choice`: the person may have it paid another way; `due`: the day by which a bank is repaid; `blocked`: why one
    that lends to this person does not now; `deposit`: at the bedside, what it leaves to pay or to give back; `rows`: what is asked for, where it is not an amount.
    """
    fields: Json = {
        "kind": bill.kind,
        "amount_fen": bill.amount_fen,
        "person": person,
        "split": fen_fields(split),
        "mode": mode,
        "asks": asks,
        "estimate": estimate,
        "choice": choice,
        "way": way,
        "due": due,
        "blocked": blocked,
        "to": bill.remit.shown if bill.remit is not None else "",
    }
    if rows:
        fields["rows"] = [list(row) for row in rows if row[0] not in SAID]
    return Show("confirm", 0, fields | staying.fields(deposit))


def pay(bill: Bill, rows: tuple[paying.Button, ...], chosen: paying.Choice) -> Show:
    """Choose how the own part is paid; `now` marks what holds at the moment."""
    shown = [
        {
            "value": one.value,
            "what": one.what,
            "name": one.name,
            "relation": one.relation,
            "scope": one.scope,
            "fen": one.fen,
            "due": one.due,
            "now": one.choice == chosen,
        }
        for one in rows
    ]
    return Show("pay", 0, {"kind": bill.kind, "amount_fen": bill.amount_fen, "choices": shown})


def prescriptions(rows: list[Json]) -> Show:
    """Choose one of one's own prescriptions."""
    return Show("prescriptions", 0, {"rx": rows})


def prices(told: Json) -> Show:
    """What a drug costs nearby, as the centre told it."""
    return Show("prices", 0, {"drug": told.get("drug", ""), "rows": told.get("prices", [])})


def review(rx: Json) -> Show:
    """The pharmacist reads it; the patient sees what was written for them."""
    return Show("review", 0, {"rx": rx})


def working(phase: str) -> Show:
    return Show("working", 0, {"phase": phase})


def settled(
    outcome: str,
    split: Split | None,
    slip: Slip,
    difference_fen: int,
    *,
    due: str = "",
    deposit: Deposit | None = None,
    kind: str = "",
) -> Show:
    """The centre decided. Only ever shown for a verified answer. `due`: nothing is paid today, the
    bank is repaid by then; `deposit`: as in `confirm`."""
    fields = {
        "outcome": outcome,
        "split": fen_fields(split),
        "slip": [list(row) for row in slip],
        "difference_fen": difference_fen,
        "due": due,
        "kind": kind,
    }
    return Show("settled", 0, fields | staying.fields(deposit))


def provisional(split: Split | None, slip: Slip) -> Show:
    """Recorded within the policy; the centre decides."""
    fields = {"split": fen_fields(split), "slip": [list(row) for row in slip]}
    return Show("provisional", 0, fields)


def confirming() -> Show:
    """No answer in time: unknown, never failure."""
    return Show("confirming", 0)


def refused(refusal: Refusal) -> Show:
    fields = {
        "code": refusal.code,
        "next_steps": list(refusal.next_steps),
        "detail": refusal.detail,
    }
    return Show("refused", 0, fields)


def notice(what: str, person: str, rows: Slip) -> Show:
    """identified scanned: done for the HIS. success fail: what the HIS says of its own settlement;
    no word of the centre is behind it, so this is never the screen of a settled bill."""
    return Show("notice", 0, {"what": what, "person": person, "rows": [list(row) for row in rows]})


def out_of_service(code_: str) -> Show:
    return Show("out_of_service", 0, {"code": code_})


Slip = tuple[tuple[str, str], ...]

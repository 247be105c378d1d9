"""The words of a story: a list of steps. `on` names the screen that must be up and what the person does
there; the others are what the world does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from edge.core import events as e
from sim.stage.desk import Desk

GESTURES_MAX = 6
DOTS = {"dot_left": (14.0, 0.0), "dot_right": (-14.0, 0.0), "dot_up": (0.0, 12.0), "dot_down": (0.0, -12.0)}


class On(Struct, frozen=True):
    """The screen that must be up, with these fields, and what the person does."""

    screen: str
    do: Callable[[Desk], None] | None = None
    fields: dict[str, Any] = {}


Step = On | Callable[[Desk], None]


def tell_story(desk: Desk, *steps: Step) -> Desk:
    """Play it; the message names the step that went wrong."""
    for number, step in enumerate(steps):
        if not isinstance(step, On):
            step(desk)
            continue
        where = f"step {number}: {desk.screen.name} {desk.screen.fields}"
        assert desk.screen.name == step.screen, f"{where}, expected {step.screen}"
        for name, value in step.fields.items():
            assert desk.screen.fields[name] == value, f"{where}, expected {name}={value}"
        if step.do is not None:
            step.do(desk)
    return desk


def on(screen: str, do: Callable[[Desk], None] | None = None, **fields: Any) -> On:
    return On(screen, do, fields)


def press(button: str, value: str = "") -> Callable[[Desk], None]:
    def do(desk: Desk) -> None:
        desk.post(e.Pressed(button, value, desk.screen.visit))

    return do


def post(event: e.Event) -> Callable[[Desk], None]:
    def do(desk: Desk) -> None:
        desk.post(event)

    return do


def wait(ms: int) -> Callable[[Desk], None]:
    return lambda desk: desk.wait(ms)


def good_face(desk: Desk) -> None:
    for _ in range(3):
        desk.look()


def follow(desk: Desk, live: float = 0.9) -> None:
    """Do every gesture that the screen asks for, coming back to the front between them."""
    for _ in range(GESTURES_MAX):
        if desk.screen.name != "challenge":
            return
        gesture(desk, desk.screen.fields["step"], live)


def gesture(desk: Desk, step: str, live: float = 0.9) -> None:
    if step == "blink":
        desk.look(eye=0.1, live=live)
        desk.look(eye=1.0, live=live)
    elif step in DOTS:
        yaw, pitch = DOTS[step]
        desk.look(yaw=yaw, pitch=pitch, live=live)
    else:
        yaw = 35.0 if step == "turn_left" else -35.0
        desk.look(yaw=yaw / 2, live=live)
        desk.look(problem="turned", yaw=yaw)
    for _ in range(3):
        desk.look(live=live)


link_up = post(e.LinkUp())
link_lost = post(e.LinkLost("E-NET-01"))

"""The names of the commands that need a clone of the project; `cli.main` takes them away before typer
is asked (`cli.CLONE` says which module each is)."""

from __future__ import annotations

from collections.abc import Callable

import typer

HELP = {
    "demo": "Run a whole clinic in simulation.",
    "fire": "Real brokers under fire: facepay fire [--broker mosquitto|amqtt] [--rounds N] [--seed S].",
    "fuzz": "Feed every parser with a fuzzer: facepay fuzz [--target NAME] [--seconds S].",
    "images": "Open every disk a power cut may leave: facepay images [--images N] [--seed S] [--jobs J].",
    "mutants": "Put bugs in on purpose and see the tests turn red: facepay mutants [--sample N --seed S].",
    "killpoints": "Strike every durable call of the store: facepay killpoints [--duty NAME] [--sample P].",
    "peers": "Losses and speed beside the queues people use today: facepay peers [--kills N] [--only NAME].",
    "sim": "A controller without hardware: facepay sim board|run|uf2|tier2; alone it says what each does.",
}


def add(app: typer.Typer) -> None:
    """Put them among the commands."""
    for name, text in HELP.items():
        app.command(name, help=text)(_elsewhere(name))


def _elsewhere(name: str) -> Callable[[], None]:
    def run() -> None:
        raise AssertionError(f"cli.main takes {name} away")

    return run

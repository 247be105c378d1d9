"""Runs first at every start and never changes with the program: asks /slots.py which slot starts,
and puts that slot on the path. Without an answer the path stays as it is, main.py then finds no
program, and the prompt is there for the flasher."""

import sys


def choose() -> str:
    try:
        from slots import Board

        return str(Board().choose())
    except Exception as error:  # a broken flash must still give a prompt
        sys.print_exception(error)
        return ""


_slot = choose()
sys.path[:] = [place for place in sys.path if place not in ("/a", "/b")]
if _slot:
    sys.path.insert(0, _slot)
else:
    print("no slot can be started: flash the application")

"""Runs after boot.py and never changes with the program: starts what the chosen slot holds.

A program that ends by itself is restarted by a reset, after a pause in which Ctrl-C of a flasher
gives the prompt. On trial a watchdog runs before the first line of the new program, so one that hangs
while it starts counts as a try as well. A file /hold asks for one start without a program: the
prompt, and no watchdog.
"""

import os
import sys
import time

import machine

TRIAL_WATCHDOG_MS = 8000
PAUSE_MS = 1000


def held() -> bool:
    try:
        os.remove("/hold")
    except OSError:
        return False
    return True


def run() -> None:
    from slots import TRIAL, Board

    board = Board()
    if board.state.phase == TRIAL:
        machine.WDT(timeout=TRIAL_WATCHDOG_MS)
    try:
        from firmware.start import main

        main(sys.path[0])
    except Exception as error:
        sys.print_exception(error)
    board = Board()
    board.crashed()
    time.sleep_ms(PAUSE_MS)
    machine.reset()


if not held() and sys.path[0] in ("/a", "/b"):
    run()

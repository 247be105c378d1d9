"""`facepay sim board`: one simulated controller until it is stopped."""

from __future__ import annotations

import argparse
import os
import signal
import socket
from pathlib import Path

from edge.errors import EdgeError
from sim.board.hub import Hub
from sim.board.options import Options
from sim.board.prepare import FLASHED, prepare


def serve(directory: Path, link: Path, options: Options, *, with_parent: bool) -> None:
    """Be a board until SIGTERM, SIGINT, `stop`, or (with_parent) the end of stdin."""
    folder = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX) as control:
        place = directory / "control.sock"
        place.unlink(missing_ok=True)
        control.bind(f"/proc/self/fd/{folder}/control.sock")
        control.listen(8)
        hub = Hub(directory.resolve(), link, options, control)

        def end(_number: int, _frame: object) -> None:
            hub.stopping = True

        wake_r, wake_w = os.pipe()
        os.set_blocking(wake_w, False)
        signal.set_wakeup_fd(wake_w)
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        hub.until_closed(wake_r)
        if with_parent:
            hub.until_closed(0)
        print("pty", hub.plug(), flush=True)
        hub.run()
        place.unlink(missing_ok=True)


def main() -> None:
    args = _parser().parse_args()
    if args.directory is None and args.pty_link is None:
        _parser().error("--pty-link or --directory is needed")
    directory: Path = args.directory or args.pty_link.absolute().parent / (
        args.pty_link.name + ".board"
    )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    link: Path = (args.pty_link or directory / "tty").absolute()
    options = Options(
        real=not args.virtual,
        seed=args.seed,
        first_ticks_ms=args.first_ticks_ms,
        **{k: v for k, v in (("uid", args.uid), ("runtime", args.runtime)) if v is not None},
    )
    try:
        prepare(directory, args.flash)
        serve(directory, link, options, with_parent=args.with_parent)
    except EdgeError as error:
        print(error, flush=True)
        raise SystemExit(2) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="facepay sim board", description=__doc__)
    add = parser.add_argument
    add("--directory", type=Path, help="flash, key, usb, control socket (default: by the link)")
    add("--pty-link", type=Path, help="symlink to make to the link's pty (default: DIRECTORY/tty)")
    clock = parser.add_mutually_exclusive_group()
    clock.add_argument("--realtime", action="store_true", help="the clock on the wall (default)")
    clock.add_argument("--virtual", action="store_true", help="time passes only by `advance`")
    add("--seed", type=int, default=1, help="of a board in virtual time, and of a bad cable")
    add("--flash", choices=FLASHED, default="auto", help="what is in the flash at the start")
    add("--runtime", help="version of its MicroPython; none: an empty chip (BOOTSEL)")
    add("--uid", help="16 hex digits of its unique id")
    add("--first-ticks-ms", type=int, default=0, help="what ticks_ms() begins with")
    add("--with-parent", action="store_true", help="stop when stdin ends")
    return parser

"""Records that were brought by hand: `python -m sim.centre import --config centre.toml FILE.fpm ...`.

They go through the very intake that the network uses, as often and in whatever order they come; the
answers go into a file that the terminal takes back (`facepay import-answers`)."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from edge.errors import EdgeError
from edge.process import carrying
from edge.wire import answer as wire_answer
from edge.wire import carry, envelope, topics
from edge.wire.carry import Manifest
from sim.centre import intake
from sim.centre.desk import Centre

EXIT_GAP: Final = 3
EXIT_BAD: Final = 4


class Imported(Struct, frozen=True):
    """What one export came to. `gap`: the first record that is missing before it, 0 = none."""

    manifest: Manifest
    upto: int
    gap: int
    answers: tuple[bytes, ...]


def bring(centre: Centre, paths: Sequence[Path], now_ms: int) -> list[Imported]:
    """Import exports, the oldest records first. E-EXP-03 for a file that is not what it was."""
    found = [_manifest(centre, path) for path in paths]
    found.sort(key=lambda one: (one[0].terminal, one[0].epoch, one[0].first))
    return [_one(centre, manifest, path, now_ms) for manifest, path in found]


def _manifest(centre: Centre, path: Path) -> tuple[Manifest, Path]:
    data = carrying.small(path, carry.MANIFEST_BYTES_MAX)
    try:
        name = carry.peek(data).terminal
        verifier = centre.verifier(name)
        if verifier is None:
            raise EdgeError("E-EXP-03", f"{path.name}: no terminal is called {name}")
        return carry.decode(data, verifier), path
    except EdgeError as error:
        if error.code == "E-EXP-03":
            raise
        raise EdgeError("E-EXP-03", f"{path.name}: {error.message}", "export again") from error


def _one(centre: Centre, manifest: Manifest, path: Path, now_ms: int) -> Imported:
    upto = _upto(centre, manifest)
    if upto + 1 < manifest.first:
        return Imported(manifest, upto, upto + 1, ())
    with centre.store.begin() as conn:
        intake.begin(conn, manifest.terminal, manifest.epoch)
    answers: list[bytes] = []
    for payload in _envelopes(path, manifest):
        said = centre.on_message(topics.up(manifest.terminal, centre.shards), payload, now_ms)
        answers += [data for _, data in said]
    return Imported(manifest, _upto(centre, manifest), 0, tuple(answers))


def _envelopes(path: Path, manifest: Manifest) -> Iterator[bytes]:
    for part, records in carrying.parts_of(path, manifest):
        for first, last in envelope.split([len(one) for one in records], part.first):
            yield envelope.encode(
                envelope.Envelope(
                    terminal=manifest.terminal,
                    epoch=manifest.epoch,
                    first_seq=first,
                    records=tuple(records[first - part.first : last - part.first + 1]),
                    answer_seen=manifest.answer_seen,
                    tree_size=manifest.tree_size,
                )
            )


def _upto(centre: Centre, manifest: Manifest) -> int:
    with centre.store.begin() as conn:
        return intake.stand(conn, manifest.terminal, manifest.epoch).upto


def write_answers(centre: Centre, done: Imported, folder: Path) -> Path | None:
    """The file for the way back, None when there is nothing to say."""
    if not done.answers:
        return None
    numbers = [wire_answer.decode(one, centre.keys.verifier).number for one in done.answers]
    said = done.manifest
    stem = f"answers-{said.terminal}-{said.epoch}-{numbers[0]:08d}-{numbers[-1]:08d}"
    path = folder / f"{stem}{carrying.ANSWERS_SUFFIX}"
    path.write_bytes(carry.pack(carry.ANSWERS_MAGIC, done.answers))
    return path


def main(arguments: list[str] | None = None) -> int:
    """Entry. 0 all taken, EXIT_GAP something is missing before one of them, EXIT_BAD a bad file."""
    from sim.centre.__main__ import open_guest

    parser = argparse.ArgumentParser(prog="python -m sim.centre import")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--answers", type=Path, default=Path(), help="folder for the .fpa files")
    parser.add_argument("files", type=Path, nargs="+", help="the .fpm files of exports")
    given = parser.parse_args(arguments)
    try:
        centre = open_guest(given.config)
        return _report(centre, bring(centre, given.files, time.time_ns() // 1_000_000), given.answers)
    except EdgeError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD


def _report(centre: Centre, all_done: list[Imported], folder: Path) -> int:
    code = 0
    for done in all_done:
        said = done.manifest
        name = f"{said.terminal} epoch {said.epoch}"
        if done.gap:
            code = EXIT_GAP
            print(f"{name}: records {done.gap} to {said.first - 1} are missing: bring them first")
            continue
        path = write_answers(centre, done, folder)
        print(f"{name}: records {said.first} to {said.last}, decided up to {done.upto}, answers: {path}")
        code = code if done.upto >= said.last else EXIT_GAP
    return code

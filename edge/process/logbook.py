"""The log: one JSON object per line on stderr, an event name and fields, never anything about a
person.

Only fields that are listed here leave the process. Tracebacks carry places, not messages: an
exception's text may quote what a patient or a HIS sent. A canary test (tests/agent) runs a marked
visit and greps for the marks.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from typing import Any, Final

from edge.core import effects, events
from edge.errors import EdgeError

TEXT_MAX: Final = 500
FRAMES_MAX: Final = 12

# What of an event or effect may be written. Types that are not here are not logged.
FIELDS: Final[dict[type, tuple[str, ...]]] = {
    events.StopAsked: (),
    events.LinkUp: (),
    events.LinkLost: ("code", "refused"),
    events.BoardUp: (),
    events.BoardLost: ("code",),
    events.Counted: ("state", "count", "code"),
    events.Tampered: ("open", "latched"),
    events.CameraLost: ("code",),
    events.CameraBack: (),
    events.AnswerBad: ("code",),
    events.Appended: ("seq", "size"),
    events.StoreLow: ("room_bytes",),
    effects.Show: ("name", "visit"),
    effects.Reply: ("call", "status"),
    effects.Changed: ("bill_id", "version"),
    effects.Connect: (),
    effects.Disconnect: (),
    effects.Publish: ("token", "first_seq", "last_seq"),
    effects.Halt: ("code", "reason"),
}


class JsonLines(logging.Formatter):
    """time, level, event, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage()[:TEXT_MAX],
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _described(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def start(level: int = logging.INFO) -> None:
    """Send every logger of the process to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def note(log: logging.Logger, thing: object) -> None:
    """Write an event or effect, if it is one that is written."""
    names = FIELDS.get(type(thing))
    if names is not None:
        fields = {name: getattr(thing, name) for name in names}
        log.info(type(thing).__name__, extra={"fields": fields})


def _described(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    told: dict[str, Any] = {
        "type": type(error).__name__,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, EdgeError):
        told["code"] = error.code
        told["text"] = str(error)[:TEXT_MAX]
    if error.__cause__ is not None:
        told["cause"] = type(error.__cause__).__name__
    return told

"""The factory report of one controller: what was measured, signed as the bytes that are stored, and one
page that can be printed."""

from __future__ import annotations

import html
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from edge.errors import EdgeError
from edge.field.flash.onboard import Onboard

LABEL: Final = b"facepay/factory/1\0"
NO_LIMIT: Final = 1e9
REPORT: Final = "report.json"
SIGNATURE: Final = "report.sig"
REPORT_BYTES_MAX: Final = 64 * 1024
RESULTS: Final = MappingProxyType({"skip": "not measured"})  # others as they are

OF_BOARD: Final = """
if {slot!r} not in sys.path:
    sys.path.insert(0, {slot!r})  # we came before boot.py had done so
try:
    with open('/board') as fp_f:
        fp_n = fp_f.read(32).strip()
except OSError:
    fp_n = {name!r}
fp_m = getattr(__import__('firmware.boards.' + fp_n).boards, fp_n)
"""
TRY_FLASH: Final = """
import time
fp_d = bytes(range(256)) * 16
fp_t = time.ticks_ms()
with open('/fp.try', 'wb') as fp_f:
    fp_f.write(fp_d)
fp_h = fp_hash('/fp.try')
fp_t = time.ticks_diff(time.ticks_ms(), fp_t)
os.remove('/fp.try')
print(json.dumps(fp_t if fp_h[1] == fp_hex(hashlib.sha256(fp_d).digest()) else -1))
"""
TRY_BUTTONS: Final = """
import machine
fp_v = [machine.Pin(p, machine.Pin.IN, machine.Pin.PULL_UP).value() for n, p in fp_m.BUTTONS]
print(json.dumps(fp_v.count(0)))
"""
TRY_LAMPS: Final = """
import machine, time
fp_p = machine.Pin(fp_m.RING_PIN, machine.Pin.OUT)
fp_t = time.ticks_us()
machine.bitstream(fp_p, 0, (400, 850, 800, 450), bytes([40] * 3 * fp_m.RING_LEDS))
fp_t = time.ticks_diff(time.ticks_us(), fp_t)
time.sleep_ms(300)
machine.bitstream(fp_p, 0, (400, 850, 800, 450), bytes(3 * fp_m.RING_LEDS))
print(json.dumps(fp_t / 1000))
"""
TRY_READER: Final = """
import machine, time
fp_u = machine.UART(fp_m.READER_UART, baudrate=fp_m.READER_BAUD, tx=machine.Pin(fp_m.READER_TX),
    rx=machine.Pin(fp_m.READER_RX), timeout=0)
fp_b = bytearray(64)
fp_u.readinto(fp_b)
fp_u.write(b'facepay loopback')
time.sleep_ms(100)
fp_c = fp_u.readinto(fp_b) or 0
print(json.dumps(100 * (bytes(fp_b[:fp_c]) == b'facepay loopback') if fp_c else None))
"""
TRY_TEMPERATURE: Final = """
import machine
try:
    fp_a = machine.ADC(getattr(machine.ADC, 'CORE_TEMP', 4))
    fp_c = 27 - (fp_a.read_u16() * 3.3 / 65535 - 0.706) / 0.001721
except (AttributeError, ValueError, TypeError):
    fp_c = None
print(json.dumps(fp_c))
"""


class Trial(Struct, frozen=True):
    """One test: what is run on the board, and between which values it is good."""

    name: str
    code: str
    unit: str
    low: float
    high: float
    absent: str = "not on this board"  # what no value means


TRIALS: Final = (
    Trial("flash free", "fp_s = os.statvfs('/')\nprint(json.dumps(fp_s[0] * fp_s[3]))", "bytes", 65_536, NO_LIMIT),
    Trial("flash write and read back, 4 KiB", TRY_FLASH, "ms", 0, 3_000),
    Trial("memory free", "gc.collect()\nprint(json.dumps(gc.mem_free()))", "bytes", 40_000, NO_LIMIT),
    Trial("buttons stuck", TRY_BUTTONS, "buttons", 0, 0),
    Trial("lamps driven white", TRY_LAMPS, "ms", 0, 50),
    Trial("reader loopback", TRY_READER, "%", 100, 100, "no loopback plug"),
    Trial("temperature", TRY_TEMPERATURE, "°C", -10, 60, "no sensor"),
)


class Row(Struct, frozen=True):
    """A line of the report. result pass, fail or skip."""

    name: str
    measured: float | None
    unit: str
    low: float
    high: float
    result: str
    note: str = ""


def measure(board: Onboard, name: str, slot: str) -> list[Row]:
    """Every test, each alone: one that dies is a failed line, not the end."""
    rows = []
    for trial in TRIALS:
        try:
            value = board.ask(OF_BOARD.format(name=name, slot=slot) + trial.code)
        except EdgeError as error:
            if error.code != "E-FLS-08":
                raise
            rows.append(Row(trial.name, None, trial.unit, trial.low, trial.high, "fail", error.message[:200]))
            continue
        rows.append(judged(trial, value))
    return rows


def judged(trial: Trial, value: Any) -> Row:
    """A value that is no number is a failure; None is a test that cannot be made here."""
    if value is None:
        return Row(trial.name, None, trial.unit, trial.low, trial.high, "skip", trial.absent)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Row(trial.name, None, trial.unit, trial.low, trial.high, "fail", "no number")
    good = trial.low <= value <= trial.high
    return Row(trial.name, round(value, 3), trial.unit, trial.low, trial.high, "pass" if good else "fail")


def store(folder: Path, told: dict[str, Any], maker: Ed25519PrivateKey, qr_svg: str) -> None:
    """report.json, report.sig (Ed25519 over the label and these bytes), report.html."""
    data = json.dumps(told, ensure_ascii=False, indent=1).encode()
    (folder / REPORT).write_bytes(data)
    (folder / SIGNATURE).write_text(maker.sign(LABEL + data).hex() + "\n", encoding="ascii")
    (folder / "report.html").write_text(page(told, qr_svg), encoding="utf-8")


def check(folder: Path, maker: Ed25519PublicKey) -> dict[str, Any]:
    """The report, once its signature is right. E-FLS-54 when it is not."""
    try:
        data = (folder / REPORT).read_bytes()[: REPORT_BYTES_MAX + 1]
        sig = bytes.fromhex((folder / SIGNATURE).read_text(encoding="ascii").strip())
        maker.verify(sig, LABEL + data)
        told: dict[str, Any] = json.loads(data)
    except (OSError, ValueError, InvalidSignature) as error:
        raise EdgeError(
            "E-FLS-54", f"{folder}: the report is not as this maker signed it {error}".rstrip(), "ask for it again"
        ) from error
    return told


def page(told: dict[str, Any], qr_svg: str) -> str:
    """One A4 page, without anything from elsewhere."""
    def safe(value: object) -> str:
        return html.escape(str(value))

    rows = "".join(
        f"<tr class={safe(row['result'])}><td>{safe(row['name'])}<td class=n>"
        f"{_number(row['measured'])}<td>{safe(row['unit'])}<td class=n>{_good(row['low'], row['high'])}"
        f"<td>{RESULTS.get(row['result'], safe(row['result']))}<td>{safe(row['note'])}"
        for row in told["tests"]
    )
    about = "".join(
        f"<tr><th>{safe(name)}<td>{safe(told[key])}"
        for name, key in (
            ("Serial", "serial"), ("Board", "board"), ("Chip", "uid"), ("Runtime", "runtime"),
            ("Version", "version"), ("Build", "build"), ("Pairing key, fingerprint", "key_fingerprint"),
            ("Operator", "operator"), ("Station", "station"), ("Time, UTC", "at"),
        )
    )  # fmt: skip
    skipped = sum(row["result"] == "skip" for row in told["tests"])
    good = told["result"] == "pass"
    verdict = "PASS" if good else "FAIL"
    verdict += f"<small>, {skipped} not measured</small>" if skipped else ""
    return (
        "<!doctype html><meta charset=utf-8><title>facepay " + safe(told["serial"]) + "</title><style>"
        "@page{size:A4;margin:18mm}body{font:11pt/1.4 system-ui,sans-serif;color:#111;max-width:174mm;margin:8mm auto}"
        "@media print{body{margin:0 auto;-webkit-print-color-adjust:exact;print-color-adjust:exact}}"
        "h1{font-size:17pt;margin:0}.qr{float:right;width:34mm}.qr svg{width:34mm;height:34mm}"
        "table{border-collapse:collapse;width:100%;margin:5mm 0}.about{width:auto}"
        "td,th{padding:1.2mm 2mm;text-align:left;border-bottom:.2mm solid #ccc;vertical-align:top}"
        ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.fail td{font-weight:600;background:#fde8e8}"
        ".skip td{color:#666}.verdict{font-size:15pt;font-weight:600}small{font-size:11pt;font-weight:400}</style>"
        f"<div class=qr>{qr_svg if good else ''}</div><h1>Controller {safe(told['serial'])}</h1>"
        f"<p class=verdict>{verdict}</p><table class=about>{about}</table>"
        "<table><tr><th>Test<th class=n>Measured<th>Unit<th class=n>Good<th>Result<th>Note" + rows + "</table>"
        "<p>Signed: report.sig over report.json (Ed25519). This page is for people; the file is the report.</p>"
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.10g}".replace(",", "\u202f")


def _good(low: float, high: float) -> str:
    if high >= NO_LIMIT:
        return f"≥ {_number(low)}"
    return _number(low) if low == high else f"{_number(low)} … {_number(high)}"

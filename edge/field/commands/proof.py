"""bundle and verify: one file that proves a transaction, and the judge that needs nobody's help."""

from __future__ import annotations

import json
import locale
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.config import Config
    from edge.suites import es256

EXIT_REFUTED = 1
EXIT_OPEN = 3
FILE_BYTES_MAX = 1024 * 1024
KEY_BYTES_MAX = 8 * 1024
SUFFIX = ".facepay"

What = Annotated[str, typer.Argument(help="the bill id, or the HIS's own bill number")]
Configured = Annotated[Path, typer.Option("--config", help="the terminal's facepay.toml")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="where to; default: here")]
Record = Annotated[int, typer.Option(help="a record's number instead of a bill")]
Cancel = Annotated[bool, typer.Option("--cancel", help="of the cancellation")]
File = Annotated[Path, typer.Argument(help="a bundle")]
CentreKey = Annotated[Path, typer.Option("--centre-key", help="PEM: public key or certificate")]
TerminalKey = Annotated[Path | None, typer.Option("--terminal-key", help="PEM, when not certified")]
AsJson = Annotated[bool, typer.Option("--json", help="for programs")]
Html = Annotated[Path | None, typer.Option("--html", help="write the page here, to print")]
Lang = Annotated[str, typer.Option(help="zh-CN or en; default: the system's")]


def bundle(
    what: What = "",
    *,
    config: Configured,
    record: Record = 0,
    cancel: Cancel = False,
    out: Out = None,
) -> None:
    """Write one file that proves a transaction: record, consent, verdict, limits, receipt, certificates."""
    from edge.config import load

    if bool(what) == bool(record):
        raise EdgeError("E-CFG-04", "name a bill, or a record with --record", "facepay bundle --help")
    settings = load(config)
    data = _from_agent(settings, what, cancel=cancel) if what else None
    if data is None:
        data = _from_ledger(settings, what, record, cancel=cancel)
    path = out or Path(f"{what.replace('/', '_') or f'record-{record}'}{SUFFIX}")
    path.write_bytes(data)
    sys.stdout.write(f"{path}: {len(data)} bytes. Check it: facepay verify {path} --centre-key FILE\n")


def verify(
    file: File,
    *,
    centre_key: CentreKey,
    terminal_key: TerminalKey = None,
    as_json: AsJson = False,
    html: Html = None,
    lang: Lang = "",
) -> None:
    """Judge a bundle offline. Exit 0 proven, 3 signed but not decided yet or not all shown, 1 not to be
    believed."""
    from edge.field.proof import page
    from edge.field.proof.judge import Judge, Keys
    from edge.field.proof.texts import TEXTS
    from edge.wire.bundle import decode

    chosen = lang or _language()
    if chosen not in TEXTS:
        raise EdgeError("E-CFG-03", f"no page in {chosen[:20]}", f"one of {', '.join(TEXTS)}")
    terminal = _key(terminal_key) if terminal_key else None
    judged = Judge(decode(_read(file, FILE_BYTES_MAX)), Keys(_key(centre_key), terminal)).judge()
    if html is not None:
        html.write_text(page.page(judged, chosen), encoding="utf-8")
    told = page.text(judged, chosen)
    if as_json:
        told = json.dumps(page.as_json(judged), ensure_ascii=False, indent=2) + "\n"
    sys.stdout.write(told)
    word = page.verdict(judged)
    raise SystemExit({"proven": 0, "open": EXIT_OPEN, "partial": EXIT_OPEN}.get(word, EXIT_REFUTED))


def add(app: typer.Typer) -> None:
    """Put them among the commands."""
    app.command("bundle")(bundle)
    app.command("verify")(verify)


# -- where the parts are ---------------------------------------------------------------------------
def _from_agent(config: Config, what: str, *, cancel: bool) -> bytes | None:
    """Ask the running agent; None when none runs here."""
    from edge.field.local import Local

    agent = Local(config)
    if not agent.runs():
        return None
    state = agent.get(f"/v1/bills/{what}", missing_ok=True) or agent.get(
        "/v1/bills", {"bill_no": what}
    )
    assert state is not None, "a missing bill is an error by now"
    query = {"cancel": "1"} if cancel else {}
    found = agent.get(f"/v1/bills/{state['bill_id']}/bundle", query)
    assert found is not None, "a missing bundle is an error by now"
    import base64

    return base64.b64decode(found["bundle"])


def _from_ledger(config: Config, what: str, record: int, *, cancel: bool) -> bytes:
    """Open the ledger ourselves. E-STO-04 while the agent has it."""
    import time

    from edge.core.books import bills
    from edge.loader import load as load_driver
    from edge.main import papers
    from edge.process import evidence

    path = Path(config.store.path)
    if not path.is_file():
        raise EdgeError("E-PRF-08", f"there is no ledger at {path}", "[store] path")
    keys = load_driver("keys", config.keys.driver)(config.keys.directory)
    store = load_driver("store", config.store.driver)(path, keys.locker, reserve_bytes=0)
    try:
        seq = record
        if not seq:
            found = store.doc(bills.BILL_SPACE, what)
            state = bills.decode(found) if found else evidence.bill_by_number(store, what)
            seq = evidence.seq_of(state, cancel=cancel)
        now_ms = time.time_ns() // 1_000_000
        return evidence.bundle_of(store, seq, papers(config), now_ms)
    finally:
        store.close()


def _key(path: Path) -> es256.SignPublic:
    """A public key from a PEM file: a key, or a certificate. E-KEY-03, E-PRF-02."""
    from edge.suites import _certs, es256

    pem = _read(path, KEY_BYTES_MAX)
    if b"BEGIN CERTIFICATE" in pem:
        return _certs.read(_certs.der_of(pem)).key
    return es256.load_sign_public(pem)


def _read(path: Path, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(bytes_max + 1)
    except OSError as error:
        raise EdgeError("E-CFG-05", f"{path} cannot be read: {error.strerror}", "") from error
    if len(data) > bytes_max:
        raise EdgeError("E-PRF-01", f"{path} is longer than {bytes_max} bytes", "is it the file?")
    return data


def _language() -> str:
    name = locale.getlocale()[0] or ""
    return "zh-CN" if name.lower().startswith("zh") else "en"

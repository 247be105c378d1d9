"""The page: what a judged bundle says, for a person. As lines for a terminal and as one HTML file that
prints on a sheet of paper."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from edge.core.types import Json
from edge.explain import CODES
from edge.field.proof.judge import Finding, Judged, Sign
from edge.field.proof.texts import TEXTS
from edge.wire.record import record_hash

UTC_OFFSET_MIN: Final = 480  # the place of care's civil time, beside UTC
NAME_CHARS: Final = 200
MARKS: Final = {Sign.HOLDS: "✓", Sign.FAILS: "✗", Sign.ABSENT: "·", Sign.WITHHELD: "?"}
AMOUNTS: Final = (
    ("amount", "medfee_sumamt"),
    ("fund", "fund_pay_sumamt"),
    ("account", "acct_pay"),
    ("cash", "psn_cash_pay"),
)

Rows = list[tuple[str, str]]


def verdict(judged: Judged) -> str:
    """The one word: proven, partial, open or refuted."""
    if judged.refuted:
        return "refuted"
    return "proven" if judged.proven else "partial" if judged.decided else "open"


def rows(judged: Judged, lang: str) -> Rows:
    """(what, value) of the transaction, only what was proven."""
    words, body = TEXTS[lang], judged.body
    found: Rows = []

    def put(name: str, value: object) -> None:
        if value not in ("", None):
            found.append((words[name], _text(value)))

    put("bill_no", body.get("bill_no"))
    header = judged.header
    if header is not None:
        put("kind", words.get(f"kind.{header.kind}", header.kind))
        put("terminal", f"{header.terminal} / {header.epoch} / {header.seq}")
    put("institution", _both(body.get("fixmedins_code"), body.get("fixmedins_name")))
    if header is not None:
        put("time", _time(header.wall_ms, header.error_ms))
        put("mode", words[f"mode.{header.mode}"])
    _person(put, body, words)
    if judged.policy is not None:
        put("limits", f"{judged.policy.profile} v{judged.policy.version}")
    _decision(put, judged, words)
    if header is not None:
        put("keys", header.keys)
        put("fingerprint", record_hash(judged.bundle.record).hex())
    return found


def _person(put: Any, body: Json, words: dict[str, str]) -> None:
    identity, seen = _map(body.get("identity")), _map(body.get("verdict"))
    put("person", identity.get("psn_no"))
    means = identity.get("means")
    put("means", words.get(f"means.{means}", means))
    if seen:
        put("verdict", f"{_number(seen.get('score'))} / {_number(seen.get('threshold'))}")
        models = seen.get("models")
        pairs = [one for one in models if _is_pair(one)] if isinstance(models, list) else []
        put("models", ", ".join(f"{one[0]} {str(one[1])[:16]}…" for one in pairs))
    consent = _map(body.get("consent"))
    if consent:
        at = consent.get("at_ms")
        when = _time(at, 0) if isinstance(at, int) else ""
        put("consent", _both(_both(consent.get("text"), consent.get("lang")), when))


def _decision(put: Any, judged: Judged, words: dict[str, str]) -> None:
    info = _map(judged.result.get("setlinfo"))
    if judged.leaf is not None:
        put("outcome", words[f"outcome.{judged.bundle.outcome}"])
        put("setl_id", info.get("setl_id"))
        put("why", judged.result.get("err_msg") or judged.result.get("code"))
    source = info or _map(judged.body.get("estimate"))
    for name, field in AMOUNTS:
        amount = source.get(field)
        put(name, amount if info or not amount else f"{amount} {words['estimated']}")
    if judged.leaf is not None:
        size, index, root = judged.leaf
        put("log", f"{index} / {size} · {root.hex()[:16]}…")


def text(judged: Judged, lang: str) -> str:
    """The page for a terminal."""
    words, word = TEXTS[lang], verdict(judged)
    lines = [words["title"], "", f"  {words[word]}", f"  {words[word + '.text']}", ""]
    for one in judged.findings:
        kept = f" ({words['withheld']})" if one.sign is Sign.WITHHELD else ""
        lines.append(f"  {MARKS[one.sign]} {words['check.' + one.part]}{kept}")
    wrong = [one for one in judged.findings if one.sign is Sign.FAILS]
    if wrong:
        lines += ["", words["failed"]]
        for one in wrong:
            lines += [f"  {one.code}  {_why(one, lang)}{_note(one)}"]
            lines += [f"  {words['advice']}: {CODES[one.code][1]}"] if lang == "en" else []
    lines += ["", words["what"]]
    lines += [f"  {name}: {value}" for name, value in rows(judged, lang)]
    return "\n".join([*lines, "", words["note"]]) + "\n"


def as_json(judged: Judged) -> Json:
    """For programs: the verdict, the checks, the record."""
    header = judged.header
    return {
        "verdict": verdict(judged),
        "checks": [
            {"part": one.part, "sign": str(one.sign), "code": one.code, "note": one.note}
            for one in judged.findings
        ],
        "record": record_hash(judged.bundle.record).hex(),
        "terminal": header.terminal if header else "",
        "epoch": header.epoch if header else 0,
        "seq": header.seq if header else 0,
        "outcome": judged.bundle.outcome if judged.leaf is not None else "",
        "bill_no": _text(judged.body.get("bill_no", "")),
    }


def page(judged: Judged, lang: str) -> str:
    """One HTML file without anything from outside."""
    words, word = TEXTS[lang], verdict(judged)
    checks = "".join(
        f'<tr class="{one.sign}"><td>{MARKS[one.sign]}</td><td>{_e(words["check." + one.part])}</td>'
        f"<td>{_e(words[one.sign])}</td></tr>"
        for one in judged.findings
    )
    wrong = "".join(
        f"<p><b>{one.code}</b> {_e(_why(one, lang) + _note(one))}</p>"
        for one in judged.findings
        if one.sign is Sign.FAILS
    )
    what = "".join(
        f"<tr><th>{_e(name)}</th><td>{_e(value)}</td></tr>" for name, value in rows(judged, lang)
    )
    trouble = f"<h2>{_e(words['failed'])}</h2>{wrong}" if wrong else ""
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{_e(words["title"])}</title>'
        f"<style>{STYLE}</style><h1>{_e(words['title'])}</h1>"
        f'<div class="verdict {word}"><b>{_e(words[word])}</b><br>{_e(words[word + ".text"])}</div>'
        f"{trouble}<h2>{_e(words['checks'])}</h2><table>{checks}</table>"
        f"<h2>{_e(words['what'])}</h2><table>{what}</table><footer>{_e(words['note'])}</footer></html>\n"
    )


STYLE: Final = (
    "body{font:15px/1.45 system-ui,'Noto Sans CJK SC',sans-serif;max-width:46rem;margin:2rem auto;"
    "padding:0 1rem;color:#111}h1{font-size:1.5rem}h2{font-size:1.05rem;margin:1.4rem 0 .4rem}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.28rem .5rem;border-bottom:1px solid #ccc;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}th{width:15rem;font-weight:600}"
    ".verdict{padding:.8rem 1rem;border:3px solid;font-size:1.1rem}.verdict b{font-size:1.5rem}"
    ".proven{border-color:#0a6b2d;color:#0a6b2d}.open,.partial{border-color:#8a5a00;color:#8a5a00}"
    ".refuted,.fails{border-color:#b00020;color:#b00020}.fails td{font-weight:700}.absent td{color:#555}"
    ".withheld td{color:#8a5a00}"
    "footer{margin-top:1.5rem;color:#555}@media print{body{margin:0}}"
)


def _why(one: Finding, lang: str) -> str:
    """What a failed check means; the other languages than English are the page's own."""
    return TEXTS[lang].get(one.code) or CODES[one.code][0]


def _note(one: Finding) -> str:
    return f" ({one.note})" if one.note else ""


def _e(value: str) -> str:
    return html.escape(value)


def _text(value: object) -> str:
    """A value of the bundle on one line of bounded length, without control characters."""
    plain = str(value)[:NAME_CHARS]
    return "".join(sign if sign.isprintable() else "�" for sign in plain)


def _both(first: object, second: object) -> str:
    return " ".join(str(one) for one in (first, second) if one)


def _map(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2  # noqa: PLR2004 - (name, hash)


def _number(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) else "?"


def _time(utc_ms: int, error_ms: int) -> str:
    try:
        utc = datetime.fromtimestamp(utc_ms / 1000, UTC)
        local = utc + timedelta(minutes=UTC_OFFSET_MIN)
    except (OverflowError, ValueError, OSError):
        return f"{utc_ms} ms"
    bound = f" ± {error_ms / 1000:.0f} s" if error_ms else ""
    return f"{local:%Y-%m-%d %H:%M:%S} (UTC+8){bound}"

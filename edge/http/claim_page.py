"""The manual claim as one page to print: A4, the fields of `core.books.claim`, blanks to write into."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from edge.core.books.claim import BLANK
from edge.core.types import Json

LANGS: Final = ("zh-CN", "en")
TEXTS: Final = Path(__file__).parent / "static" / "i18n" / "desk"
# the form's groups: what is filled in, in the order of the paper
WHO: Final = ("psn_no", "psn_name", "certno", "tel", "insutype")
WHERE: Final = ("fixmedins_name", "fixmedins_code", "begntime", "dept_name", "dr_name", "invono")
MONEY: Final = ("medfee_sumamt", "psn_cash_pay", "claim_amt")
BANK: Final = ("acctname", "bankname", "bankacct")
LINES: Final = ("feedetl_sn", "med_list_codg", "medins_list_name", "cnt", "det_item_fee_sumamt")


@cache
def _texts(lang: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((TEXTS / f"{lang}.json").read_text(encoding="utf-8"))
    return found


def page(form: Json, lang: str) -> str:
    """The whole document; every value is escaped."""
    texts = _texts(lang)

    def said(name: str) -> str:
        return html.escape(texts[f"claim.{name}"])

    groups = "".join(
        f"<h2>{said(title)}</h2><dl>{_rows(form, names, said)}</dl>"
        for title, names in (("who", WHO), ("where", WHERE), ("money", MONEY), ("bank", BANK))
    )
    head = "".join(f"<th>{said(name)}</th>" for name in LINES)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(line[name]))}</td>" for name in LINES) + "</tr>"
        for line in form["feedetail"]
    )
    record, decision = form["record"], form["decision"]
    proof = f"{record['terminal']} · {record['epoch']}/{record['seq']} · {record['hash']}"
    why = texts.get(f"claim.outcome.{decision['outcome']}", decision["outcome"])
    why = f"{why} ({decision['code']})" if decision["code"] else why
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{said('title')}</title>"
        '<link rel="stylesheet" href="/static/css/claim.css"></head><body><main class="claim">'
        f"<h1>{said('title')}</h1><p>{said('line')}</p>{groups}"
        f"<h2>{said('lines')}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<h2>{said('proof')}</h2><p class='proof'>{html.escape(proof)}</p>"
        f"<p>{said('decision')}: {html.escape(why)}</p>"
        f"<footer><span>{said('sign')}</span><span>{said('date')}</span></footer>"
        "</main></body></html>"
    )


def _rows(form: Json, names: tuple[str, ...], said: Callable[[str], str]) -> str:
    return "".join(
        f"<div><dt>{said(name)}</dt><dd{_blank(form, name)}>{html.escape(str(form[name]))}</dd></div>"
        for name in names
    )


def _blank(form: Json, name: str) -> str:
    return ' class="blank"' if not form[name] and (name in BLANK or name in WHO) else ""

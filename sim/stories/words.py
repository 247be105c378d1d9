"""What a screen says, as lines of text: the same texts that the kiosk page loads, put together in fewer
words. The picture is the page itself (`gallery`); this is for a terminal without one.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from edge.core.effects import Show
from edge.http.kiosk import LANGS, STATIC

ZH, EN = LANGS
ROWS: Final = (
    ("split.total", ("medfee_sumamt_fen",)),
    ("split.fund", ("fund_pay_sumamt_fen",)),
    ("split.account", ("acct_pay_fen", "acct_mulaid_pay_fen")),
    ("split.hospital", ("hosp_part_amt_fen",)),
    ("split.you", ("psn_cash_pay_fen",)),
)
ALWAYS: Final = frozenset({"split.total", "split.you"})
Fields = dict[str, Any]


@cache
def texts(lang: str) -> dict[str, str]:
    """Everything the page can say."""
    loaded: dict[str, str] = json.loads((STATIC / "i18n" / f"{lang}.json").read_text())
    return loaded


def yuan(fen: int) -> str:
    """123456 -> ¥1,234.56."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def screen(show: Show, lang: str) -> list[str]:
    """The heading, then what else matters on it."""
    say, fields = texts(lang), show.fields
    if show.name == "refused":
        return _refused(fields, say)
    title = say.get(_title(show), show.name)
    lines = [title]
    if show.name == "ways":
        lines.append(" · ".join(f"[{say[f'way.{one}']}]" for one in fields.get("ways", [])))
    elif show.name == "whom":
        named = (_who(one["name"], one["relation"], say) for one in fields["people"])
        lines.append(" · ".join(f"[{one}]" for one in named))
    elif show.name == "prescriptions":
        lines.append(" · ".join(f"[{say['rx.and'].join(rx['drugs'])}]" for rx in fields["rx"]))
    elif show.name == "review":
        drugs = (f"{one['drug_genname']} {one['drug_cnt']}" for one in fields["rx"]["drugs"])
        lines += [say["rx.and"].join(drugs), say["review.wait"]]
    elif show.name == "prices":
        lines += [f"¥{row['pric']} {row['fixmedins_name']}" for row in fields["rows"]]
    elif show.name == "pay":
        lines.append(" · ".join(f"[{_choice(one, say)}]" for one in fields["choices"]))
    elif show.name in ("look", "challenge", "light", "code", "card"):
        problem, line = fields.get("problem"), say.get(f"{_key(show)}.line", "")
        lines.append(say.get(f"problem.{problem}", str(problem)) if problem else line)
    elif show.name in ("confirm", "settled", "provisional", "confirming"):
        lines += _amounts(show, say, lang)
    return [line for line in lines if line]


def _key(show: Show) -> str:
    step = show.fields.get("step")
    return f"step.{step}" if step else show.name


def _title(show: Show) -> str:
    if show.fields.get("step"):
        return _key(show)
    if show.name == "settled" and show.fields.get("outcome") == "adjusted":
        return "settled.adjusted"
    if show.name == "settled" and f"settled.{show.fields.get('kind')}" in texts(EN):
        return f"settled.{show.fields['kind']}"
    money = show.fields.get("split") or show.fields.get("amount_fen")
    if show.name in ("confirm", "settled", "provisional") and not money:
        return f"{show.name}.title.free"
    if show.name == "working":
        return f"phase.{show.fields.get('phase')}"
    if show.name == "notice":
        return f"notice.{show.fields.get('what')}"
    if show.name == "prescriptions":
        return "rx.title"
    return "out.title" if show.name == "out_of_service" else f"{show.name}.title"


def _amounts(show: Show, say: dict[str, str], lang: str) -> list[str]:
    fields, lines = show.fields, []
    difference = fields.get("difference_fen", 0)
    if fields.get("outcome") == "adjusted":
        key = "more" if difference > 0 else "less" if difference < 0 else "same"
        lines.append(say[f"settled.{key}"].replace("{amount}", yuan(abs(difference))))
    mode = fields.get("mode")
    if mode in ("provisional", "queued"):
        lines.append(say[f"confirm.{mode}"])
    if show.name in ("provisional", "confirming"):
        free = show.name == "provisional" and not fields.get("split")
        lines.append(say[f"{show.name}.line.free" if free else f"{show.name}.line"])
    if show.name == "confirming":
        lines.append(say["confirming.note"])
    if fields.get("due"):
        lines.append(say[f"{show.name}.credit"].replace("{due}", fields["due"]))
    if fields.get("split"):
        lines.append(split(fields["split"], lang, later=bool(fields.get("due"))))
        if fields.get("deposit"):
            lines.append(_deposit(fields["deposit"], say))
    elif show.name == "confirm":
        fen = fields.get("amount_fen")
        rows = ((key, value) for key, value in fields.get("rows", ()) if key != "slip.bill_no")
        lines.append(" · ".join(f"{say.get(key, key)} {_worded(key, value, say)}" for key, value in rows))
        word = say["split.deposit.now" if fields.get("kind") == "deposit" else "split.total"]
        lines.append(f"{word} {yuan(fen)}" if fen else say["confirm.free"])
    return lines


def split(fields: Fields, lang: str, *, later: bool = False) -> str:
    """The four or five numbers that a patient needs; `later`: a bank pays the last one today."""
    rows = [(key, sum(fields.get(name, 0) for name in names)) for key, names in ROWS]
    said = texts(lang)
    named = {"split.you": "split.later"} if later else {}
    told = ((said[named.get(key, key)], fen) for key, fen in rows if fen or key in ALWAYS)
    return " · ".join(f"{name} {yuan(fen)}" for name, fen in told)


def _deposit(deposit: Fields, say: dict[str, str]) -> str:
    """What was paid in, and which way money goes now."""
    way = "refund" if deposit["refund_fen"] else "collect"
    paid = f"{say['split.deposit']} {yuan(deposit['deposit_fen'])}"
    return f"{paid} · {say[f'split.{way}']} {yuan(deposit[f'{way}_fen'])}"


def _refused(fields: Fields, say: dict[str, str]) -> list[str]:
    code, detail = str(fields.get("code", "")), fields.get("detail") or {}
    short = code.removeprefix("rejected_")
    plain = say.get(f"refused.{short}", "")
    known = say.get(f"refused.{short}.{detail.get('cap')}", plain)
    if short == code:
        lines = [known or say["refused.other"], say["refused.line"]]
    else:
        told = known or str(detail.get("err_msg", ""))
        lines = [say["refused.rejected"], told or say["refused.line"]]
    steps = [one for one in fields.get("next_steps", []) if one != "ask_staff"]
    if steps:
        lead = say["next.lead"]
        lines.append(f"{lead} " + " · ".join(say.get(f"next.{one}", one) for one in steps))
    return lines


def _worded(key: str, value: str, say: dict[str, str]) -> str:
    return say.get(f"area.{value}", value) if key == "slip.mdtrtarea" else value


def _who(name: str, relation: str, say: dict[str, str]) -> str:
    return f"{name} {say.get(f'relation.{relation}', relation)}".strip()


def _choice(one: Fields, say: dict[str, str]) -> str:
    name = _who(one["name"], one["relation"], say) if one["name"] else ""
    name = name or say.get(f"pay.{one['what']}", str(one["what"]))
    return f"{name} {yuan(one['fen'])}" if one["fen"] else name

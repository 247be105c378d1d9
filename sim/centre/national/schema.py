"""Holding a national form to its schema. The schemas are data (`schemas.yaml`), so are the codes.

What passes is plain: every value a text, amounts as the interface writes them, files as bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

from edge.core.types import Json

HERE: Final = Path(__file__).parent
ROWS_MAX: Final = 200  # of a list node, as of a bill at the terminal
FILE_CHARS_MAX: Final = 130_000
_RULE: Final = re.compile(
    r"(?P<kind>s|n|i|d|t|b64)(?P<size>[0-9]+)?(?:\.(?P<places>[0-9]+))?"
    r"(?P<need> !)?(?: =(?P<table>[a-zA-Z_]+))?"
)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TIMES: Final = {"d": ("%Y-%m-%d", "%Y%m%d"), "t": ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d")}
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Wrong(Exception):
    """A form that does not fit; the text is what `err_msg` says."""


class Rule(Struct, frozen=True):
    """What one field may hold."""

    kind: str
    size: int = 0
    places: int = 0
    needed: bool = False
    table: str = ""


class Form(Struct, frozen=True):
    """One transaction: its name and its input nodes."""

    name: str
    nodes: dict[str, dict[str, Rule]]


@cache
def codes() -> dict[str, dict[str, str]]:
    """Code tables: value -> label, the locally seen ones too."""
    found: dict[str, dict[str, str]] = {}
    for name, table in _read("codes.yaml").items():
        if isinstance(values := table["values"], dict):
            found[name] = {**values, **table.get("extra_B", {})}
    return found


@cache
def forms() -> dict[str, Form]:
    """Every transaction that this door knows."""
    found: dict[str, Form] = {}
    for infno, form in _read("schemas.yaml").items():
        nodes = {
            node: {field: _rule(text) for field, text in fields.items()}
            for node, fields in form["in"].items()
        }
        found[infno] = Form(form["name"], nodes)
    return found


def read_rules(name: str) -> dict[str, Rule]:
    """The rules of one form that has a file of its own."""
    return {field: _rule(text) for field, text in _read(name).items()}


def _read(name: str) -> dict[str, Any]:
    data: Any = yaml.load((HERE / name).read_bytes(), Loader=_LOADER)  # noqa: S506 - a safe loader
    assert isinstance(data, dict), name
    return data


def _rule(text: str) -> Rule:
    found = _RULE.fullmatch(text)
    assert found is not None, text
    size, places = int(found["size"] or 0), int(found["places"] or 0)
    assert not found["table"] or found["table"] in codes(), text
    return Rule(found["kind"], size, places, found["need"] is not None, found["table"] or "")


# -- checking --------------------------------------------------------------------------------------
def check(infno: str, given: Json) -> Json:
    """The input, every value in its plain form. Wrong when it does not fit."""
    form = forms()[infno]
    _only(given, form.nodes, "input", strip="[]")
    return {
        node.removesuffix("[]"): _node(given.get(node.removesuffix("[]")), fields, node)
        for node, fields in form.nodes.items()
    }


def _only(given: Json, known: dict[str, Any], where: str, strip: str = "") -> None:
    names = {name.removesuffix(strip) for name in known} if strip else set(known)
    unknown = sorted(set(given) - names)
    if unknown:
        raise Wrong(f"{where}中有未定义的字段：{unknown[0][:40]}")


def _node(given: Any, fields: dict[str, Rule], node: str) -> Any:
    name = node.removesuffix("[]")
    if name == node:
        return row(given, fields, name)
    if not isinstance(given, list) or not 1 <= len(given) <= ROWS_MAX:
        raise Wrong(f"{name}应为1至{ROWS_MAX}行")
    return [row(one, fields, f"{name}[{at}]") for at, one in enumerate(given)]


def row(given: Any, fields: dict[str, Rule], where: str) -> Json:
    """One form, every value plain. Wrong when it does not fit."""
    if not isinstance(given, dict):
        raise Wrong(f"缺少节点{where}")
    _only(given, fields, where)
    found: Json = {}
    for name, rule in fields.items():
        value = given.get(name)
        if value is None or value == "":
            if rule.needed:
                raise Wrong(f"{where}.{name}不能为空")
            continue
        found[name] = _value(value, rule, f"{where}.{name}")
    return found


def _value(value: Any, rule: Rule, where: str) -> str | bytes:
    if rule.kind in ("n", "i"):
        return _number(value, rule, where)
    if not isinstance(value, str):
        raise Wrong(f"{where}类型错误，应为字符")
    if rule.kind == "b64":
        return _file(value, where)
    if rule.kind in _TIMES:
        return _moment(value, rule, where)
    if len(value) > rule.size:
        raise Wrong(f"{where}长度超过{rule.size}")
    if _CONTROL.search(value):
        raise Wrong(f"{where}含有控制字符")
    if rule.table and value not in codes()[rule.table]:
        raise Wrong(f"{where}的代码{value[:20]}不在字典{rule.table}中")
    return value


def _number(value: Any, rule: Rule, where: str) -> str:
    """A number, written as one or as a text (both are met); never through a float."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise Wrong(f"{where}类型错误，应为数值")
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if len(text) > rule.size + 8 or _NUMBER.fullmatch(text) is None:
        raise Wrong(f"{where}类型错误，应为数值")
    whole, _, rest = text.lstrip("-").partition(".")
    rest = rest.rstrip("0") if len(rest) > rule.places else rest
    if len(whole) > rule.size - rule.places or len(rest) > rule.places:
        raise Wrong(f"{where}长度超过{rule.size},{rule.places}")
    sign = "-" if text.startswith("-") else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def _moment(value: str, rule: Rule, where: str) -> str:
    for shape in _TIMES[rule.kind]:
        try:
            if datetime.strptime(value, shape).strftime(shape) == value:
                return value
        except ValueError:
            continue
    raise Wrong(f"{where}不是日期")


def _file(value: str, where: str) -> bytes:
    if len(value) > FILE_CHARS_MAX:
        raise Wrong(f"{where}超过{FILE_CHARS_MAX}字符")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Wrong(f"{where}不是Base64") from error

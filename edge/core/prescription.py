"""An electronic prescription as a hospital signs it (电子处方, DOMAIN §1.5): the parser, and what its
drugs add up to. Pure; the signature is looked at before anything in here is believed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge.core import money
from edge.core.types import Refusal
from edge.errors import EdgeError

BYTES_MAX: Final = 24 * 1024
DRUGS_MAX: Final = 30
HOSPITALS_MAX: Final = 256  # whose keys one policy names
DUAL: Final = "01"  # rxExraAttrCode 双通道: never without the centre (DOMAIN §4.3)

Signed = Callable[[bytes, bytes, bytes], bool]
"""(public key, signature, message): whether it holds. EdgeError for a broken key."""
Short = Annotated[str, Meta(max_length=64)]
Text = Annotated[str, Meta(max_length=200)]


class Drug(Struct, frozen=True, rename="camel"):
    """One drug: what, how many in all, and how it is taken."""

    med_list_codg: Short
    drug_genname: Text
    drug_cnt: Short
    drug_dosunt: Short = ""
    drug_spec: Text = ""
    sin_doscnt: Short = ""
    sin_dosunt: Short = ""
    used_frqu_name: Text = ""
    medc_way_dscr: Text = ""
    medc_days: Short = ""


class Head(Struct, frozen=True, rename="camel"):
    """Node `data`."""

    hosp_rxno: Short
    prsc_time: Short
    vali_end_time: Short
    rx_exra_attr_code: Short = "03"


class Seen(Struct, frozen=True, rename="camel"):
    """Node `mdtrtinfo`: where, by whom, for whom."""

    fixmedins_code: Short
    psn_no: Short
    fixmedins_name: Text = ""
    patn_name: Text = ""
    prsc_dept_name: Text = ""
    prsc_dr_name: Text = ""


class Diagnosis(Struct, frozen=True, rename="camel"):
    """One row of `diseinfo`."""

    diag_name: Text = ""


class Prescription(Struct, frozen=True):
    """What is signed. The forms may carry more fields than we read."""

    hi_rxno: Short = msgspec.field(name="hiRxno")
    data: Head
    mdtrtinfo: Seen
    drugs: Annotated[tuple[Drug, ...], Meta(min_length=1, max_length=DRUGS_MAX)] = msgspec.field(
        name="rxdrugdetail"
    )
    diseinfo: Annotated[tuple[Diagnosis, ...], Meta(max_length=DRUGS_MAX)] = ()


def read(document: bytes) -> Prescription:
    """The prescription. EdgeError E-TX-31 when it is not one."""
    if len(document) > BYTES_MAX:
        raise EdgeError("E-TX-31", f"a prescription has at most {BYTES_MAX} bytes")
    try:
        found = msgspec.json.decode(document, type=Prescription)
        amounts(found)
        _ = until(found), datetime.fromisoformat(found.data.prsc_time)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise EdgeError("E-TX-31", "not a prescription", str(error)[:120]) from error
    return found


def amounts(rx: Prescription) -> dict[str, Fraction]:
    """How many of each drug may be sold. EdgeError E-TX-06 for what is no number."""
    found: dict[str, Fraction] = {}
    for drug in rx.drugs:
        found[drug.med_list_codg] = found.get(drug.med_list_codg, Fraction(0)) + money.decimal(
            drug.drug_cnt
        )
    return found


def pinned(keys: dict[str, bytes], rx: Prescription, public: bytes) -> bool:
    """Whether this is the key that the signed policy names for its hospital; it may name none at all."""
    return not keys or keys.get(rx.mdtrtinfo.fixmedins_code) == sha256(public).digest()


def rejected(reason: str) -> Refusal:
    """The pharmacist said no."""
    return Refusal("rx_rejected", ("ask_doctor", "ask_staff"), {"reason": reason})


def until(rx: Prescription) -> datetime:
    """The last moment, in the civil time of the place of care. ValueError when it is none."""
    return datetime.fromisoformat(rx.data.vali_end_time).replace(tzinfo=None)

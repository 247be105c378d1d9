"""The contract of the transaction kinds: every file in edge/core/tx/ is held to it by listing the
folder.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge.core import tx
from edge.core.books.msgid import COUNTER_END, Msgids
from edge.core.money import fen
from edge.core.types import (
    AMOUNT_FEN_MAX,
    Activation,
    Admission,
    Away,
    Bill,
    BillState,
    BillStatus,
    FeeLine,
    Identity,
    Means,
    Mode,
    Now,
    Person,
    Remit,
    Service,
    Verdict,
)
from edge.core.visit.ticket import Ticket, person_key
from tests.flows.kit import DAY_MS, SETTINGS, bill

FOLDER = Path(tx.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
AT = Now(1_800_000_000_000, 5)
PERSON = Person("P1", "张*", "310", "510100", "token")
IDENTITY = Identity(Means.FACE, "auth", (PERSON,))
BODY_KEYS = {
    "plan", "fixmedins_code", "fixmedins_name", "mdtrtarea_admvs", "insuplc_admdvs", "opter_type",
    "opter", "opter_name", "inf_time", "infver", "recer_sys_code", "bill_no", "kind", "identity", "verdict",
    "estimate", "consent",
}  # fmt: skip


def ticket(bill_: Bill, **more: object) -> Ticket:
    return replace(Ticket(SETTINGS, bill_, IDENTITY, PERSON, Mode.ONLINE, AT), **more)


def some_bill(name: str) -> Bill:
    if name == "file_away":
        return Bill(name, "HIS-1", 0, away=Away("500100", "1", "2027-01-15"))
    if name in ("step", "card_info", "card_replace", "subsidies"):
        wish = Service("status", "lost") if name.startswith("card") else None
        more_ = {"mdtrt_id": "M1", "business": "01201"} if name == "step" else {}
        return Bill(name, "HIS-1", 0, service=wish, **more_)
    if name == "activate":
        return Bill(name, "HIS-1", 0, activation=Activation("测试甲"))
    if name == "admit":
        return Bill(name, "HIS-1", 0, med_type="21", admission=Admission("ZY001"))
    if name == "deposit":
        return Bill(name, "HIS-1", 100_00, mdtrt_id="M9")
    if name == "wallet_send":
        return Bill(name, "HIS-1", 100_00, remit=Remit("510100000009", "李测试"))
    if name in ("wallet_take", "collect"):
        return Bill(name, "HIS-1", 0)
    more = {"chronic": {"dise_codg": "M03900"}, "inpatient": {"mdtrt_id": "M9"},
            "delivery": {"order_no": "PH0000000001"}}.get(name, {})
    return bill(name if name not in ("cancel", "reverse") else "settle", **more)


def made(name: str, **more: object) -> dict:
    kind = tx.kinds()[name]
    ids, _ = Msgids(SETTINGS, None).take(len(kind.calls(some_bill(name))), AT)
    return kind.body(ticket(some_bill(name), **more), ids)


def test_the_folder_is_the_list() -> None:
    assert sorted(tx.kinds()) == NAMES
    mine = {"activate", "step", "card_info", "card_replace", "subsidies"}
    money = {"delivery", "settle", "pharmacy", "prescription", "chronic", "inpatient", "deposit"}
    assert set(tx.for_bills()) == money | mine | {
        "register", "file_away", "admit", "collect", "wallet_send", "wallet_take",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_has_the_whole_surface(name: str) -> None:
    kind = tx.kinds()[name]
    assert name == kind.KIND and kind.INFNO in kind.PLAN
    assert kind.OFFLINE in (tx.QUEUED, tx.PROVISIONAL, tx.VOUCHED, tx.DENIED)
    wanted = {"live", "secret"}
    assert wanted | {"identity", "estimate", "confirm", "settled", "task", "prescription", "order"} >= kind.NEEDS
    assert set(kind.calls(some_bill(name))) <= set(kind.PLAN)
    assert all(re.fullmatch(r"slip\.\w+", key) for key, _ in kind.slip(some_bill(name), None))


@pytest.mark.parametrize("name", NAMES)
def test_every_body_has_the_keys_of_the_protocol_and_decimal_strings(name: str) -> None:
    body = made(name)
    assert set(body) == BODY_KEYS and body["kind"] == name
    assert body["inf_time"] == "2027-01-15 16:00:00"  # the place's civil time, UTC+8
    for call in body["plan"]:
        assert set(call) == {"infno", "msgid", "input"}
        assert re.fullmatch(r"[A-Z0-9]{12}20270115160000\d{4}", call["msgid"])
        data = call["input"].get("data", {})
        for field, value in data.items():
            assert isinstance(value, str), field
            if field.endswith(("amt", "sumamt")) and value:
                fen(value)


def test_a_settlement_registers_first_unless_the_visit_is_known() -> None:
    kind = tx.kinds()["settle"]
    assert kind.calls(bill()) == ("2201", "2204", "2207")
    assert kind.calls(bill(mdtrt_id="M9")) == ("2204", "2207")
    body = made("settle")
    data = body["plan"][-1]["input"]["data"]
    assert (data["mdtrt_cert_type"], data["mdtrt_cert_no"]) == ("01", "token")
    assert data["medfee_sumamt"] == "100.00" and data["acct_used_flag"] == "1"
    assert body["plan"][1]["input"]["feedetail"][0]["det_item_fee_sumamt"] == "100.00"


def test_a_cancel_names_what_is_undone() -> None:
    data = made("cancel", setl_id="S1", mdtrt_id="M1")["plan"][0]["input"]["data"]
    assert data == {"setl_id": "S1", "mdtrt_id": "M1", "psn_no": "P1"}
    assert tx.kinds()["cancel"].calls(bill("pharmacy")) == ("2103",)


def test_account_money_is_never_used_without_the_centre() -> None:
    data = made("settle", mode=Mode.PROVISIONAL)["plan"][-1]["input"]["data"]
    assert data["acct_used_flag"] == "0"


def test_an_unknown_person_is_named_by_the_card_and_the_sealed_face() -> None:
    verdict = Verdict(True, 0.9, 7, ("blink",), (), (("template", "ab"),), 0.5)
    body = made(
        "settle",
        person=None,
        identity=Identity(Means.CARD, "", (), "A123"),
        template=b"\x01\x02",
        template_model="ab",
        verdict=verdict,
        consent_utc_ms=AT.utc_ms,
    )
    assert body["identity"] == {
        "means": "card", "authNo": "", "psn_no": "", "ecToken": "", "card_no": "A123",
        "cert_type": "03",
        "template": b"\x01\x02", "template_model": "ab",
    }  # fmt: skip
    assert body["plan"][-1]["input"]["data"]["mdtrt_cert_no"] == "A123"
    assert body["verdict"]["models"] == [["template", "ab"]]
    assert body["consent"] == {"text": "face-consent-1", "lang": "zh-CN", "at_ms": AT.utc_ms}


LINE = FeeLine("1", "A1", "x", 100_00)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_fen": 0}, "E-TX-02"),
        ({"amount_fen": -1}, "E-TX-02"),
        ({"amount_fen": AMOUNT_FEN_MAX + 1}, "E-TX-02"),
        ({"lines": ()}, "E-TX-03"),
        ({"amount_fen": 99_99}, "E-TX-03"),
        ({"lines": (LINE, LINE)}, "E-TX-03"),
        (
            {
                "lines": (
                    replace(LINE, amount_fen=-5),
                    replace(LINE, feedetl_sn="2", amount_fen=100_05),
                )
            },
            "E-TX-03",
        ),
        ({"lines": (replace(LINE, cnt="-1"),)}, "E-TX-03"),
        ({"lines": (replace(LINE, pric="1,5"),)}, "E-TX-03"),
        ({"lines": (replace(LINE, feedetl_sn=""),)}, "E-TX-03"),
        ({"lines": (replace(LINE, medins_list_name="x" * 201),)}, "E-TX-03"),
        ({"bill_no": ""}, "E-TX-04"),
        ({"bill_no": "x" * 31}, "E-TX-04"),
        ({"bill_no": "a\nb"}, "E-TX-04"),
        ({"med_type": "21"}, "E-TX-04"),
        ({"prefer": "whatever"}, "E-TX-04"),
        ({"acct_used_flag": "2"}, "E-TX-04"),
        ({"dept_name": "x" * 65}, "E-TX-04"),
    ],
)
@pytest.mark.parametrize("name", ["settle", "pharmacy", "prescription"])
def test_a_wrong_bill_is_refused_before_anybody_looks_into_the_camera(
    name: str, changes: dict, code: str
) -> None:
    kind = tx.kinds()[name]
    assert kind.check(bill(name)) is None
    refusal = kind.check(replace(bill(name), **changes))
    assert refusal is not None and refusal.code == code and refusal.detail["why"]


def test_a_registration_may_cost_nothing_and_only_settled_money_is_cancelled() -> None:
    assert tx.kinds()["register"].check(bill("register", 0)) is None
    cancel = tx.kinds()["cancel"]
    state = BillState("b1", bill(), BillStatus.SETTLED, 1, 0, 0, setl_id="S1")
    assert cancel.check(bill(), state) is None
    for wrong in (replace(state, setl_id=""), replace(state, status=BillStatus.CONFIRMING), None):
        refusal = cancel.check(bill(), wrong)
        assert refusal is not None and refusal.code == "E-TX-05"
    refusal = cancel.check(bill("register"), replace(state, bill=bill("register")))
    assert refusal is not None and refusal.code == "E-TX-10"


def test_message_ids_never_come_twice_also_after_a_power_cut() -> None:
    counter, seen = Msgids(SETTINGS, None), set()
    for turn in range(200):
        ids, save = counter.take(3, AT)
        assert not seen & set(ids)
        seen |= set(ids)
        if turn % 7 == 0:
            counter = Msgids(SETTINGS, save.value)
    last, _ = Msgids(SETTINGS, str(COUNTER_END - 1).encode()).take(2, AT)
    assert [one[-4:] for one in last] == ["0000", "0001"]


def test_the_same_person_has_the_same_key_and_it_says_nothing() -> None:
    relative = replace(PERSON, psn_no="P2")
    key = person_key(IDENTITY, PERSON)
    assert (
        key
        == person_key(replace(IDENTITY, means=Means.QR), PERSON)
        != person_key(IDENTITY, relative)
    )
    assert "P1" not in key and len(key) == 32


def test_civil_time_is_the_places_and_cannot_overflow() -> None:
    kind = tx.kinds()["register"]
    for utc_ms in (-1, 10**18, 10 * DAY_MS):
        ids, _ = Msgids(SETTINGS, None).take(1, Now(utc_ms, 0))
        body = kind.body(ticket(bill("register"), at=Now(utc_ms, 0)), ids)
        assert len(body["inf_time"]) == 19

"""The hospital's side of electronic prescriptions at the national door, D001 to D007, and the table of
what can become of one."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.suites import sm2
from sim.centre import setup
from sim.centre.national.rx import document
from sim.centre.prescriptions import books
from sim.centre.prescriptions.status import NO, TABLE, On, Status
from sim.prescriber import Prescriber
from tests.national.town import OTHER, PATIENT

NOW = 1_795_000_000_000
DAY = 86_400_000


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Prescriber]:
    centre = setup.make_centre(tmp_path, "sqlite://", (), [PATIENT, OTHER]).centre
    made = Prescriber(centre, NOW)
    made.store = centre.store  # type: ignore[attr-defined]
    yield made
    centre.store.close()


def text(hi_rxno: str, forms: dict) -> str:
    return base64.b64encode(document(hi_rxno, forms)).decode()


def test_every_status_and_event_is_a_row_or_has_its_reason() -> None:
    every = {(status, on) for status in Status for on in On}
    assert TABLE.keys() | NO.keys() == every and not TABLE.keys() & NO.keys()
    reached = set(TABLE.values()) | {Status.CHECKED}
    assert reached == set(Status), "no status is only a word"
    # nothing leads out of what is dispensed but the undoing of its sale
    assert {on for (status, on), to in TABLE.items() if status is Status.DISPENSED and to != status} == {On.RETURN}


def test_a_prescription_is_checked_signed_and_uploaded_and_told_the_same_twice(hospital) -> None:
    forms = hospital.forms("RX-1", PATIENT, "SYN-A-0001 2")
    first = hospital.good("D001", forms)
    assert first == hospital.good("D001", forms), "the same number, the same prescription"
    signed = hospital.good("D002", {"data": {"fixmedinsCode": "H51010000008", "originalValue": text(first["hiRxno"], forms)}})
    public = hospital.key.public
    assert sm2.verify(public, base64.b64decode(signed["signDigest"]), base64.b64decode(signed["rxFile"]))
    assert hospital.call("D005", {"data": {"hiRxno": first["hiRxno"]}})[2]["rxStasCodg"] == "1"
    told = hospital.write("RX-2", PATIENT, "SYN-A-0001 2")
    assert hospital.ask("D005", told)["rxdrugdetail"][0]["drugCnt"] == "2"
    assert hospital.ask("D006", told)["rxChkStasCodg"] == "" and "setlId" not in hospital.ask("D007", told)


def test_what_does_not_fit_is_refused_in_the_national_shape(hospital) -> None:
    def no(infno: str, given: dict) -> str:
        infcode, why, output = hospital.call(infno, given)
        assert infcode == -1 and not output
        return why

    forms = hospital.forms("RX-1", PATIENT, "SYN-A-0001 2")
    hi_rxno = hospital.good("D001", forms)["hiRxno"]
    other = hospital.forms("RX-1", PATIENT, "SYN-A-0001 3")
    assert no("D001", other) == "院内处方号已用于另一处方"
    assert no("D001", hospital.forms("RX-9", PATIENT, "SYN-A-0001 2", days=4)) == "处方有效天数超过上限"
    theirs = hospital.forms("RX-8", PATIENT, "SYN-A-0001 2")
    theirs["mdtrtinfo"]["psnNo"] = OTHER.psn_no
    assert no("D001", theirs) == "就诊凭证无效、已过期或不属于该人员"
    sign = {"fixmedinsCode": "H51010000008", "originalValue": text(hi_rxno, other)}
    assert no("D002", {"data": sign}) == "处方内容与预核验不一致"
    sign = sign | {"originalValue": base64.b64encode(b"{}").decode()}
    assert no("D002", {"data": sign}) == "处方编号不存在"
    wrong = hospital.forms("RX-7", PATIENT, "SYN-A-0001 2")
    wrong["rxdrugdetail"][0]["price"] = "1"
    assert "未定义的字段" in no("D001", wrong)
    assert no("D004", {"data": {"hiRxno": "510100R0", "undoRea": "x"}}) == "处方编号不存在"


def test_a_signature_of_another_key_or_over_another_text_is_refused(hospital) -> None:
    forms = hospital.forms("RX-1", PATIENT, "SYN-A-0001 2")
    told = hospital.good("D001", forms)
    ours = document(told["hiRxno"], forms)
    more = document(told["hiRxno"], hospital.forms("RX-1", PATIENT, "SYN-A-0001 9"))

    def upload(signature: bytes, over: bytes) -> str:
        final = {"rxTraceCode": told["rxTraceCode"], "hiRxno": told["hiRxno"]}
        final |= {"rxFile": base64.b64encode(over).decode()}
        return hospital.call("D003", {"data": final | {"signDigest": base64.b64encode(signature).decode()}})[1]

    foreign, _ = sm2.generate()
    assert upload(sm2.sign(foreign, ours), ours) == "处方签名验证失败"
    assert upload(sm2.sign(hospital.key.private, more), ours) == "处方签名验证失败"
    assert upload(sm2.sign(hospital.key.private, more), more) == "处方内容与预核验不一致"
    assert upload(b"x" * 63, ours) == "处方签名验证失败"
    assert upload(sm2.sign(hospital.key.private, ours), ours) == ""


def test_a_prescription_ends_with_its_days_and_a_revoked_one_stays_revoked(hospital) -> None:
    hi_rxno = hospital.write("RX-1", PATIENT, "SYN-A-0001 2", days=1)
    assert hospital.revoke(hi_rxno)[2]["rxStasCodg"] == "3"
    assert hospital.revoke(hi_rxno)[0] == 0, "said twice it is still revoked"
    other = hospital.write("RX-2", PATIENT, "SYN-A-0001 2", days=1)
    hospital.now_ms += DAY + 1000
    assert hospital.ask("D005", other)["rxStasCodg"] == "2"
    assert hospital.revoke(other)[1] == "处方已过有效期"
    with hospital.store.begin() as conn:
        assert books.find(conn, hi_rxno, hospital.now_ms).status is Status.REVOKED

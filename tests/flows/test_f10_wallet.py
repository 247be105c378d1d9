"""F10 医保钱包 跨省共济: a daughter in Suzhou sends to her father, who takes it and pays with it at a
pharmacy; hours, counts and amounts are held to the minute and the fen.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.core.types import Bill, BillStatus, Now, Remit
from sim import stage
from sim.centre.books import ledgers, people, store, wallet
from sim.centre.books.people import PersonSpec
from sim.centre.mobile.door import Pmc
from tests.centre.kit import rows_of

DAUGHTER = PersonSpec("SYN-D", "测试女", balance_fen=10_000_00, insuplc_admdvs="320500")
FATHER = PersonSpec(
    "SYN-F", "测试父", psn_type="1201", balance_fen=20_00, cards=(("CF", "03"),),
    relatives=(("SYN-D", "子女"),),
)  # fmt: skip
SON = PersonSpec("SYN-S", "测试子", balance_fen=500_00, insuplc_admdvs="510100")
STRANGER = PersonSpec("SYN-X", "测试客", balance_fen=500_00, insuplc_admdvs="320500")
NOT_OPEN = PersonSpec("SYN-N", "测试远", balance_fen=500_00, insuplc_admdvs="650100")
FAMILY = (DAUGHTER, FATHER, SON, STRANGER, NOT_OPEN)
PHARMACY = {"fixmedins_code": "P51010000001", "level": "pharmacy"}


def at(day: int, clock: str) -> int:
    """UTC ms of a civil time (UTC+8) in November 2026."""
    hour, minute, *rest = (int(part) for part in clock.split(":"))
    when = datetime(2026, 11, day, hour, minute, *rest, tzinfo=UTC) - timedelta(hours=8)
    return int(when.timestamp() * 1000)


def send(desk, fen: int, when: int, payer: str = "SYN-D", receiver: str = "SYN-F"):
    return desk.at_centre(wallet.send, payer, receiver, fen, when)


def take(desk, transfer_id: str, when: int, receiver: str = "SYN-F"):
    return desk.at_centre(wallet.take, transfer_id, receiver, when)


def provinces(desk) -> dict[str, int]:
    """Each province's own book, which must be even by itself."""
    sums = {"32": 0, "51": 0}
    for row in rows_of(desk.centre, store.postings):
        if row["entry"].startswith("W"):
            book = row["entry"].split("-")[1]
            sums["51" if book == "take" else book] += row["fen"]  # the receiver's own province
    return sums


def test_f10_from_suzhou_to_the_counter_of_a_pharmacy_in_less_than_a_minute(clinic) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    start = desk.now.utc_ms
    sent = send(desk, 300_00, start)  # the daughter's phone
    assert sent.state == "sent" and desk.balance("acct:SYN-D") == 9_700_00
    assert desk.balance("clear:32>51") == 300_00 == -desk.balance("clear:51<32")
    (waiting,) = desk.at_centre(wallet.waiting, "SYN-F")
    assert take(desk, waiting.transfer_id, start + 20_000).state == "taken"  # the father's phone
    assert desk.balance("wallet:SYN-F") == 300_00
    desk.until_confirm("B1", 400_00, FATHER, kind="pharmacy", med_type="41")
    split = desk.screen.fields["split"]
    assert (split["acct_pay_fen"], split["acct_mulaid_pay_fen"]) == (20_00, 230_00)
    desk.press("confirm", "online").sees("settled", outcome="settled")
    assert desk.now.utc_ms - start < 60_000  # 不到一分钟, by the story's own clock
    assert desk.balance("wallet:SYN-F") == 70_00
    paid = [(one.pay_type, one.amount_fen) for one in desk.of("B1").paid]
    assert paid == [("acct", 20_00), ("wallet", 230_00)]
    assert ("slip.paid_wallet", "230.00") in desk.of("B1").slip


def test_f10_what_is_undone_is_back_in_the_wallet(clinic) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    take(desk, send(desk, 300_00, desk.now.utc_ms).transfer_id, desk.now.utc_ms)
    desk.until_confirm("B1", 400_00, FATHER, kind="pharmacy", med_type="41")
    desk.press("confirm", "online").sees("settled").done().undo("B1")
    assert desk.of("B1").status is BillStatus.CANCELLED
    assert desk.balance("wallet:SYN-F") == 300_00 and desk.balance("acct:SYN-F") == 20_00


def test_f10_the_wallet_is_a_choice_of_its_own_on_the_screen(clinic) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    take(desk, send(desk, 300_00, desk.now.utc_ms).transfer_id, desk.now.utc_ms)
    desk.until_confirm("B1", 400_00, FATHER, kind="pharmacy", med_type="41").press("pay")
    rows = [(one["what"], one["fen"]) for one in desk.screen.fields["choices"]]
    assert rows == [("auto", 250_00), ("own", 20_00), ("wallet", 230_00), ("none", 0)]
    desk.press("choose", "own").press("confirm", "online").sees("settled")
    assert desk.balance("wallet:SYN-F") == 300_00


def test_f10_what_nobody_took_pays_nothing(clinic) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    send(desk, 300_00, desk.now.utc_ms)
    desk.until_confirm("B1", 400_00, FATHER, kind="pharmacy", med_type="41")
    assert desk.screen.fields["split"]["acct_mulaid_pay_fen"] == 0


@pytest.mark.parametrize(
    ("clock", "why"),
    [("05:59:59", "wallet_closed"), ("06:00:00", ""), ("21:59:59", ""), ("22:00:00", "wallet_closed"),
     ("23:59:59", "wallet_closed"), ("00:00:00", "wallet_closed")],
)  # fmt: skip
def test_f10_nothing_is_sent_from_22_to_06(clinic, clock: str, why: str) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    done = send(desk, 1, at(18, clock))
    assert done == why if why else done.state == "sent"


def test_f10_the_third_transfer_of_a_day_goes_and_the_fourth_waits_for_tomorrow(clinic) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    for hour in ("07:00", "12:00", "21:59"):
        assert send(desk, 10_00, at(18, hour)).state == "sent"
    assert send(desk, 10_00, at(18, "21:59:30")) == "wallet_times"
    assert send(desk, 10_00, at(19, "06:00")).state == "sent"
    assert desk.balance("acct:SYN-D") == 10_000_00 - 10_00  # yesterday's three came back at 06:00


@pytest.mark.parametrize(("fen", "why"), [(1, ""), (2_000_00, ""), (2_000_01, "wallet_amount"),
                                          (0, "wallet_amount"), (-5, "wallet_amount")])  # fmt: skip
def test_f10_a_transfer_has_at_most_two_thousand(clinic, fen: int, why: str) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    done = send(desk, fen, at(18, "12:00"))
    assert done == why if why else done.fen == fen


@pytest.mark.parametrize(
    ("payer", "receiver", "why"),
    [("SYN-X", "SYN-F", "relation_unknown"), ("SYN-D", "SYN-S", "relation_unknown"),
     ("SYN-F", "SYN-D", "relation_unknown"), ("SYN-D", "nobody", "relation_unknown")],
)  # fmt: skip
def test_f10_only_a_bound_relative_may_send(clinic, payer: str, receiver: str, why: str) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    assert send(desk, 10_00, at(18, "12:00"), payer, receiver) == why


def test_f10_a_pool_that_takes_no_part_and_one_s_own_province_are_refused(clinic) -> None:
    father = replace(FATHER, relatives=(("SYN-N", "子女"), ("SYN-S", "子女")))
    (desk,) = clinic([*(one for one in FAMILY if one.psn_no != "SYN-F"), father], PHARMACY)
    assert send(desk, 10_00, at(18, "12:00"), "SYN-N") == "wallet_pool"
    assert send(desk, 10_00, at(18, "12:00"), "SYN-S") == "wallet_near"  # mutual aid does that


def test_f10_more_than_the_balance_is_refused(clinic) -> None:
    poor = replace(DAUGHTER, balance_fen=99_99)
    (desk,) = clinic([poor, FATHER], PHARMACY)
    assert send(desk, 100_00, at(18, "12:00")) == "balance_low"
    assert send(desk, 99_99, at(18, "12:00")).state == "sent"
    assert desk.balance("acct:SYN-D") == 0


@pytest.mark.parametrize(
    ("sent", "taken", "state"),
    [((18, "06:00"), (19, "05:59:59"), "taken"), ((18, "06:00"), (19, "06:00:00"), "returned"),
     ((18, "21:59"), (19, "05:59:59"), "taken"), ((18, "21:59"), (19, "06:00:00"), "returned"),
     ((18, "21:59"), (18, "23:30"), "taken")],
)  # fmt: skip
def test_f10_what_is_not_taken_by_06_goes_back_whole(clinic, sent, taken, state: str) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    transfer = send(desk, 55_00, at(*sent))
    done = take(desk, transfer.transfer_id, at(*taken))
    kept = 55_00 if state == "taken" else 0
    assert done == "returned" if state == "returned" else done.state == "taken"
    assert desk.balance("wallet:SYN-F") == kept
    assert desk.balance("acct:SYN-D") == 10_000_00 - kept
    assert desk.balance("wait:SYN-F") == 0
    assert desk.balance("clear:32>51") == kept == -desk.balance("clear:51<32")


def test_f10_the_centre_gives_it_back_by_itself(clinic) -> None:
    """Nobody asks anything: the centre's own work does it."""
    (desk,) = clinic(FAMILY, PHARMACY)
    send(desk, 55_00, at(18, "12:00"))
    desk.now = Now(at(19, "06:00"), desk.now.mono_ms + 1)
    desk.centre.work(desk.now.utc_ms)
    assert desk.balance("acct:SYN-D") == 10_000_00


def test_f10_taken_twice_is_taken_once_and_nobody_else_can_take_it(clinic) -> None:
    (desk,) = clinic(FAMILY, PHARMACY)
    transfer = send(desk, 55_00, at(18, "12:00"))
    assert take(desk, transfer.transfer_id, at(18, "12:01"), "SYN-X") == "transfer_unknown"
    for _ in range(2):
        assert take(desk, transfer.transfer_id, at(18, "12:01")).state == "taken"
    assert desk.balance("wallet:SYN-F") == 55_00


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["send", "send", "take", "sweep"]),
        st.integers(0, 180),  # minutes until it
        st.integers(-1, 250_000),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_f10_whatever_happens_each_province_s_book_is_even_and_no_limit_is_passed(
    tmp_path_factory, steps
) -> None:
    (desk,) = stage.clinic(tmp_path_factory.mktemp("w"), FAMILY, PHARMACY)
    now, known = at(18, "05:00"), []
    for what, minutes, fen in steps:
        now += minutes * 60_000
        if what == "send":
            done = send(desk, fen, now)
            if not isinstance(done, str):
                known.append(done.transfer_id)
        elif what == "take" and known:
            take(desk, known[fen % len(known)], now)
        else:
            desk.at_centre(wallet.sweep, now)
        assert provinces(desk) == {"32": 0, "51": 0}
        assert desk.balance("clear:32>51") == -desk.balance("clear:51<32")
        everything = [desk.balance(name) for name in ("acct:SYN-D", "wait:SYN-F", "wallet:SYN-F")]
        assert sum(everything) == 10_000_00 and min(everything) >= 0
    rows = rows_of(desk.centre, store.wallet_transfers)
    days = [row["day"] for row in rows]
    assert all(days.count(day) <= 3 for day in days)
    assert all(0 < row["fen"] <= 2_000_00 for row in rows)
    assert all(6 <= (row["at_ms"] // 3_600_000 + 8) % 24 < 22 for row in rows)
    with desk.centre.store.begin() as conn:
        assert ledgers.imbalance(conn) == 0
    stage.books_are_even([desk])


# -- at a terminal ---------------------------------------------------------------------------------
ELSEWHERE = replace(DAUGHTER, cards=(("CD", "03"),))
WINDOW = {"fixmedins_code": "H51010000001", "level": "community"}


def at_window(desk, kind: str, person: PersonSpec, number: str, fen: int = 0, to: str = "SYN-F", **more):
    """Somebody at a township window, up to the last screen."""
    remit = Remit(to, more.pop("name", "测试父")) if fen else None
    reply = desk.send(Bill(kind, number, fen, remit=remit), f"w-{number}-{desk.calls}")
    assert reply.status == 202, reply
    desk.serve().lays_card_of(person)
    if desk.screen.name == "whom":
        desk.press("choose", "0")
    assert desk.screen.name == "confirm", desk.screen
    to_name, shown = desk.screen.fields["to"], desk.press("confirm", "online").screen
    desk.done()
    return to_name, shown


def test_f10_sent_and_taken_at_a_window_and_paid_at_a_pharmacy(clinic) -> None:
    window, pharmacy = clinic((ELSEWHERE, FATHER), WINDOW, PHARMACY)
    to_name, shown = at_window(window, "wallet_send", ELSEWHERE, "W1", 300_00)
    assert to_name == "测**" and shown.name == "settled" and shown.fields["kind"] == "wallet_send"
    slip = dict(shown.fields["slip"])
    assert slip["slip.wallet_amt"] == "300.00" and slip["slip.wallet_id"].startswith("W2026")
    assert slip["slip.wallet_back"].endswith("06:00:00")
    assert window.balance("acct:SYN-D") == 9_700_00 and window.balance("wait:SYN-F") == 300_00
    _, shown = at_window(window, "wallet_take", FATHER, "W2")
    assert dict(shown.fields["slip"])["slip.wallet_balc"] == "300.00"
    assert at_window(window, "wallet_take", FATHER, "W3")[1].fields["code"] == "rejected_wallet_nothing"
    pharmacy.until_confirm("B1", 400_00, FATHER, kind="pharmacy", med_type="41")
    pharmacy.press("confirm", "online").sees("settled")
    assert window.balance("wallet:SYN-F") == 70_00
    assert provinces(window) == {"32": 0, "51": 0}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"fen": 2_000_01}, "wallet_amount"), ({"to": "SYN-X"}, "relation_unknown"),
        ({"name": "别人"}, "relation_unknown"), ({"to": "SYN-NOBODY"}, "relation_unknown"),
    ],
)  # fmt: skip
def test_f10_what_the_wallet_refuses_is_refused_at_the_window(clinic, more, code: str) -> None:
    (window,) = clinic((ELSEWHERE, FATHER, STRANGER), WINDOW)
    given = {"fen": 100_00} | more
    _, shown = at_window(window, "wallet_send", ELSEWHERE, "W1", **given)
    assert shown.fields["code"] == f"rejected_{code}" and window.balance("acct:SYN-D") == 10_000_00


def test_f10_sent_once_however_often_the_record_comes(clinic) -> None:
    (window,) = clinic((ELSEWHERE, FATHER), WINDOW)
    window.lost = "after"
    at_window(window, "wallet_send", ELSEWHERE, "W1", 300_00)
    window.wait(60_000)
    assert window.of("W1").status is BillStatus.CONFIRMING  # unknown, never failure
    window.catch_up()
    assert window.of("W1").status is BillStatus.SETTLED
    assert window.balance("acct:SYN-D") == 9_700_00


def test_f10_nothing_is_sent_without_the_centre(clinic) -> None:
    (window,) = clinic((ELSEWHERE, FATHER), WINDOW)
    stage.link_lost(window)
    reply = window.send(Bill("wallet_send", "W1", 300_00, remit=Remit("SYN-F")), "w")
    assert reply.status in (202, 409, 422)
    assert window.screen.name != "confirm" and len(window.drafts) == 0
    for bad in (Bill("wallet_send", "W2", 300_00), Bill("wallet_send", "W3", 0, remit=Remit("SYN-F")),
                Bill("wallet_take", "W4", 1_00)):  # fmt: skip
        assert window.send(bad, f"bad-{bad.bill_no}").status == 422


# -- on a phone ------------------------------------------------------------------------------------
def test_f10_a_phone_sends_and_takes_and_what_it_says_again_is_told_again(clinic) -> None:
    (desk,) = clinic((ELSEWHERE, FATHER), PHARMACY)
    pmc = Pmc(desk.centre.store, desk.centre.region, None, None)
    now_ms = desk.now.utc_ms

    def phone(what: str, **said: object) -> tuple[int, dict]:
        body = msgspec.json.encode(said)
        status, told = pmc.answer(f"/pmc/wallet/{what}", body, "", now_ms)
        return status, msgspec.json.decode(told)

    def code(psn_no: str) -> str:
        return people.issue_code(desk.centre.store, psn_no, now_ms)

    send = {"code": code("SYN-D"), "receiver": "SYN-F", "fen": 300_00}
    first = phone("send", **send)
    assert first[0] == 200 and first[1]["amt"] == "300.00" and phone("send", **send) == first
    assert desk.balance("acct:SYN-D") == 9_700_00  # once
    assert phone("send", **send | {"fen": 1_00}) == (409, {"code": "code_used"})
    assert phone("send", code=code("SYN-D"), receiver="SYN-F", fen=2_000_01)[1] == {"code": "wallet_amount"}
    take = {"code": code("SYN-F")}
    assert phone("take", **take)[1] == {"amt": "300.00", "balc": "300.00"} == phone("take", **take)[1]
    assert phone("take", code=code("SYN-F"))[1] == {"code": "wallet_nothing"}
    assert phone("take", code="no code", more=1)[0] == 422 and phone("none")[0] == 404
    assert provinces(desk) == {"32": 0, "51": 0}

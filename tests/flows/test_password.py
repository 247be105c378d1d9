"""Above the no-password limit (DOMAIN §2.5): the terminal asks for the e-voucher password, the centre
judges it, and nobody else ever has it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.core.effects import Append, Save, Show
from edge.core.types import Outcome
from sim.centre import audit
from sim.centre.books import people, proving, tokens
from sim.centre.desk import Centre
from sim.centre.national.tables import Client
from sim.centre.unlocking import main as unlock
from tests.centre.kit import NOW, Device, make, rows_of, template
from tests.flows import kit
from tests.flows.kit import FACE, Desk, bill, estimated, known_as, on, press, send, tell_story
from tests.national import town as t

GOOD, BAD = "135246", "246135"
DAY = 86_400_000
BILL = [("SYN-A-0001", 50_000_01)]  # one fen above what a face alone may pay in a hospital


# -- the terminal ----------------------------------------------------------------------------------
def desk() -> Desk:
    found = Desk(kit.policy("P1"))
    kit.link_up(found)
    return found


def refused(d: Desk, code: str, step: str) -> None:
    assert (d.screen.name, d.screen.fields["code"]) == ("refused", code)
    assert step in d.screen.fields["next_steps"]
    assert d.ledger == []


def above_the_limit() -> Desk:
    """A face that was found, and an amount that a face alone may not pay."""
    return tell_story(
        desk(), send(bill(amount_fen=5_000_01)), *FACE, on("working", known_as()),
        on("password", person="张*", limit_fen=5_000_00, tries_left=3, problem=None),
    )  # fmt: skip


def said(code: str = "") -> Callable[[Desk], None]:
    return lambda d: d.tell("password", {"code": code} if code else {}, -1 if code else 0)


def test_above_the_face_limit_the_password_is_asked_and_the_record_does_not_have_it() -> None:
    d = tell_story(
        above_the_limit(), press("password", "13524"), press("password", "13524a"),
        on("password", press("password", "135246")), on("working", said()),
        on("working", estimated), on("confirm", press("confirm")),
    )  # fmt: skip
    assert [one.infno for one in d.asks if one.infno == "password"] == []
    assert "135246" not in repr(d.drafts) + repr(d.docs) + repr(d.shows)


def test_after_three_wrong_passwords_the_visit_ends_with_what_can_be_done() -> None:
    d = above_the_limit()
    for left in (2, 1):
        tell_story(d, press("password", "111222"), on("working", said("password_wrong")),
                   on("password", tries_left=left, problem="password_wrong"))  # fmt: skip
    tell_story(d, press("password", "111222"), on("working", said("password_wrong")))
    refused(d, "password_wrong", "use_code")


@pytest.mark.parametrize("code", ["password_locked", "password_unset"])
def test_a_locked_or_missing_password_is_said_at_once(code: str) -> None:
    d = tell_story(above_the_limit(), press("password", "111222"), said(code))
    refused(d, code, "use_code")


def test_who_has_no_password_is_told_before_typing_one() -> None:
    d = tell_story(desk(), send(bill(amount_fen=5_000_01)), *FACE,
                   on("working", known_as({**kit.PERSON, "pwd_flag": "0"})))  # fmt: skip
    refused(d, "password_unset", "use_code")


@pytest.mark.parametrize("when", ["typing", "asked", "silent"])
def test_without_the_centre_nothing_above_the_limit_is_done(when: str) -> None:
    d = above_the_limit()
    if when != "typing":
        tell_story(d, press("password", "135246"))
    if when == "silent":
        d.wait(d.settings.ask_timeout_ms)
    else:
        tell_story(d, kit.link_lost)
    refused(d, "over_limit", "wait_network")


def test_another_way_forgets_the_password_that_was_right() -> None:
    d = tell_story(above_the_limit(), press("other_way"), on("ways", press("face")))
    tell_story(d, *FACE[1:], on("working", known_as()), on("password"))


def test_what_is_typed_is_in_no_record_no_document_and_on_no_screen() -> None:
    d = tell_story(
        above_the_limit(), press("password", GOOD), said(), on("working", estimated),
        on("confirm", press("confirm")),
    )  # fmt: skip
    assert d.ledger
    kept = [one for one in d.effects if isinstance(one, Append | Save | Show)]
    assert len(kept) > 5 and all(GOOD not in repr(one) for one in kept)


# -- the centre -------------------------------------------------------------------------------------
class Face:
    """A hospital's terminal that sees one person, who has a password."""

    def __init__(self, folder: Path) -> None:
        self.device, self.folk = Device("T-1", level="l2"), people.population(2)
        self.centre: Centre = make(folder, [self.device], self.folk, "sqlite://")
        people.register_face(self.centre.store, self.folk[0].psn_no, template(1), "m" * 64)
        with self.centre.store.begin() as conn:
            proving.set_password(conn, self.centre.dice, self.folk[0].psn_no, GOOD, NOW)
        self.device.get_policy()

    def look(self, seed: int = 1, now: int = NOW) -> tuple[int, Any]:
        body = {"means": "face", "template": template(seed), "model": "m" * 64}
        return self.device.ask("1101", body | {"verdict": {"live": True}}, now=now)

    def known(self, now: int = NOW) -> Any:
        code, output = self.look(now=now)
        assert code == 0 and output["people"][0]["pwd_flag"] == "1"
        return self.device.identity("face", output, 0)

    def types(self, identity: Any, password: str, now: int = NOW) -> str:
        body = {"ecToken": identity["ecToken"], "password": password}
        code, output = self.device.ask("password", body, now=now)
        return str(output["code"]) if code else ""

    def pays(self, identity: Any, number: str, now: int = NOW) -> Any:
        return self.device.do(self.device.settle(identity, number, BILL), now=now)

    def close(self) -> None:
        assert audit.audit(self.centre.store).faults == ()
        self.centre.store.close()


def test_above_the_limit_a_face_pays_with_its_password_and_not_without(tmp_path: Path) -> None:
    face = Face(tmp_path)
    identity = face.known()
    bare = face.pays(identity, "B1")
    assert (bare.outcome, bare.body["err_msg"]) == (
        Outcome.REJECTED, "above the no-password limit",
    )  # fmt: skip
    assert face.types(identity, BAD) == "password_wrong"
    assert face.types(identity, GOOD) == ""
    assert face.pays(identity, "B1").outcome is Outcome.SETTLED
    assert face.types(identity, GOOD) == "token_used"
    face.close()


def test_five_wrong_ones_lock_the_password_until_the_day_is_over(tmp_path: Path) -> None:
    face = Face(tmp_path)
    said = [face.types(face.known(), BAD) for _ in range(5)]
    assert said == ["password_wrong"] * 4 + ["password_locked"]
    assert face.types(face.known(), GOOD) == "password_locked"
    later = NOW + DAY
    assert face.types(face.known(later), GOOD, later) == ""
    face.close()


def test_a_good_one_forgets_the_wrong_ones_before_it(tmp_path: Path) -> None:
    face = Face(tmp_path)
    for _ in range(3):
        assert [face.types(face.known(), BAD) for _ in range(4)] == ["password_wrong"] * 4
        assert face.types(face.known(), GOOD) == ""
    face.close()


def test_a_person_at_the_window_ends_the_lock_and_only_a_lock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device, folk = Device("T-1"), people.population(1)
    centre = make(tmp_path, [device], folk, f"sqlite:///{tmp_path / 'centre.db'}")
    psn_no = folk[0].psn_no
    with centre.store.begin() as conn:
        proving.set_password(conn, centre.dice, psn_no, GOOD, NOW)
        for number in range(5):
            proving.judge(conn, psn_no, BAD, bytes([number]) * 16, NOW)
        assert proving.judge(conn, psn_no, GOOD, b"g" * 16, NOW) == "password_locked"
    config = tmp_path / "centre.toml"
    config.write_text(
        f'directory = "{tmp_path}"\ndb_url = "{centre.store.url}"\nregion = "510100"\n'
        'shards = 16\n[broker]\nport = 1\ntls = false\n'
    )
    assert unlock(["--config", str(config), psn_no]) == 0
    assert unlock(["--config", str(config), psn_no]) == 1
    with centre.store.begin() as conn:
        assert proving.judge(conn, psn_no, GOOD, b"h" * 16, NOW) == ""
    assert "the lock is over" in capsys.readouterr().out
    centre.store.close()


def test_a_question_delivered_twice_is_one_try(tmp_path: Path) -> None:
    face = Face(tmp_path)
    psn_no = face.folk[0].psn_no
    with face.centre.store.begin() as conn:
        for _ in range(9):
            assert proving.judge(conn, psn_no, BAD, b"same" * 4, NOW) == "password_wrong"
        assert proving.judge(conn, psn_no, GOOD, b"next" * 4, NOW) == ""
    face.close()


def test_a_password_is_kept_as_a_slow_salted_hash_and_weak_ones_are_not_taken(
    tmp_path: Path,
) -> None:
    face = Face(tmp_path)
    with face.centre.store.begin() as conn:
        proving.set_password(conn, face.centre.dice, face.folk[1].psn_no, GOOD, NOW)
    one, two = rows_of(face.centre, proving.passwords)
    assert one["digest"] != two["digest"] and one["salt"] != two["salt"]
    assert GOOD.encode() not in b"".join((one["digest"], one["salt"], two["digest"]))
    assert not any(proving.fits(bad) for bad in ("111111", "123456", "654321", "12345", "12345a"))
    face.close()


def test_after_five_looks_that_nobody_has_the_terminals_faces_rest_and_cards_go_on(
    tmp_path: Path,
) -> None:
    face = Face(tmp_path)
    assert [face.look(seed)[1]["code"] for seed in range(10, 15)] == ["no_person"] * 5
    assert face.look()[1]["code"] == "face_locked"
    assert face.device.who(face.folk[0])["ecToken"]
    assert face.look(now=NOW + 11 * 60_000)[0] == 0
    # found in between, or slowly: no rest
    for seed in (20, 21, 22, 23, 1, 24, 25, 26, 27, 1):
        face.look(seed, now=NOW + 12 * 60_000)
    assert face.look(now=NOW + 12 * 60_000)[0] == 0
    face.close()


def test_the_door_of_a_his_holds_a_face_to_the_same_limit(tmp_path: Path) -> None:
    town = t.made(tmp_path)
    assert town.his.sign_in().good

    def settles(number: str, *, proved: bool, amount_fen: int = 50_000_01) -> Any:
        """With what a terminal was given for a face, as `cn.nhsa.auth.check` hands it on."""
        with town.centre.store.begin() as conn:
            place = tokens.Place(Client(t.ORG).door, "face", f"auth-{number}")
            person = people.find(conn, t.PATIENT.psn_no)
            assert person is not None
            now_ms = time.time_ns() // 1_000_000
            ec = tokens.give(conn, town.centre.dice, place, person, now_ms)
            held = tokens.at_terminal(conn, ec, place.terminal)
            if proved and held is not None:
                tokens.prove(conn, held)
        visit = t.visit(town.his, number, ec, "01").output["data"]["mdtrt_id"]
        lines = [t.line(visit, "1", number, amount_fen)]
        assert town.his.call("2204", {"feedetail": lines}).good
        return town.his.call("2207", t.final(visit, number, amount_fen, ec, "01"))

    assert settles("A", proved=False).err_msg.startswith("超过刷脸免密限额")
    assert settles("B", proved=True).good
    assert settles("C", proved=False, amount_fen=50_000_00).good
    town.served.stop()
    assert audit.audit(town.centre.store).faults == ()

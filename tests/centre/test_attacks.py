"""What may be done to the centre, and what it does then: quarantine, stand still, go on with the
good ones."""

from __future__ import annotations

import copy as pycopy
import hashlib

import pytest
from kit import NOW, ZERO, Device, codes_of, make, rows_of, template

from edge.core.parts.log_stop import LOG_ERRORS
from edge.core.types import Mode, Outcome
from edge.errors import EdgeError
from edge.suites import es256
from edge.wire import cbor, envelope, topics
from edge.wire.log.trusted import UNPROVEN_MAX
from sim.centre import audit
from sim.centre.books import people, store
from sim.centre.books.policy import OFFLINE_KINDS

BILL = [("SYN-A-0001", 30_000)]


@pytest.fixture
def identity(device, centre, folk):
    return device.who(folk[0])


def raw(device, records, first, *, epoch=1, **more):
    named = {
        "terminal": device.name,
        "epoch": epoch,
        "first_seq": first,
        "records": tuple(records),
        **more,
    }
    return envelope.encode(envelope.Envelope(**named))


def upto(device, payload, *, topic=None, now=NOW):
    (answer,) = device.take(device.centre.on_message(topic or topics.up(device.name), payload, now))
    return answer.upto_seq


def test_a_tampered_record_is_quarantined_and_never_advances(centre, device, identity):
    device.write(device.settle(identity, "B1", BILL))
    good = device.log[0]
    for position in (20, len(good) // 2, len(good) - 1):
        bad = good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :]
        assert upto(device, raw(device, [bad], 1)) == 0
    assert set(codes_of(centre)) <= {"bad_signature", "malformed_record"}
    assert len(codes_of(centre)) == 3
    assert device.send(1)[0].upto_seq == 1


def test_a_replayed_envelope_gets_the_first_answer_and_no_second_effect(centre, device, identity):
    result = device.do(device.settle(identity, "B1", BILL))
    for _ in range(3):
        (answer,) = device.send(1)
        assert answer.results[0].outcome is Outcome.SETTLED
        assert answer.results[0].body == result.body
    found = audit.audit(centre.store)
    assert (found.settled, found.tree_size) == (1, 1)


def test_a_fork_is_quarantined_with_an_alarm_and_nothing_beyond_it_is_settled(
    centre, device, identity
):
    device.do(device.settle(identity, "B1", BILL))
    device.do(device.settle(identity, "B2", BILL))
    true = list(device.log)
    device.log = device.log[:1]
    device.write(device.settle(identity, "B3", BILL))
    device.write(device.settle(identity, "B4", BILL))
    forked = device.log
    payload = raw(device, forked[:3], 1)
    with pytest.raises(
        EdgeError, match="E-LOG-02"
    ):  # the terminal that forked is told by the chain hash
        device.take(centre.on_message(topics.up(device.name), payload, NOW))
    assert ("fork", "T-1", 1, 2) in audit.incidents(centre.store, alarms_only=True)
    assert audit.audit(centre.store).settled == 2
    device.log = true
    assert device.do(device.settle(identity, "B5", BILL)).outcome is Outcome.SETTLED


def test_a_restored_copy_is_told_by_a_signed_answer_at_its_first_hello(centre, device, identity):
    """The high-water mark: the centre's answer names a record that the copy does not have."""
    device.do(device.settle(identity, "B1", BILL))
    old = list(device.log)
    device.do(device.settle(identity, "B2", BILL))
    device.log = old
    device.meet(centre)  # the copy of the answer's number and of the checkpoint is old as well
    with pytest.raises(EdgeError, match="E-LOG-06"):
        device.hello()
    found = {"code": "E-LOG-06", "epoch": 1, "seq": 1, "hash": device.hash_of(1)}
    assert device.ask("incident", found) == (0, {})
    assert device.ask("incident", found) == (0, {})
    alarms = audit.incidents(centre.store, alarms_only=True)
    assert alarms == [("E-LOG-06", "T-1", 1, 1)], "written down once"
    for bad in ({}, found | {"seq": -1}, found | {"hash": "x"}, found | {"epoch": 2**40}):
        assert device.ask("incident", bad)[0] == -1


def test_a_cloned_card_beside_the_original_settles_nothing_twice_and_the_fork_is_seen(
    centre, device, identity
):
    """Both online, under one name and one key; then the clone begins a new epoch."""
    device.do(device.settle(identity, "B1", BILL))
    clone = pycopy.copy(device)
    clone.log, clone.answers, clone.published = list(device.log), [], []
    clone.counter += 100
    clone.meet(centre)
    for number in range(3):
        device.do(device.settle(identity, f"ORIGINAL{number}", BILL))
        clone.write(clone.settle(identity, f"CLONE{number}", BILL))
        with pytest.raises(EdgeError, match=r"E-LOG-0[26]"):
            clone.send(2, len(clone.log))
    assert audit.audit(centre.store).settled == 4 and not audit.doubles(centre.store)
    assert "fork" in {alarm[0] for alarm in audit.incidents(centre.store, alarms_only=True)}
    clone.epoch, clone.log = 1_800_000_000, []
    clone.meet(centre)
    outcomes = [
        clone.do(clone.settle(identity, bill, BILL)).outcome for bill in ("ORIGINAL1", "NEW")
    ]
    assert outcomes == [Outcome.DUPLICATE, Outcome.SETTLED]
    assert "new_epoch" in codes_of(centre) and not audit.doubles(centre.store)


def test_whoever_repeats_our_envelopes_and_holds_answers_back_stops_nothing(
    centre, device, identity
):
    """No key is needed for it: an old envelope names an old tree, so the centre's genuine answers to it
    prove nothing from ours. They are not believed, and no reason to accuse the centre."""
    device.do(device.settle(identity, "B1", BILL))
    old = device.payload(2, 1)  # a hello at tree size 1, overheard
    device.do(device.settle(identity, "B2", BILL))
    device.write(device.settle(identity, "B3", BILL))
    centre.on_message(topics.up("T-1"), device.payload(3, 3), NOW)  # its answer is held back
    codes = []
    for _ in range(UNPROVEN_MAX + 1):
        ((_, answer),) = centre.on_message(topics.up("T-1"), old, NOW)
        try:
            assert device.trusted.accept(answer, device.hash_of) is None
        except EdgeError as error:
            codes.append(error.code)
    assert codes and not LOG_ERRORS.intersection(codes)
    assert device.hello()[-1].upto_seq == 3  # and the real answer is taken as ever


def test_a_record_that_does_not_follow_its_predecessor_is_quarantined(centre, device, identity):
    device.do(device.settle(identity, "B1", BILL))
    device.write(device.settle(identity, "B2", BILL), prev=b"\x07" * 32)
    assert upto(device, device.payload(2, 2)) == 1
    assert codes_of(centre) == ["chain_broken"]


def test_beyond_a_gap_nothing_is_settled_and_upto_says_where_to_go_back(centre, device, identity):
    for number in range(4):
        device.write(device.settle(identity, f"B{number}", BILL))
    assert device.send(1)[0].upto_seq == 1
    (answer,) = device.send(3, 4)
    assert (answer.upto_seq, answer.results) == (1, ())
    assert codes_of(centre) == []  # the network reorders: no incident
    (answer,) = device.send(2, 4)
    assert [result.seq for result in answer.results] == [2, 3, 4]


def test_an_envelope_for_the_wrong_terminal_is_set_aside_without_an_answer(tmp_path, folk):
    one, two = Device("T-1"), Device("T-2")
    centre = make(tmp_path, [one, two], folk, "sqlite://")
    one.write(one.settle(one.who(folk[0]), "B1", BILL))
    assert centre.on_message(topics.up("T-2"), one.payload(1, 1), NOW) == []
    stolen = raw(two, one.log, 1)  # the other terminal claims the record as its own
    assert upto(two, stolen) == 0
    assert codes_of(centre) == ["wrong_terminal", "bad_signature"]
    forged = Device("T-1").meet(centre)  # the right name, another key
    forged.write(forged.settle({"means": "card"}, "B9", BILL))
    assert upto(forged, forged.payload(1, 1)) == 0
    assert codes_of(centre)[-1] == "bad_signature"
    centre.store.close()


def test_a_record_that_names_another_terminal_under_a_good_key_is_quarantined(
    centre, device, identity
):
    device.write(device.settle(identity, "B1", BILL), terminal="T-9")
    assert upto(device, device.payload(1, 1)) == 0
    assert codes_of(centre) == ["wrong_terminal"]


def test_a_record_under_another_number_or_epoch_is_quarantined(centre, device, identity):
    device.write(device.settle(identity, "B1", BILL), seq=5)
    assert upto(device, device.payload(1, 1)) == 0
    device.log.clear()
    device.write(device.settle(identity, "B1", BILL), epoch=2)
    assert upto(device, device.payload(1, 1)) == 0
    assert codes_of(centre) == ["misplaced_record"] * 2


def test_unknown_terminals_topics_and_rubbish_are_set_aside(centre, device):
    before = audit.audit(centre.store).tree_size
    bombs = [
        b"",
        b"\x9f" * 1000,  # indefinite arrays
        b"\x81" * 40_000,  # nested
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",  # 2^64 items announced
        b"\xbf\x00" * 500,
        b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",  # a byte string of 2^63 bytes
        b"{}",
        b"\x00" * 300_000,
    ]
    for topic in (
        topics.up("T-1"),
        topics.ask("T-1"),
        topics.up("nobody"),
        "fp/1/zz/T-1/up",
        "x",
        "",
    ):
        for payload in bombs:
            assert centre.on_message(topic, payload, NOW) == []
    known = {"malformed_envelope", "malformed_ask", "unknown_terminal", "unknown_topic"}
    assert set(codes_of(centre)) == known
    assert audit.audit(centre.store).tree_size == before
    assert (
        max(len(row["data"]) for row in rows_of(centre, store.incidents))
        <= store.QUARANTINE_BYTES_MAX
    )


def test_unknown_fields_in_envelope_and_header_are_refused(centre, device, identity):
    device.write(device.settle(identity, "B1", BILL))
    value = {1: 1, 2: "T-1", 3: 1, 4: 1, 5: [device.log[0]], 6: 0, 7: 0, 8: ZERO}
    assert centre.on_message(topics.up("T-1"), cbor.dumps(value | {99: 1}), NOW) == []
    assert codes_of(centre) == ["malformed_envelope"]
    assert upto(device, cbor.dumps(value)) == 1


def test_a_cbor_bomb_inside_the_sealed_body_is_rejected_and_the_chain_goes_on(
    centre, device, identity
):
    class Bomb:
        def seal(self, info: str, aad: bytes, plaintext: bytes) -> bytes:
            return centre.keys.sealer.seal(info, aad, b"\x81" * 40_000)

    result = device.do(device.settle(identity, "B1", BILL), sealer=Bomb())
    assert (result.outcome, result.body["code"]) == (Outcome.REJECTED, "malformed_body")
    assert device.do(device.settle(identity, "B1", BILL)).outcome is Outcome.SETTLED


def test_a_message_of_the_wrong_type_is_no_record(centre, device, identity):
    """A signature made for one type can never be taken for another."""
    device.write(device.settle(identity, "B1", BILL))
    assert centre.on_message(topics.ask("T-1"), device.log[0], NOW) == []
    assert codes_of(centre) == ["malformed_ask"]


def test_a_new_epoch_starts_a_new_chain_and_an_older_one_cannot_be_opened_later(
    centre, device, identity
):
    device.epoch = 5
    device.meet(centre)
    device.do(device.settle(identity, "B1", BILL))
    device.epoch = 6  # the disk was replaced
    device.meet(centre)
    device.log.clear()
    again = device.do(device.settle(identity, "B1", BILL))
    assert again.outcome is Outcome.DUPLICATE
    assert codes_of(centre) == ["new_epoch"]
    device.epoch = 3
    device.meet(centre)
    device.log.clear()
    device.write(device.settle(identity, "B7", BILL))
    assert centre.on_message(topics.up("T-1"), device.payload(1, 1), NOW) == []
    assert codes_of(centre)[-1] == "epoch_back"


def test_a_terminal_that_saw_a_longer_log_raises_an_alarm(centre, device, identity):
    payload = raw(device, [], 1, tree_size=1000)
    assert len(centre.on_message(topics.up("T-1"), payload, NOW)) == 1
    assert codes_of(centre) == ["terminal_ahead"]


# -- questions ------------------------------------------------------------------------------------
def test_a_face_is_found_among_many_and_an_unknown_or_doubtful_one_is_not(centre, device, folk):
    from kit import near

    faces = {person.psn_no: template(seed) for seed, person in enumerate(folk)}
    for psn_no, face in faces.items():
        people.register_face(centre.store, psn_no, face, "m")

    def ask(face, **more):
        body = {"means": "face", "template": face, "model": "m", "verdict": {"live": True}, **more}
        return device.ask("1101", body)

    for psn_no, face in faces.items():
        code, output = ask(near(face, 77))
        assert (code, output["people"][0]["psn_no"]) == (0, psn_no)
        assert output["baseinfo"]["psn_name"].endswith("*")
    assert ask(template(99)) == (-1, {"code": "no_person"})
    assert ask(template(0), model="other") == (-1, {"code": "no_person"})
    assert ask(b"short") == (-1, {"code": "no_person"})
    assert ask(near(faces[folk[2].psn_no], 77))[0] == 0  # else the terminal's faces would rest by now
    assert ask(template(0), verdict={"live": False}) == (-1, {"code": "liveness_failed"})
    assert ask(template(0), verdict=None) == (-1, {"code": "liveness_failed"})
    people.register_face(centre.store, folk[1].psn_no, near(template(0), 5, 0.05), "m")  # a twin
    assert ask(template(0)) == (-1, {"code": "ambiguous"})


def test_a_code_is_good_once_for_one_minute_at_one_institution(centre, device, folk):
    def ask(code, *, now=NOW, org=device.org):
        body = {"means": "qr", "ecQrCode": code, "businessType": "01301", "orgId": org}
        return device.ask("1101", body, now=now)

    def issue(**more):
        return people.issue_code(centre.store, folk[0].psn_no, NOW, **more)

    code = issue()
    assert len(code) == 28
    assert ask(code)[0] == 0
    assert ask(code) == (-1, {"code": "code_used"})
    assert ask(issue(), now=NOW + 60_001) == (-1, {"code": "code_expired"})
    assert ask(issue(org="H00000000000")) == (-1, {"code": "code_other_org"})
    assert ask(issue(), org="H00000000000") == (-1, {"code": "code_other_org"})
    assert ask("0" * 28) == (-1, {"code": "no_person"})


def test_a_question_delivered_twice_by_the_broker_gets_the_same_person_twice(centre, device, folk):
    from edge.wire import ask as wire_ask

    code = people.issue_code(centre.store, folk[0].psn_no, NOW)
    body = {"means": "qr", "ecQrCode": code, "businessType": "01301", "orgId": device.org}
    question = wire_ask.Ask(device.name, b"a" * 16, "1101", NOW, body)
    data = wire_ask.encode_ask(question, device.signer, centre.keys.sealer)
    for _ in range(2):
        told, output = device.told(centre.on_message(topics.ask(device.name), data, NOW))
        assert (told, output["people"][0]["psn_no"]) == (0, folk[0].psn_no)


@pytest.mark.parametrize(
    ("infno", "body", "code"),
    [
        ("9999", {}, "unknown_infno"),
        ("1101", {}, "malformed"),
        ("1101", {"means": "smell"}, "unknown_means"),
        ("1101", {"means": 7}, "malformed"),
        ("1101", {"means": "card", "mdtrt_cert_no": "nobody"}, "no_person"),
        ("2206", {}, "malformed"),
        ("2206", {"plan": []}, "malformed"),
        ("2206", {"plan": [{"infno": "2207", "msgid": "", "input": {}}]}, "malformed"),
        ("5203", {}, "malformed"),
    ],
)
def test_a_malformed_or_unknown_question_is_told_so(centre, device, infno, body, code):
    assert device.ask(infno, body) == (-1, {"code": code})


def test_an_ask_signed_by_another_key_is_set_aside(centre, device):
    thief = Device("T-1").meet(centre)
    body = {"means": "card", "mdtrt_cert_no": "x"}
    with pytest.raises(ValueError, match="unpack"):
        thief.ask("1101", body)
    assert codes_of(centre) == ["malformed_ask"]


def test_the_price_is_told_only_for_a_person_this_terminal_has_before_it(
    centre, device, folk, identity
):
    from kit import copy  # noqa: F401

    plan = device.settle(identity, "B1", BILL)
    plan["plan"][2]["input"]["data"]["mdtrt_cert_no"] = "guessed"
    assert device.ask("2206", plan) == (-1, {"code": "identity_unknown"})
    other = device.settle({**identity, "psn_no": folk[1].psn_no}, "B1", BILL)
    assert device.ask("2206", other) == (-1, {"code": "identity_unknown"})


def test_5203_tells_what_became_of_a_message_id(centre, device, folk, identity):
    body = device.settle(identity, "B1", BILL)
    msgid = body["plan"][2]["msgid"]
    asked = {"psn_no": folk[0].psn_no, "mdtrt_id": "", "msgid": msgid}
    assert device.ask("5203", asked) == (0, {"setlinfo": None})
    result = device.do(body)
    assert device.ask("5203", asked) == (0, {"setlinfo": result.body["setlinfo"]})


def test_the_policy_document_is_for_this_terminal_and_carries_the_rules(centre, device):
    from edge.core import benefit
    from edge.wire import policy

    document = device.get_policy()
    found = policy.decode(document, centre.keys.verifier, terminal="T-1")
    assert (found.profile, found.allow) == ("P1", OFFLINE_KINDS)
    assert benefit.rulebook(found.rules).level == "community"
    assert device.get_policy() == document  # until it is a day old
    assert device.get_policy(now=NOW + 24 * 3_600_000) != document
    with pytest.raises(EdgeError, match="E-POL-02"):
        policy.decode(document, centre.keys.verifier, terminal="T-2")
    with pytest.raises(EdgeError, match="E-POL-01"):
        other = es256.Es256Verifier.of(es256.generate_sign_key().public_key())
        policy.decode(document, other, terminal="T-1")


def test_a_policy_travels_only_to_a_terminal_that_does_not_hold_it(centre, device):
    document = device.get_policy()
    held = hashlib.sha256(document).digest()
    assert device.ask("policy", {"hash": held}) == (0, {})
    for other in ({"hash": bytes(32)}, {"hash": held[:31]}, {"hash": held.hex()}, {}):
        assert device.ask("policy", other) == (0, {"document": document})
    next_day = NOW + 24 * 3_600_000
    code, output = device.ask("policy", {"hash": held}, now=next_day)
    assert code == 0
    assert output["document"] != document
    assert device.ask("policy", {"hash": held}, now=next_day) == (0, output)


def test_a_queued_record_with_a_wrong_mode_for_its_kind_books_nothing(centre, device, folk):
    device.get_policy()
    cancel = device.do(device.cancel("x", "B1"), Mode.QUEUED)
    assert cancel.outcome is Outcome.REJECTED

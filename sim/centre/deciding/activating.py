"""F01: the e-voucher of a person becomes active, once, whoever asks for it and through whichever channel."""

from __future__ import annotations

from sim.centre import bodies
from sim.centre.books import activations, proving
from sim.centre.books.activations import Claim
from sim.centre.deciding.case import Case, Done, No, stamp


def run(case: Case) -> Done | No:
    """The card said who, the face that it is them (`intake._person`); the name must be theirs too."""
    said, verdict = case.body.identity, case.body.verdict
    if not said.template or verdict is None or not verdict.live:
        return No("policy_violation")
    data = bodies.form(case.body.plan[0])
    claim = Claim(
        psn_no=case.person.psn_no,
        psn_name=bodies.text(data, "psn_name"),
        age=case.person.age,
        channel=bodies.text(data, "channel"),
        employer=bodies.text(data, "employer", ""),
        agreement=bodies.text(data, "agreement"),
        town=case.terminal.admdvs,
        terminal=case.terminal.name,
    )
    if claim.psn_name != case.person.psn_name:
        return No("name_differs")
    voucher = f"{case.person.insuplc_admdvs[:2]}0000ev{case.mark:013d}"
    why = activations.activate(case.conn, claim, voucher, case.now_ms)
    if why:
        return No(why)
    proving.take_held(case.conn, said.auth_no, claim.psn_no)
    given = (("voucher_no", voucher), ("channel", activations.channel_name(claim.channel)),
             ("town", claim.town), ("given_at", stamp(case.now_ms)))  # fmt: skip
    return Done({"given": [list(row) for row in given]})

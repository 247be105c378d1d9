"""The first half of a visit: choose a way, look, follow the challenge, show a code or a card, be
found by the centre.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from edge.core.effects import Ask, Effect, Flash, Show, TakeTemplate
from edge.core.events import (
    CardRead,
    CodeSeen,
    CodeUnread,
    Lit,
    LookSeen,
    Pressed,
    TemplateMade,
    Told,
)
from edge.core.limits import WAY_STEPS
from edge.core.liveness import GESTURE, LIVE, UNSURE, plays
from edge.core.tx._forms import FORCE, verdict_form
from edge.core.types import BillStatus, Identity, Json, Means, Now, Refusal, Verdict
from edge.core.visit import errand, offline, screens
from edge.core.visit.case import ASK_BYTES, Case, Secret, State
from edge.core.visit.face import light, liveness, resting, tries
from edge.core.visit.refusals import ELSE_STEPS, centre_no
from edge.core.visit.settle import ordered
from edge.core.visit.who import password
from edge.core.visit.who.persons import people_of

NO_FACE_STEPS: Final = ("use_code", "use_card", "ask_staff")
GOOD_SHOTS: Final = 3  # good shots in a row before the challenge starts
CODE_CHARS_MAX: Final = 256
CARD_CHARS_MAX: Final = 50  # mdtrt_cert_no
FACE, QR, CARD = "face", "qr", "card"
LANGS: Final = ("zh-CN", "en")  # the languages the consent text is shown in


# -- choosing a way -------------------------------------------------------------------------------
def start(case: Case, _event: Any, now: Now) -> list[Effect]:
    """A bill is in front: it is in visit now. One that the HIS wants provisional goes as without a
    network.
    """
    case.gave_up = case.bill.prefer == FORCE
    if case.errand is not None and (first := errand.begin(case, case.errand, now)) is not None:
        return first
    effects = case.change_bill(now, status=BillStatus.IN_VISIT)
    if case.errand is None and "order" in case.kind.NEEDS:
        return effects + ordered.ask(case, now)
    return effects + ways(case, None, now)


def offered(case: Case, now: Now) -> tuple[str, ...]:
    """The ways that can work now. Without the centre the card says who and the face shows that it
    is them.
    """
    site = case.site
    camera, reader = not site.camera_lost, not site.board_lost
    face = camera and not no_face(case, now)
    if case.both:
        return (FACE, CARD) if face and reader else ()
    able = ((FACE, face), (QR, camera), (CARD, reader))
    return tuple(name for name, can in able if can)


def no_face(case: Case, now: Now) -> str:
    """ "" or why no face is looked at here: it rests, the tries are used up, or there is no light and nothing
    instead.
    """
    if resting.rests(case, now) or case.tries_left <= 0:
        return resting.LOCKED
    return "" if light.demanded(case) else light.NEEDED


def ways(case: Case, _event: Any, now: Now) -> list[Effect]:
    """Offer the ways, or say at once why there is none."""
    case.clip = None
    decision = case.site.decide(case.bill, now, online=case.online)
    if isinstance(decision, Refusal):
        return case.refuse(decision, now)
    able, camera = offered(case, now), not case.site.camera_lost
    why = no_face(case, now) if camera else ""
    if not able and why and not case.site.board_lost:
        return case.refuse(_faceless(case, why), now)
    if not able:
        lost = "offline_way" if not case.online and camera else "camera_lost"
        return case.refuse(Refusal(lost, ("ask_staff", "pay_full")), now)
    case.go(State.WAYS, now, case.site.settings.confirm_timeout_ms)
    return case.show(screens.ways(case.bill, able, why), now)


def _faceless(case: Case, why: str) -> Refusal:
    """The card needs the face beside it, and there is none."""
    code = "face_rests" if why == resting.LOCKED else why
    return Refusal(code, ("ask_staff",) if case.online else offline.UNMATCHED_STEPS)


def choose_face(case: Case, event: Any, now: Now) -> list[Effect]:
    """Pressing the face button is the consent."""
    if FACE not in offered(case, now):
        return ways(case, None, now)
    case.means = Means.FACE
    case.consent_utc_ms = max(1, now.utc_ms)
    if event is not None and event.value in LANGS:
        case.consent_lang = event.value
    return ask_card(case, now) if case.both else look(case, now)


def choose_qr(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The code is read by the camera and decoded by the centre, so it needs the centre."""
    if not case.online:
        return case.refuse(Refusal("offline_way", WAY_STEPS), now)
    if QR not in offered(case, now):
        return ways(case, None, now)
    case.means, case.guidance = Means.QR, ""
    case.go(State.CODE, now, case.site.settings.confirm_timeout_ms)
    return case.show(screens.code(), now)


def choose_card(case: Case, _event: Any, now: Now) -> list[Effect]:
    """Social-security or ID card through the controller's reader."""
    if CARD not in offered(case, now):
        return ways(case, None, now)
    case.means = Means.CARD
    return ask_card(case, now)


def afresh(case: Case, now: Now) -> list[Effect]:
    """The ways again; what was shown so far does not count for the next one."""
    case.means, case.identity, case.person = None, None, None
    case.card_no, case.template, case.verdict, case.ask_id = "", b"", None, b""
    case.match, case.chip = None, b""
    case.consent_utc_ms, case.secret = 0, Secret()
    case.face_ms = 0
    return ways(case, None, now)


def ask_card(case: Case, now: Now) -> list[Effect]:
    """Ask for the card; without the centre it stands in for the face library."""
    case.go(State.CARD, now, case.site.settings.confirm_timeout_ms)
    why = "forced" if case.bill.prefer == FORCE else "live" if case.online else "offline"
    return case.show(screens.card(why if case.both else None), now)


# -- the face -------------------------------------------------------------------------------------
def look(case: Case, now: Now, problem: str | None = None) -> list[Effect]:
    """Ask the patient to look into the camera."""
    case.clip, case.good_shots = None, 0
    case.guidance = case.guidance_seen = ""
    case.face_ms = case.face_ms or now.mono_ms
    case.go(State.LOOK, now, case.site.settings.look_timeout_ms)
    return case.show(_look_screen(case, now, problem), now)


def _look_screen(case: Case, now: Now, problem: str | None) -> Show:
    """Where lights are to blink, it is said before, with a way without."""
    left = min(case.tries_left, resting.left(case, now, light.rules(case)))
    return screens.look(problem, left, light=light.wanted(case))


def looking(case: Case, event: LookSeen, now: Now) -> list[Effect]:
    """Guide until the face is good, then draw the challenge."""
    problem = event.problem or ""
    again, case.guidance_seen = problem == case.guidance_seen, problem
    if not problem:
        case.good_shots += 1
        return [] if case.good_shots < GOOD_SHOTS else _begin(case, event, now)
    case.good_shots = 0
    if not again or problem == case.guidance:
        return []
    case.guidance = problem
    return case.show(_look_screen(case, now, problem), now)


def _begin(case: Case, event: LookSeen, now: Now) -> list[Effect]:
    """The face is good: lights first where they are demanded, then gestures."""
    if not light.demanded(case):
        return afresh(case, now)  # the lamps are gone since it was offered
    case.drawn = case.lighting = case.response = case.doubt = None
    case.shots = []
    if not light.wanted(case):
        return _challenge(case, event, now)
    return _under_lamps(case, light.begin(case, now), now)


def _under_lamps(case: Case, flash: Flash, now: Now, part: str = "") -> list[Effect]:
    case.go(State.LIGHT, now, flash.step_ms * len(flash.colours) + light.MARGIN_MS)
    return [*case.show(screens.light(part), now), flash]


# -- under the lamps ------------------------------------------------------------------------------
def lighting(case: Case, event: LookSeen, now: Now) -> list[Effect]:
    """One more shot; when one is from after the last light, all is there."""
    light.keep(case, event)
    return light_over(case, event, now) if light.over(case, event) else []


def lit(case: Case, event: Lit, now: Now) -> list[Effect]:
    """When the lamps had the lights. Shots are still being looked at."""
    light.reported(case, event, now)
    return []


def light_over(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The last shot of the lights, or their time is over: what do the checks say? A doubt gets as many more."""
    weighed = light.judged(case)
    if light.in_doubt(case, weighed):
        return _under_lamps(case, light.go_on(case, weighed, now), now, "longer")
    if weighed.outcome == UNSURE and light.rules(case).instead:
        case.no_light = True  # it cannot be measured here: what the policy takes instead
        return look(case, now, problem=weighed.reasons[0])
    if weighed.outcome == UNSURE:
        return try_again(case, weighed.reasons, now, refused=False)
    last = next((shot for shot in reversed(case.shots) if not shot.problem), None)
    if weighed.outcome == LIVE and last is None:
        return try_again(case, ("face_lost",), now)
    if weighed.outcome == LIVE and GESTURE in plays(light.demanded(case)):
        assert last is not None
        return _challenge(case, last, now)
    if last is not None:
        case.clip = liveness.begin((), last)  # the shot of the template comes later, and its look counts
    return _judge(case, light.of_light(case, weighed), now)


def no_light(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The patient wants no flashing, or the lamps are gone: what the policy takes instead of this
    amount, or the other ways.
    """
    tries.left_open(case, now)
    case.no_light = True
    return afresh(case, now) if no_face(case, now) else look(case, now)


# -- gestures -------------------------------------------------------------------------------------
def _challenge(case: Case, event: LookSeen, now: Now) -> list[Effect]:
    policy = case.site.looked_by()
    steps = liveness.draw(case.site.dice, policy.liveness_steps, policy.liveness.gestures)
    case.clip = liveness.begin(steps, replace(event, at_mono_ms=now.mono_ms))
    case.go(State.CHALLENGE, now, case.site.settings.step_timeout_ms)
    return case.show(screens.challenge(steps, 0), now)


def challenging(case: Case, event: LookSeen, now: Now) -> list[Effect]:
    """One more shot of the challenge."""
    assert case.clip is not None, "CHALLENGE has a clip"
    before = case.clip
    light.keep(case, event)
    seen = liveness.watch(before, event, _threshold(case))
    if isinstance(seen, Verdict):
        return _judge(case, _weighed(case, seen), now)
    case.clip = seen
    if (seen.index, seen.home) == (before.index, before.home):
        return []
    if seen.index != before.index:
        case.go(State.CHALLENGE, now, case.site.settings.step_timeout_ms)
    return case.show(screens.challenge(seen.steps, seen.index, home=seen.home), now)


def step_timeout(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The gesture did not come."""
    assert case.clip is not None, "CHALLENGE has a clip"
    failed = liveness.fail(case.clip, "step_timeout", _threshold(case))
    return _judge(case, _weighed(case, failed), now)


def _weighed(case: Case, verdict: Verdict) -> Verdict:
    """The gestures' verdict and every other check: both must say yes."""
    weighed = light.weigh(case, gesture="done" if verdict.live else verdict.reasons[0])
    if verdict.live and weighed.outcome != LIVE:
        verdict = replace(verdict, live=False, reasons=weighed.reasons)
    return light.written(case, verdict, weighed)


def _threshold(case: Case) -> float:
    return case.site.looked_by().liveness_threshold


def _judge(case: Case, verdict: Verdict, now: Now) -> list[Effect]:
    case.verdict = verdict
    if not verdict.live:
        return try_again(case, verdict.reasons, now)
    resting.lives(case)
    case.template_live = -1.0
    case.go(State.TEMPLATE, now, case.site.settings.step_timeout_ms)
    # the camera stays on: the template comes from the next good shot
    return [TakeTemplate(), *case.show(screens.working("identify"), now, alone=True)]


def try_again(case: Case, reasons: tuple[str, ...], now: Now, *, refused: bool = True) -> list[Effect]:
    """Not live. Another try, or the end after the last one: then faces rest, unless it only could
    not be measured (sun), or the time was over at the first look that was refused.
    """
    said, reason = light.rules(case), reasons[0]
    tries.used(case, reasons, now, refused=refused)
    more = case.tries_left > 0 and not resting.rests(case, now)
    if more and now.mono_ms - case.face_ms < said.time_limit_ms:
        return look(case, now, problem=reason)
    if case.refused > 1 or (case.refused and case.tries_left <= 0):
        resting.begin(case, now, said.lockout_ms)
    code = "spoof_suspected" if case.spoofed else "liveness_failed"
    return case.refuse(Refusal(code, NO_FACE_STEPS, {"reason": reason}), now)


def templating(case: Case, event: LookSeen, now: Now) -> list[Effect]:
    """Between the verdict and the template nobody may step in: the face in the box must stay the
    same one.
    """
    assert case.clip is not None, "TEMPLATE follows CHALLENGE"
    if event.at_mono_ms < case.clip.face_ms:
        return []
    gone = event.problem == "two_faces" or liveness.unseen(event)
    if gone or not liveness.overlap(case.clip.box or event.box, event.box):
        return try_again(case, (tries.CHANGED,), now)
    case.clip = replace(case.clip, box=event.box)
    if event.live >= 0:
        case.template_live = event.live
    return []


def template_late(case: Case, _event: Any, now: Now) -> list[Effect]:
    """No template in time, or none of a living face."""
    return try_again(case, ("spoof_score" if _held_up(case) else "face_lost",), now)


def _held_up(case: Case) -> bool:
    """The net says that the face of the last shot is a picture: held up after the challenge."""
    assert case.verdict is not None, "TEMPLATE follows a verdict"
    return 0 <= case.template_live < case.verdict.threshold


def template_made(case: Case, event: TemplateMade, now: Now) -> list[Effect]:
    """The face is alive and measured: now who is it? The shot that is measured must pass the net
    itself (one bad shot only costs another one, a picture held up after the challenge the try) and
    show whom the lights or gestures were seen of.
    """
    assert case.verdict is not None, "TEMPLATE follows a verdict"
    if _held_up(case):
        return [TakeTemplate()]
    if not light.same_as_seen(case, event.template):
        return try_again(case, (tries.CHANGED,), now)
    case.template, case.template_model = event.template, event.model
    case.verdict = replace(
        case.verdict, models=(*case.site.settings.models, ("template", event.model))
    )
    if case.both:
        return _both_seen(case, now) if case.card_no else ask_card(case, now)
    return ask_face(case, now) if case.means is Means.FACE else _ask_card_no(case, now)


def look_timeout(case: Case, _event: Any, now: Now) -> list[Effect]:
    """Nobody was there, or nobody got into the right place."""
    code = "left" if case.guidance in ("", "no_face") else "timeout"
    return case.refuse(Refusal(code, ("try_again", "use_code", "use_card")), now)


# -- code and card --------------------------------------------------------------------------------
def code_seen(case: Case, event: CodeSeen, now: Now) -> list[Effect]:
    """A code; only the centre can say what it is."""
    text = event.text.strip()
    if not 0 < len(text) <= CODE_CHARS_MAX or not text.isprintable():
        return []
    if case.errand is not None and case.errand.what == errand.SCAN:
        return errand.scanned(case, case.errand, text, now)
    if not case.online:
        return case.refuse(Refusal("offline_way", WAY_STEPS), now)
    business = errand.business_of(case.bill) if case.errand is None else case.errand.business
    org = case.site.settings.fixmedins_code
    body = {"means": QR, "ecQrCode": text, "businessType": business, "orgId": org}
    return _ask_who(case, body, now)


def code_unread(case: Case, event: CodeUnread, now: Now) -> list[Effect]:
    """A code is held up and cannot be read: say what would help, once."""
    if event.problem == case.guidance:
        return []
    case.guidance = event.problem
    return case.show(screens.code(event.problem), now)


def card_read(case: Case, event: CardRead, now: Now) -> list[Effect]:
    """A card: the centre knows whose; without it the face must be seen too and is sealed in the
    record.
    """
    number = event.card_no.strip()
    if not 0 < len(number) <= CARD_CHARS_MAX or not number.isalnum() or not number.isascii():
        return []
    case.card_no = number
    case.cert_type = event.cert_type if event.cert_type in ("02", "03") else "03"
    if not case.both:
        return _ask_card_no(case, now)
    case.means = Means.CARD
    if case.template:
        return _both_seen(case, now)
    if case.site.camera_lost:
        return case.refuse(Refusal("camera_lost", ("ask_staff", "pay_full")), now)
    if why := no_face(case, now):
        return case.refuse(_faceless(case, why), now)
    case.consent_utc_ms = case.consent_utc_ms or max(1, now.utc_ms)
    return [*offline.chip_seen(case, event), *look(case, now)]


def card_first(case: Case, event: CardRead, now: Now) -> list[Effect]:
    """Somebody holds the card to the reader without pressing anything: that is a choice too."""
    if CARD not in offered(case, now):
        return []
    case.means = Means.CARD
    return card_read(case, event, now)


# -- 1101 -----------------------------------------------------------------------------------------
def ask_face(case: Case, now: Now) -> list[Effect]:
    """Who has this face? The template goes sealed to the centre; the decision is the centre's."""
    assert case.verdict is not None, "the face was judged"
    assert case.verdict.live, "only a live face is asked about"
    verdict = verdict_form(case.verdict)
    body = {
        "means": FACE,
        "template": case.template,
        "model": case.template_model,
        "verdict": verdict,
    }
    return _ask_who(case, body, now)


def _both_seen(case: Case, now: Now) -> list[Effect]:
    return _ask_card_no(case, now) if case.online else offline.prove(case, now)


def _ask_card_no(case: Case, now: Now) -> list[Effect]:
    case.means = Means.CARD
    body = {
        "means": CARD,
        "mdtrt_cert_type": case.cert_type,
        "mdtrt_cert_no": case.card_no,
        "card_sn": "",
    }
    return _ask_who(case, body, now)


def _ask_who(case: Case, body: Json, now: Now) -> list[Effect]:
    case.ask_id = case.site.dice.bytes(ASK_BYTES)
    case.go(State.IDENTIFY, now, case.site.settings.ask_timeout_ms)
    return [Ask(case.ask_id, "1101", body), *case.show(screens.working("identify"), now)]


def told_who(case: Case, event: Told, now: Now) -> list[Effect]:
    """The centre's answer to 1101."""
    case.ask_id = b""
    if event.infcode != 0:
        return case.refuse(centre_no(event.body, event.err_msg), now)
    people = people_of(event.body)
    if not people:
        return case.refuse(Refusal("rejected_malformed", ELSE_STEPS), now)
    assert case.means is not None, "a way was chosen"
    case.base = errand.told_base(event.body)
    auth_no = event.body.get("authNo", "")
    card_no = case.card_no if case.means is Means.CARD else ""
    auth = auth_no if isinstance(auth_no, str) else ""
    case.identity = Identity(case.means, auth, people, card_no)
    if len(people) == 1 or case.needs("live"):  # for oneself alone
        case.person = people[0]
        return password.then(case, now)
    case.go(State.WHOM, now, case.site.settings.confirm_timeout_ms)
    return case.show(screens.whom(people), now)


def no_answer_who(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The centre did not answer who it is: go on without it where the policy lets us."""
    case.gave_up, case.ask_id = True, b""
    decision = case.site.decide(case.bill, now, online=False)
    if isinstance(decision, Refusal):
        return case.refuse(decision, now)
    if case.card_no and case.template:
        return offline.prove(case, now)
    if case.site.camera_lost:
        return case.refuse(Refusal("camera_lost", ("ask_staff", "pay_full")), now)
    if not case.template and (why := no_face(case, now)):
        return case.refuse(_faceless(case, why), now)
    if not case.consent_utc_ms:
        case.card_no = ""  # laid down again under the text that asks for the face as well
    return look(case, now) if case.card_no else ask_card(case, now)


def choose_person(case: Case, event: Pressed, now: Now) -> list[Effect]:
    """For whom."""
    assert case.identity is not None, "WHOM follows 1101"
    people = case.identity.people
    known = {str(number): person for number, person in enumerate(people)}
    if event.value not in known:
        return []
    case.person = known[event.value]
    return password.then(case, now)

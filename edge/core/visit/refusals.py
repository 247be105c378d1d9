"""The centre's "no" as a refusal that the screens know."""

from __future__ import annotations

from typing import Final

from edge.core.types import Json, Refusal

CODE_CHARS_MAX: Final = 40
ERR_MSG_CHARS_MAX: Final = 200
# what the centre may say about a person; every other code becomes rejected_<code>
KNOWN: Final = frozenset(
    {
        "no_person",
        "ambiguous",
        "locked",
        "code_expired",
        "code_used",
        "code_other_org",
        "token_used",
        "already_active",
        "step_order",
        "step_done",
        "step_unpaid",
        "mdtrt_unknown",
        "card_lost",
        "card_replaced",
        "card_old",
        "card_in_making",
        "name_differs",
        "too_young",
        "face_mismatch",
        "password_wrong",
        "password_unset",
        "password_locked",
        "face_locked",
        "not_insured",
        "suspended",
        "waiting",
        "disease_not_recognised",
        "disease_expired",
        "disease_not_open",
        "disease_unknown",
        "not_filed",
        "filing_expired",
        "filing_late",
        "filing_overlaps",
        "filing_at_home",
        "hospitalised",
        "in_hospital",
        "in_hospital_elsewhere",
        "open_arrears",
        "not_admitted",
        "stay_other_person",
        "stay_settled",
        "deposit_open",
        "pay_refused",
        "pay_unknown",
        "pay_more",
        "not_paid",
        "collected_before",
        "order_unknown",
        "credit_overdue",
        "credit_limit",
        "credit_age",
        "credit_excluded",
        "account_scope",
        "balance_short",
        "order_declined",
        "order_differs",
        "order_lapsed",
        "order_paid",
        "order_refunded",
        "order_signed",
        "order_none",
        "order_under_way",
        "order_withdrawn",
        "rx_dispensed",
        "rx_expired",
        "rx_locked",
        "rx_mismatch",
        "rx_not_dual",
        "rx_other_person",
        "rx_rejected",
        "rx_revoked",
        "rx_unknown",
    }
)
STEPS: Final = {
    "no_person": ("use_code", "use_card", "ask_staff"),
    "ambiguous": ("use_code", "use_card", "ask_staff"),
    "locked": ("ask_staff",),
    "code_expired": ("try_again", "use_card"),
    "code_used": ("try_again", "use_card"),
    "code_other_org": ("try_again", "use_card"),
    "password_wrong": ("use_code", "use_card", "ask_staff"),
    "password_unset": ("use_code", "use_card", "ask_staff"),
    "password_locked": ("use_code", "use_card", "ask_staff"),
    "face_locked": ("use_code", "use_card", "ask_staff"),
    "step_order": ("ask_staff",),
    "step_done": ("ask_staff",),
    "step_unpaid": ("pay_first", "ask_staff"),
    "mdtrt_unknown": ("ask_staff",),
    "card_lost": ("use_code", "ask_staff"),
    "card_replaced": ("use_code", "ask_staff"),
    "card_old": ("use_code", "ask_staff"),
    "card_in_making": ("ask_staff",),
    "already_active": ("ask_staff",),
    "name_differs": ("ask_staff",),
    "too_young": ("use_family", "ask_staff"),
    "face_mismatch": ("try_again", "ask_staff"),
    "token_used": ("try_again", "ask_staff"),
    "not_filed": ("file_first", "pay_full", "ask_staff"),
    "filing_expired": ("file_first", "pay_full", "ask_staff"),
    "filing_late": ("ask_staff",),  # a filing costs nothing: there is nothing to pay in full
    "filing_overlaps": ("ask_staff",),
    "filing_at_home": ("ask_staff",),
    "hospitalised": ("ask_staff",),
    "in_hospital": ("ask_staff",),
    "in_hospital_elsewhere": ("ask_staff",),
    "open_arrears": ("ask_staff",),
    "not_admitted": ("ask_staff",),
    "stay_other_person": ("use_card", "ask_staff"),
    "stay_settled": ("ask_staff",),
    "deposit_open": ("ask_staff",),
    "pay_refused": ("try_again", "ask_staff"),
    "pay_unknown": ("try_again", "ask_staff"),
    "pay_more": ("try_again", "ask_staff"),
    "not_paid": ("pay_phone", "ask_staff"),
    "collected_before": ("ask_staff",),
    "order_unknown": ("ask_staff",),
    "credit_overdue": ("repay_first", "pay_full", "ask_staff"),
    "account_scope": ("ask_staff",),
    "balance_short": ("ask_staff",),
    **dict.fromkeys(
        ("order_declined", "order_differs", "order_lapsed", "order_paid", "order_refunded",
         "order_signed", "order_under_way", "order_none", "order_withdrawn"),
        ("ask_staff",),
    ),
    "rx_dispensed": ("ask_staff",),
    "rx_expired": ("ask_doctor", "ask_staff"),
    "rx_locked": ("try_again", "ask_staff"),
    "rx_mismatch": ("ask_staff",),
    "rx_not_dual": ("other_pharmacy", "ask_staff"),
    "rx_other_person": ("ask_staff",),
    "rx_rejected": ("ask_doctor", "ask_staff"),
    "rx_revoked": ("ask_doctor", "ask_staff"),
    "rx_unknown": ("ask_doctor", "ask_staff"),
}
ELSE_STEPS: Final = ("pay_full", "ask_staff")

# what the SDKs of such terminals call it (DOMAIN §6.2): for a HIS that knows only numbers
RESULTS: Final = {
    "cancelled": 1003,
    "timeout": 1004,
    "left": 1004,
    "over_limit": 1005,
    "password_unset": 1005,
    "liveness_failed": 1006,
    "spoof_suspected": 1006,
    "no_person": 1008,
    "ambiguous": 1008,
    "locked": 1009,
    "password_wrong": 1009,
    "password_locked": 1009,
    "face_locked": 1009,
    "face_rests": 1009,
    "camera_lost": 2001,
    "offline_way": 3001,
    "offline_strict": 3001,
    "offline_caps": 3001,
}


def result_code(code: str) -> int:
    """The number of a refusal, 1005 (choose another way) where it has none of its own."""
    return RESULTS.get(code, 1005)


def centre_no(body: Json, err_msg: str) -> Refusal:
    """`output` of a Tell with infcode -1, or the result of a rejected record."""
    code = str(body.get("code") or "unknown")[:CODE_CHARS_MAX]
    if code in KNOWN:
        return Refusal(code, STEPS.get(code, ELSE_STEPS))
    safe = "".join(char for char in code if char.isalnum() or char in "_-")
    return Refusal(f"rejected_{safe}", ELSE_STEPS, {"err_msg": err_msg[:ERR_MSG_CHARS_MAX]})

"""Every screen the core can put up, with fields as it makes them; pictures and checks use it."""

from __future__ import annotations

from typing import Any

from edge.core.limits import NOTHING_LEFT
from tests.kiosk.samples import (
    ALONE,
    BIG,
    CAPS,
    CHOICES,
    CONFIRM,
    DEPOSIT,
    DEPOSITED,
    LATER,
    NEW,
    OFFLINE,
    OVER,
    PASSWORD,
    PEOPLE,
    PRICES,
    RX,
    RX_ROWS,
    SLIP,
    SOON,
    SPLIT,
    STAY,
    nearly,
)

# name of the picture -> (screen, left_ms, fields)
STATES: dict[str, tuple[str, int, dict[str, Any]]] = {
    "password": ("password", 60_000, PASSWORD),
    "password-new": ("password", 60_000, NEW),
    "password-again": ("password", 60_000, NEW | {"what": "again"}),
    "password-weak": ("password", 60_000, NEW | {"problem": "password_weak"}),
    "card-live": ("card", 60_000, {"why": "live"}),
    "settled-subsidies": (
        "settled", 8_000,
        {"outcome": "settled", "split": None, "difference_fen": 0, "slip": [
            ["slip.bill_no", "B-20261121-0018"],
            *[["slip.subsidy", f"2026-0{n}-10 耕地地力保护补贴 1260.00"] for n in range(9, 3, -1)],
        ]},
    ),
    "confirm-activate": (
        "confirm", 60_000, CONFIRM | {"kind": "activate", "amount_fen": 0, "split": None},
    ),
    "password-wrong": (
        "password", 60_000, PASSWORD | {"tries_left": 2, "problem": "password_wrong"},
    ),
    "idle": ("idle", 0, {}),
    "idle-offline": ("idle", 0, OFFLINE),
    "idle-offline-soon": ("idle", 0, SOON),
    "idle-offline-few": ("idle", 0, nearly(left_count=3, warn="records")),
    "idle-offline-over": ("idle", 0, OVER),
    "confirm-offline-soon": (
        "confirm",
        60_000,
        CONFIRM | {"mode": "provisional", "estimate": True} | SOON,
    ),
    "provisional-soon": ("provisional", 8_000, {"split": SPLIT, "slip": SLIP} | SOON),
    "card-forced": ("card", 30_000, {"why": "forced"}),
    "idle-offline-strict": (
        "idle",
        0,
        {
            "net": "down",
            "waiting": 12,
            "offline": {"profile": "P0"} | NOTHING_LEFT,
        },
    ),
    "ways": (
        "ways",
        60_000,
        {"kind": "settle", "amount_fen": 1_234_56, "ways": ["face", "qr", "card"]},
    ),
    "ways-offline": (
        "ways",
        60_000,
        {"kind": "settle", "amount_fen": 86_40, "ways": ["card"]} | OFFLINE,
    ),
    "ways-two": ("ways", 60_000, {"kind": "pharmacy", "amount_fen": 86_40, "ways": ["qr", "card"]}),
    "look": ("look", 30_000, {"problem": None, "tries_left": 3}),
    "look-dark": ("look", 22_000, {"problem": "too_dark", "tries_left": 2}),
    "look-covered": ("look", 21_000, {"problem": "covered", "tries_left": 3}),
    "look-camera": ("look", 20_000, {"problem": "camera_trouble", "tries_left": 3}),
    "look-two": ("look", 9_000, {"problem": "two_faces", "tries_left": 1}),
    "look-again": ("look", 30_000, {"problem": "wrong_gesture", "tries_left": 2}),
    "look-light": ("look", 30_000, {"problem": None, "tries_left": 3, "light": True}),
    "light": ("light", 5_000, {}),
    "light-longer": ("light", 5_000, {"part": "longer"}),
    "challenge-left": (
        "challenge",
        6_000,
        {"step": "turn_left", "index": 0, "count": 3, "done": [], "problem": None},
    ),
    "challenge-right": (
        "challenge",
        6_000,
        {
            "step": "turn_right",
            "index": 1,
            "count": 3,
            "done": ["turn_left"],
            "problem": "off_centre",
        },
    ),
    "challenge-blink": (
        "challenge",
        4_000,
        {
            "step": "blink",
            "index": 2,
            "count": 3,
            "done": ["turn_left", "turn_right"],
            "problem": None,
        },
    ),
    "challenge-dot-left": (
        "challenge",
        6_000,
        {"step": "dot_left", "index": 0, "count": 3, "done": [], "problem": None},
    ),
    "challenge-dot-home": (
        "challenge",
        4_000,
        {"step": "dot_left", "index": 0, "count": 3, "done": [], "problem": None, "home": True},
    ),
    "challenge-dot-right": (
        "challenge",
        6_000,
        {"step": "dot_right", "index": 1, "count": 3, "done": ["dot_left"], "problem": "too_dark"},
    ),
    "challenge-dot-up": (
        "challenge",
        6_000,
        {"step": "dot_up", "index": 2, "count": 3, "done": ["dot_left", "dot_right"], "problem": None},
    ),
    "challenge-dot-down": (
        "challenge",
        6_000,
        {"step": "dot_down", "index": 0, "count": 2, "done": [], "problem": None},
    ),
    "code": ("code", 30_000, {"problem": None}),
    "code-small": ("code", 26_000, {"problem": "code_small"}),
    "code-glare": ("code", 25_000, {"problem": "code_glare"}),
    "code-unclear": ("code", 24_000, {"problem": "code_unclear"}),
    "code-expired": ("code", 30_000, {"problem": "code_expired"}),
    "card": ("card", 30_000, {"why": None}),
    "card-offline": ("card", 30_000, {"why": "offline"} | OFFLINE),
    "whom": ("whom", 30_000, {"people": PEOPLE[:3]}),
    "whom-many": ("whom", 30_000, {"people": PEOPLE}),
    "confirm": ("confirm", 60_000, CONFIRM),
    "confirm-choice": ("confirm", 60_000, CONFIRM | {"choice": True}),
    "confirm-onecode": ("confirm", 60_000, CONFIRM | {"choice": True, "way": "onecode"}),
    "confirm-credit": ("confirm", 60_000, CONFIRM | LATER),
    "pay-credit": ("pay", 60_000, {"kind": "settle", "amount_fen": 1_234_56, "choices": CHOICES[-4:]}),
    "confirm-blocked": ("confirm", 60_000, CONFIRM | {"choice": True, "blocked": "overdue"}),
    "settled-credit": (
        "settled",
        8_000,
        {
            "outcome": "settled",
            "split": SPLIT,
            "slip": [
                *SLIP,
                ["slip.paid_credit", "134.56"],
                ["slip.credit_due", "2026-12-30"],
                ["slip.capt_no", "2026112600000017"],
            ],
            "difference_fen": 0,
            "due": "2026-12-30",
        },
    ),
    "settled-collect": (
        "settled",
        8_000,
        {"outcome": "settled", "split": None, "slip": SLIP[:1], "difference_fen": 0, "kind": "collect"},
    ),
    "confirm-wallet": (
        "confirm",
        60_000,
        CONFIRM | {"kind": "wallet_send", "split": None, "amount_fen": 300_00, "to": "李*"},
    ),
    "settled-wallet": (
        "settled",
        8_000,
        {
            "outcome": "settled", "split": None, "difference_fen": 0, "kind": "wallet_send",
            "slip": [
                SLIP[0], ["slip.wallet_to", "李*"], ["slip.wallet_amt", "300.00"],
                ["slip.wallet_id", "W2026111800000001"], ["slip.wallet_back", "2026-11-19 06:00:00"],
            ],
        },
    ),
    "settled-wallet-take": (
        "settled",
        8_000,
        {
            "outcome": "settled", "split": None, "difference_fen": 0, "kind": "wallet_take",
            "slip": [SLIP[0], ["slip.wallet_got", "300.00"], ["slip.wallet_balc", "370.00"]],
        },
    ),
    "refused-collect": (
        "refused",
        8_000,
        {"code": "not_paid", "next_steps": ["pay_phone", "ask_staff"], "detail": {}},
    ),
    "refused-credit": (
        "refused",
        8_000,
        {"code": "credit_overdue", "next_steps": ["repay_first", "pay_full", "ask_staff"], "detail": {}},
    ),
    "confirm-choice-big": (
        "confirm",
        60_000,
        CONFIRM | {"split": BIG, "amount_fen": 9_876_543_21, "choice": True},
    ),
    "prescriptions": ("prescriptions", 60_000, {"rx": RX_ROWS[:1]}),
    "prescriptions-many": ("prescriptions", 60_000, {"rx": RX_ROWS}),
    "review": ("review", 180_000, {"rx": RX}),
    "prices": ("prices", 60_000, {"drug": "SYN-A-0001", "rows": PRICES[:3]}),
    "prices-many": ("prices", 60_000, {"drug": "SYN-A-0001", "rows": PRICES}),
    "prices-none": ("prices", 60_000, {"drug": "SYN-A-0001", "rows": []}),
    "confirm-delivery": ("confirm", 60_000, CONFIRM | {"kind": "delivery", "split": ALONE}),
    "working-rx": ("working", 0, {"phase": "rx"}),
    "pay": ("pay", 60_000, {"kind": "settle", "amount_fen": 1_234_56, "choices": CHOICES[:4]}),
    "pay-wallet": (
        "pay",
        60_000,
        {"kind": "settle", "amount_fen": 1_234_56, "choices": [CHOICES[n] for n in (0, 1, 4, 5)]},
    ),
    "pay-many": ("pay", 60_000, {"kind": "settle", "amount_fen": 1_234_56, "choices": CHOICES}),
    "confirm-estimate": ("confirm", 60_000, CONFIRM | {"estimate": True}),
    "confirm-provisional": (
        "confirm",
        60_000,
        CONFIRM | {"mode": "provisional", "estimate": True} | OFFLINE,
    ),
    "confirm-filing": (
        "confirm",
        60_000,
        CONFIRM
        | {"kind": "file_away", "split": None, "amount_fen": 0}
        | {
            "rows": [
                ["slip.bill_no", "F-20261121-0003"],
                ["slip.mdtrtarea", "510100"],
                ["slip.begndate", "2026-11-18"],
                ["slip.enddate", "2027-11-17"],
            ]
        },
    ),
    "confirm-queued": (
        "confirm",
        60_000,
        CONFIRM | {"kind": "register", "mode": "queued", "split": None, "amount_fen": 0} | OFFLINE,
    ),
    "confirm-admit": (
        "confirm",
        60_000,
        CONFIRM | {"kind": "admit", "split": None, "amount_fen": 0},
    ),
    "confirm-deposit": (
        "confirm",
        60_000,
        CONFIRM | {"kind": "deposit", "split": None, "amount_fen": 3_000_00},
    ),
    "confirm-bedside": (
        "confirm",
        60_000,
        CONFIRM | {"kind": "inpatient", "split": STAY, "amount_fen": 10_000_00, "deposit": DEPOSIT},
    ),
    "confirm-big": ("confirm", 60_000, CONFIRM | {"split": BIG, "amount_fen": 9_876_543_21}),
    "working": ("working", 0, {"phase": "estimate"}),
    "working-answer": ("working", 8_000, {"phase": "answer"}),
    "settled": (
        "settled",
        8_000,
        {"outcome": "settled", "split": SPLIT, "slip": SLIP, "difference_fen": 0},
    ),
    "settled-bedside": (
        "settled",
        8_000,
        {"outcome": "settled", "split": STAY, "slip": SLIP, "difference_fen": 0, "deposit": DEPOSIT},
    ),
    "settled-bedside-collect": (
        "settled",
        8_000,
        {"outcome": "settled", "split": BIG, "slip": SLIP, "difference_fen": 0}
        | {"deposit": DEPOSIT | {"refund_fen": 0, "collect_fen": 697_000_00}},
    ),
    "settled-deposit": (
        "settled",
        8_000,
        {"outcome": "settled", "split": None, "slip": DEPOSITED, "difference_fen": 0},
    ),
    "refused-two-wards": (
        "refused",
        15_000,
        {"code": "rejected_in_hospital_elsewhere", "next_steps": ["ask_staff"], "detail": {}},
    ),
    "settled-adjusted": (
        "settled",
        8_000,
        {"outcome": "adjusted", "split": SPLIT, "slip": SLIP, "difference_fen": 12_34},
    ),
    "provisional": ("provisional", 8_000, {"split": SPLIT, "slip": SLIP} | OFFLINE),
    "confirming": ("confirming", 8_000, {}),
    "notice-identified": ("notice", 8_000, {"what": "identified", "person": "张*", "rows": []}),
    "notice-scanned": ("notice", 8_000, {"what": "scanned", "person": "", "rows": []}),
    "notice-success": ("notice", 8_000, {"what": "success", "person": "张*", "rows": SLIP[1:]}),
    "notice-fail": ("notice", 8_000, {"what": "fail", "person": "张*", "rows": SLIP[1:2]}),
    "ways-face-rests": (
        "ways", 60_000, {"kind": "settle", "amount_fen": 86_40, "ways": ["qr", "card"], "no_face": "face_locked"},
    ),
    "ways-no-light": (
        "ways", 60_000, {"kind": "settle", "amount_fen": 1_234_56, "ways": ["qr", "card"], "no_face": "light_needed"},
    ),
    "ways-auth": ("ways", 60_000, {"kind": "auth", "amount_fen": 0, "ways": ["face", "qr", "card"]}),
    "refused-liveness": (
        "refused",
        15_000,
        {
            "code": "liveness_failed",
            "next_steps": ["use_code", "use_card", "ask_staff"],
            "detail": {},
        },
    ),
    "refused-offline": (
        "refused",
        15_000,
        {
            "code": "offline_caps",
            "next_steps": ["pay_full", "wait_network", "ask_staff"],
            "detail": {},
        }
        | OFFLINE,
    ),
    "refused-centre": (
        "refused",
        15_000,
        {
            "code": "rejected_2001",
            "next_steps": ["pay_full", "ask_staff"],
            "detail": {"err_msg": "该人员待遇已暂停"},
        },
    ),
    "refused-person": (
        "refused",
        15_000,
        {"code": "rejected_suspended", "next_steps": ["pay_full", "ask_staff"], "detail": {}},
    ),
    "refused-network": (
        "refused",
        15_000,
        {
            "code": "offline_strict",
            "next_steps": ["wait_network", "pay_full", "ask_staff"],
            "detail": {},
        }
        | OFFLINE,
    ),
    "refused-timeout": (
        "refused",
        15_000,
        {"code": "left", "next_steps": ["try_again", "use_code", "use_card"], "detail": {}},
    ),
    "refused-unknown": (
        "refused",
        15_000,
        {"code": "something_new", "next_steps": [], "detail": {}},
    ),
    "starting": ("out_of_service", 0, {"code": "starting"}),
    "out_of_service": ("out_of_service", 0, {"code": "E-STO-04"}),
}
STATES |= CAPS
SIZES = {
    "800x480": (800, 480),
    "1024x600": (1024, 600),
    "1280x800": (1280, 800),
    "800x1280": (800, 1280),
}
LANGS = ("zh-CN", "en")

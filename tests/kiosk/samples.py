"""What the kiosk's screens show in the tests: splits, people, prescriptions, prices, the state of an outage."""

from __future__ import annotations

from typing import Any

from edge.core import limits

SPLIT = {
    "medfee_sumamt_fen": 1_234_56,
    "fulamt_ownpay_amt_fen": 20_00,
    "overlmt_selfpay_fen": 0,
    "preselfpay_amt_fen": 14_56,
    "inscp_scp_amt_fen": 1_200_00,
    "act_pay_dedc_fen": 0,
    "hifp_pay_fen": 900_00,
    "fund_pay_sumamt_fen": 900_00,
    "acct_pay_fen": 200_00,
    "acct_mulaid_pay_fen": 0,
    "psn_cash_pay_fen": 134_56,
    "hosp_part_amt_fen": 0,
    "balc_fen": 55_00,
}
BIG = SPLIT | {
    "medfee_sumamt_fen": 9_876_543_21,
    "fund_pay_sumamt_fen": 9_000_000_00,
    "acct_pay_fen": 76_543_21,
    "hosp_part_amt_fen": 100_000_00,
    "psn_cash_pay_fen": 700_000_00,
}
STAY = SPLIT | {
    "medfee_sumamt_fen": 10_000_00,
    "fund_pay_sumamt_fen": 7_820_00,
    "acct_pay_fen": 0,
    "psn_cash_pay_fen": 2_180_00,
}
DEPOSIT = {
    "deposit_fen": 3_000_00,
    "used_fen": 2_180_00,
    "refund_fen": 820_00,
    "collect_fen": 0,
    "arrears_fen": 0,
}
DEPOSITED = [
    ["slip.bill_no", "D-20261121-0003"],
    ["slip.deposit_now", "3000.00"],
    ["slip.deposit_amt", "5000.00"],
    ["slip.arrears_amt", "1234.56"],
]
SLIP = [
    ["slip.bill_no", "B-20261121-0017"],
    ["slip.medfee_sumamt", "1234.56"],
    ["slip.fund_pay_sumamt", "900.00"],
    ["slip.acct_pay", "200.00"],
    ["slip.psn_cash_pay", "134.56"],
    ["slip.balc", "55.00"],
]
OFFLINE: dict[str, Any] = {
    "net": "down",
    "waiting": 3,
    "offline": {
        "profile": "P1",
        "left_count": 97,
        "left_fen": 4_588_00,
        "left_hours": 21,
        "left_minutes": 21 * 60,
        "warn": "",
        "ended": "",
    },
}


def nearly(**changes: Any) -> dict[str, Any]:
    """Offline, and something comes to its end, or has."""
    return OFFLINE | {"offline": OFFLINE["offline"] | changes}


SOON = nearly(left_hours=0, left_minutes=47, warn="time")
OVER = nearly(left_hours=0, left_minutes=0, ended="hours")
PEOPLE = [
    {"value": str(i), "name": n, "relation": r}
    for i, (n, r) in enumerate(
        [
            ("张*", "本人"),
            ("李*华", "配偶"),
            ("张*明", "子女"),
            ("张*", "父母"),
            ("欧阳*兰", "父母"),
            ("王*", "兄弟"),
        ]
    )
]
CONFIRM: dict[str, Any] = {
    "kind": "settle",
    "amount_fen": 1_234_56,
    "person": "张*",
    "split": SPLIT,
    "mode": "online",
    "asks": "online.1",
    "estimate": False,
}

CHOICES: list[dict[str, Any]] = [
    {"value": "auto", "what": "auto", "fen": 334_56, "now": True},
    {"value": "own", "what": "own", "fen": 200_00},
    {"value": "r0", "what": "relative", "name": "李*华", "relation": "配偶", "scope": "pool", "fen": 134_56},
    {"value": "r1", "what": "relative", "name": "欧阳*兰", "relation": "外祖父母", "scope": "province", "fen": 99_99},
    {"value": "wallet", "what": "wallet", "fen": 88_00},
    {"value": "none", "what": "none", "fen": 0},
    {"value": "way:cash", "what": "cash", "fen": 0, "now": True},
    {"value": "way:onecode", "what": "onecode", "fen": 0},
    {"value": "way:credit", "what": "credit", "fen": 4_865_44, "due": "2026-12-30"},
]  # fmt: skip
CHOICES = [
    {"name": "", "relation": "", "scope": "", "due": "", "now": False} | one for one in CHOICES
]
LATER = {"way": "credit", "due": "2026-12-30", "choice": True}

ALONE = dict.fromkeys(SPLIT, 0) | {
    "medfee_sumamt_fen": 110_00,
    "inscp_scp_amt_fen": 110_00,
    "acct_pay_fen": 110_00,
    "balc_fen": 190_00,
}
PRICES: list[dict[str, Any]] = [
    {
        "fixmedins_code": f"P5101000000{at}",
        "fixmedins_name": name,
        "name": "阿莫西林胶囊",
        "pric": pric,
        "distance_m": away,
        "minutes": -(-away // 80),
        "cnt": cnt,
        "price_days": at,
        "stock_days": 0 if cnt else -1,
    }
    for at, (name, pric, away, cnt) in enumerate(
        [("丙药房", "22.00", 334, "12"), ("乙药房", "22.00", 445, ""), ("城东大药房", "25.50", 0, "3"),
         ("丁药房", "30.00", 575, "100"), ("戊药房", "31.00", 900, "")]
    )
]  # fmt: skip
RX_ROWS: list[dict[str, Any]] = [
    {
        "value": str(at),
        "hi_rxno": f"510100R000000000000{at}",
        "fixmedins_name": "测试人民医院",
        "prsc_time": "2026-11-18 09:00:00",
        "vali_end_time": "2026-11-21 09:00:00",
        "rx_exra_attr_code": "02",
        "drugs": names,
        "drug_cnt": len(names),
    }
    for at, names in enumerate(
        [["阿莫西林胶囊", "氨氯地平片"], ["二甲双胍缓释片"], ["阿托伐他汀钙片"], ["维生素片"], ["布洛芬缓释胶囊"]]
    )
]
RX: dict[str, Any] = {
    "hi_rxno": "510100R0000000000001",
    "fixmedins_name": "测试人民医院",
    "dept": "心内科",
    "doctor": "王医生",
    "person": "张*",
    "prsc_time": "2026-11-18 09:00:00",
    "vali_end_time": "2026-11-21 09:00:00",
    "attr": "02",
    "diagnoses": ["高血压"],
    "drugs": [
        {
            "med_list_codg": f"SYN-{name}",
            "drug_genname": name,
            "drug_cnt": "2",
            "drug_dosunt": "盒",
            "drug_spec": "0.25g*24",
            "sin_doscnt": "1",
            "sin_dosunt": "片",
            "used_frqu_name": "每日三次",
            "medc_way_dscr": "口服",
            "medc_days": "7",
        }
        for name in ("阿莫西林胶囊", "氨氯地平片", "二甲双胍缓释片", "阿托伐他汀钙片", "维生素片")
    ],
}

CAPS: dict[str, tuple[str, int, dict[str, Any]]] = {
    f"refused-cap-{cap}": (
        "refused",
        60_000,
        {
            "code": "offline_caps",
            "next_steps": ["wait_network", "pay_full", "ask_staff"],
            "detail": {"cap": cap, "limit": 1},
        }
        | OVER,
    )
    for cap in limits.CAPS
}

PASSWORD = {"person": "张*", "limit_fen": 50_000_00, "digits": 6, "tries_left": 3, "problem": None, "what": ""}

NEW = PASSWORD | {"limit_fen": 0, "what": "new"}

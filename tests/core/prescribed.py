"""A signed prescription for the person of `kit`, and what a centre tells about it."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.suites import sm2
from tests.flows.kit import PERSON

RXNO = "510100R0000000000001"
FORMS: dict[str, Any] = {
    "hiRxno": RXNO,
    "data": {
        "hospRxno": "RX-1",
        "prscTime": "1970-01-10 08:00:00",
        "valiEndTime": "2099-01-13 08:00:00",
        "rxExraAttrCode": "02",
    },
    "mdtrtinfo": {"fixmedinsCode": "H51010000008", "psnNo": PERSON["psn_no"], "prscDrName": "王医生"},
    "rxdrugdetail": [{"medListCodg": "A1", "drugGenname": "阿莫西林", "drugCnt": "2"}],
    "diseinfo": [{"diagName": "高血压"}],
}
DOCUMENT = msgspec.json.encode(FORMS)
PRIVATE, PUBLIC = sm2.generate()
TAKEN = {
    "hiRxno": RXNO,
    "rxFile": DOCUMENT,
    "signDigest": sm2.sign(PRIVATE, DOCUMENT),
    "public": PUBLIC,
}
LISTED = {
    "rx": [
        {
            "hiRxno": RXNO,
            "fixmedinsName": "测试人民医院",
            "prscTime": FORMS["data"]["prscTime"],
            "valiEndTime": FORMS["data"]["valiEndTime"],
            "rxExraAttrCode": "02",
            "drugs": ["阿莫西林"],
            "drugCnt": 1,
        }
    ]
}
TOLD: dict[str, dict[str, Any]] = {
    "rx.list": LISTED,
    "rx.take": TAKEN,
    "rx.review": {},
    "rx.free": {},
}

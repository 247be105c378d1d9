"""What a HIS says to the terminal in the words of the national library."""

import msgspec

from edge.http import nation
from edge.http.bodies import decode

MAX_BYTES = 4_096
KINDS = (nation.Asked, nation.Check, nation.Notify)


def seeds() -> list[bytes]:
    auth = b'{"orgId":"H1","transType":"cn.nhsa.ec.auth","data":{"businessType":"01301","outBizNo":"1"}}'
    notify = (
        b'{"orgId":"H1","transType":"cn.nhsa.settle.notify","data":{"medicalSettleState":"SUCCESS",'
        b'"totalFee":"1.00","drugList":[{"ITEM_NO":"1"}]},"extra":{}}'
    )
    return [auth, notify, b"{}", b'{"orgId":1}']


def eat(data: bytes) -> None:
    message = decode(data, nation.Message)
    for kind in KINDS:
        try:
            msgspec.convert(message.data, kind, strict=True)
        except msgspec.ValidationError:
            continue
    nation._notify(message)

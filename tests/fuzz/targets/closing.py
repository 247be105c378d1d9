"""What the centre reads in an opened body: the plan, the estimate, the sums, a closing's words."""

from edge.core.types import Settings
from edge.wire import record
from edge.wire.cbor import dumps
from sim.centre import bodies
from sim.centre.deciding import closings, quoting
from sim.fire.drafts import Drafts

MAX_BYTES = 6_000
SETTINGS = Settings("t-0001", "H51010000001", "测试诊所", "510100", "terminal", "自助终端")


def seeds() -> list[bytes]:
    body = Drafts(SETTINGS, bytes(32)).next().body
    identity = {**body["identity"], "template": b""}
    said = {
        "task_id": "T1", "task_kind": "difference", "epoch": 1, "seq": 3, "record": "00",
        "how": "refunded", "amount": "1.00", "operator": "op", "note": "",
    }  # fmt: skip
    call = {**body["plan"][0], "infno": "close", "input": {"data": said}}
    settle = body | {"identity": identity}
    return [dumps(settle), dumps(settle | {"kind": "close_task", "plan": [call]}), dumps({"plan": []})]


def eat(data: bytes) -> None:
    body = bodies.parse(record.plain_map(data, max_bytes=MAX_BYTES))
    bodies.estimate(body)
    quoting.total_fen(body)
    closings.read(body)

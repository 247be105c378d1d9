"""What a phone orders and what a courier reports, as the order hub reads it."""

import msgspec

from edge.errors import EdgeError
from sim.centre.purchases import door, hub

MAX_BYTES = 4_096


def seeds() -> list[bytes]:
    wish = (
        b'{"psn_no":"P1","fixmedins_code":"P51010000001","city":"510100","address":"Road 1, 2-301",'
        b'"receiver":"x","tel":"1","by":"face","items":[{"code":"A1","name":"y","cnt":2,"price_fen":100}]}'
    )
    report = b'{"order_no":"PH0000000001","what":"sign","courier":"c","signature":"x"}'
    phone = wish.replace(b'"psn_no":"P1"', b'"code":"C1"').replace(b',"by":"face"', b"")
    withdrawal = b'{"code":"C1","order_no":"PH0000000001"}'
    return [wish, report, phone, withdrawal, b"{}", wish[:-9]]


def eat(data: bytes) -> None:
    for kind in (hub.Wish, hub.Report, door.Phone, door.Withdrawal):
        try:
            said = hub.read(data, kind)
        except EdgeError as error:
            last = error
            continue
        assert hub.read(msgspec.json.encode(said), kind) == said
        return
    raise last

"""What a phone orders and what a courier reports, as the order hub reads it."""

import msgspec

from edge.errors import EdgeError
from sim.centre.purchases import hub

MAX_BYTES = 4_096


def seeds() -> list[bytes]:
    wish = (
        b'{"psn_no":"P1","fixmedins_code":"P51010000001","city":"510100","address":"Road 1, 2-301",'
        b'"receiver":"x","tel":"1","by":"face","items":[{"code":"A1","name":"y","cnt":2,"price_fen":100}]}'
    )
    report = b'{"order_no":"PH0000000001","what":"sign","courier":"c","signature":"x"}'
    return [wish, report, b"{}", wish[:-9]]


def eat(data: bytes) -> None:
    try:
        said: hub.Wish | hub.Report = hub.read_wish(data)
    except EdgeError:
        said = hub.read_report(data)
    again = msgspec.json.encode(said)
    assert (hub.read_wish if isinstance(said, hub.Wish) else hub.read_report)(again) == said

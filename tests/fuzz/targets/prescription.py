"""A prescription as it comes from a hospital, before and after the signature was looked at; and the list
of them that a centre tells."""

import msgspec

from edge.core import prescription
from edge.core.visit.settle.dispensing import Offered
from edge.errors import EdgeError

MAX_BYTES = 8_192
SEED = (
    b'{"hiRxno":"510100R1","data":{"hospRxno":"R1","prscTime":"2026-11-18 08:00:00",'
    b'"valiEndTime":"2026-11-21 08:00:00","rxExraAttrCode":"01"},"mdtrtinfo":{"fixmedinsCode":"H1",'
    b'"psnNo":"P1"},"rxdrugdetail":[{"medListCodg":"A1","drugGenname":"x","drugCnt":"2"}],'
    b'"diseinfo":[{"diagName":"y"}]}'
)


def seeds() -> list[bytes]:
    return [SEED, SEED.replace(b'"2"', b'"2.5"'), b"{}", SEED[:-20]]


def eat(data: bytes) -> None:
    try:
        rows = msgspec.json.decode(data, type=list[Offered])
        assert all(len(one.hi_rxno) <= 64 for one in rows)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    found = prescription.read(data)
    left = prescription.amounts(found)
    assert left and all(count >= 0 for count in left.values())
    assert prescription.until(found).tzinfo is None
    try:
        assert prescription.read(msgspec.json.encode(found)) == found
    except EdgeError as error:
        raise AssertionError(error) from error

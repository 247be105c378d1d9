"""The clearing bank's daily file: it comes from outside and money is compared by it."""

from sim.bank import clearing
from sim.bank.clearing import File, Row

MAX_BYTES = 2_048


def seeds() -> list[bytes]:
    rows = (Row("P1", "capture", 190_00), Row("P1", "refund-R1", -40_00))
    return [clearing.write(File("H51010000001", "20261118", rows)), clearing.write(File("", "", ()))]


def eat(data: bytes) -> None:
    file = clearing.read(data)
    assert clearing.read(clearing.write(file)) == file
    assert clearing.differences(file.rows, file) == ()

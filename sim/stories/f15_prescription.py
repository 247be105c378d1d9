"""F15 电子处方流转."""

from __future__ import annotations

from sim.centre.books.people import PersonSpec
from sim.prescriber import Prescriber
from sim.stage import Counter, Town, bill
from sim.stories.tell import Role, Tell

TITLE = (
    "电子处方：医院开方签名，药店验签、药师审方、只取一次",
    "Prescription: a hospital signs, the pharmacy checks it, its pharmacist reviews, dispensed once",
)
WANG = Role(PersonSpec("SYN-W", "王测试", balance_fen=500_00, cards=(("CW", "03"),)), "王女士", "Ms Wang")
PLACES = {
    "east": {"fixmedins_code": "P51010000001", "fixmedins_name": "城东药房", "level": "pharmacy"},
    "west": {"fixmedins_code": "P51010000002", "fixmedins_name": "城西药房", "level": "pharmacy"},
}
DRUGS, BAG = "SYN-A-0001 2; SYN-B-0001 1", "SYN-A-0001 40.00; SYN-B-0001 30.00"


def play(tell: Tell) -> None:
    """Written, chosen, reviewed, dispensed; the second pharmacy."""
    with tell.town("2026-11-18 09:00", [WANG], PLACES) as town:
        sold(tell, town)


def sold(tell: Tell, town: Town, *, main: bool = True) -> str:
    """The whole way; the number of the prescription."""
    hospital, east, west = Prescriber(town.centre, town.now), town.desks["east"], town.desks["west"]
    tell.does("测试人民医院的王医生给王女士开方，用医院的SM2密钥签名",
              "A doctor of the hospital writes for Ms Wang; the hospital signs with its SM2 key")  # fmt: skip
    rxno = hospital.write("RX-1", WANG.spec, DRUGS)
    tell.comes(east, bill("prescription", "B1", BAG), WANG)
    tell.sees(east, "prescriptions")
    east.press("choose", "0")
    tell.sees(east, "review", main=main)
    tell.does("赵药师审方通过", "The pharmacist Zhao agrees")
    reviewed(east, "B1")
    tell.confirms(east)
    told = hospital.ask("D007", rxno)
    tell.holds("医院查到：已在城东药房取药", "the hospital is told where it was dispensed",
               (told["fixmedinsName"], told["setlId"]) == ("城东药房", east.of("B1").setl_id))  # fmt: skip
    tell.comes(west, bill("prescription", "B2", BAG, rxno=rxno), WANG)
    tell.refused(west, "rx_dispensed")
    tell.does("顾客退药，处方回到可取", "The sale is undone: the prescription may be dispensed again")
    east.undo("B1")
    tell.comes(west, bill("prescription", "B3", BAG, rxno=rxno), WANG)
    reviewed(west, "B3")
    tell.confirms(west)
    tell.holds("在城西药房取药", "dispensed at the other pharmacy",
               hospital.ask("D007", rxno)["fixmedinsName"] == "城西药房")  # fmt: skip
    return rxno


def reviewed(desk: Counter, number: str) -> None:
    """The pharmacist's word, by the HIS."""
    desk.review(desk.of(number).bill_id)
    desk.serve()

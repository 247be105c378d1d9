"""F18 门诊慢特病 跨省."""

from __future__ import annotations

from edge.core.types import Bill
from edge.core.wishes import Away
from sim.centre.books import entitlements
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "门诊慢特病跨省：同一张单子，11月30日不行，12月1日可以",
    "Chronic disease across provinces: the same bill is refused on 30 November and settled on 1 December",
)
CHEN = Role(
    PersonSpec("SYN-C", "陈测试", insuplc_admdvs="500100", age=58, cards=(("CC", "03"),)),
    "重庆参保的陈先生", "Mr Chen, insured in Chongqing,",
)  # fmt: skip
PLACES = {"hospital": {"fixmedins_code": "H51010000002", "level": "l2"}}


def play(tell: Tell) -> None:
    """Not recognised, not filed, not open, settled."""
    with tell.town("2024-11-20 09:00", [CHEN], PLACES) as town:
        desk = town.desks["hospital"]
        tell.comes(desk, _bill("B1"), CHEN)
        tell.refused(desk, "disease_not_recognised")
        tell.does("重庆的医院认定了他的慢阻肺", "A hospital in Chongqing recognises his disease (COPD)")
        desk.at_centre(entitlements.recognise, "SYN-C", "M05300", "2024-01-01", "2025-12-31")
        filing = bill("file_away", "F1", away=Away("510100", "1", "2024-11-20", ""))
        tell.pays(desk, filing, CHEN)
        number = dict(desk.of("F1").slip)["slip.trt_dcla_detl_sn"]
        tell.holds("在终端上办好异地备案", f"filed at the terminal: {number}", number.startswith("510100B"))

        tell.day(town, "2024-11-30 10:00")
        tell.comes(desk, _bill("B2"), CHEN)
        tell.refused(desk, "disease_not_open", main=True)

        tell.day(town, "2024-12-01 10:00")
        tell.pays(desk, _bill("B3"), CHEN)
        paid = desk.paid("B3")
        tell.holds("重庆的起付线200，300元×76%由统筹付228元",
                   "Chongqing's deductible ¥200, 76 % of the other ¥300: the fund pays ¥228",
                   (paid["act_pay_dedc"], paid["hifp_pay"]) == (200_00, 228_00))  # fmt: skip


def _bill(number: str) -> Bill:
    return bill("chronic", number, "SYN-A-0001 500.00", dise_codg="M05300", dise_name="慢阻肺")

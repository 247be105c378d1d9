"""F19 跨省住院: 急诊入院、家属补备案、直接结算 (S3)."""

from __future__ import annotations

from edge.core.types import Admission, Away
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "跨省住院：半夜急诊入院，儿子出院前补办备案，直接结算",
    "Across provinces: admitted at night, filed by the son before the discharge, settled directly",
)
ZHOU = Role(
    PersonSpec("SYN-O", "周测试", age=68, psn_type="1201", cards=(("CO", "03"),)),
    "成都参保的周大爷", "old Mr Zhou, insured in Chengdu,",
)  # fmt: skip
SON = Role(
    PersonSpec("SYN-S", "周测试", age=40, cards=(("CS", "03"),), relatives=(("SYN-O", "父母"),)),
    "他的儿子", "his son",
)  # fmt: skip
PLACES = {"ward": {"fixmedins_code": "H50010000009", "level": "l3", "admdvs": "500100"}}
FEES = "SYN-B-0001 1000.00; SYN-A-0001 9800.00"


def play(tell: Tell) -> None:
    """Chongqing's ward, Chengdu's rules, a filing that counts from the day of the admission."""
    with tell.town("2026-11-10 02:00", [ZHOU, SON], PLACES, region="500100") as town:
        desk = town.desks["ward"]
        stay = Admission("ZY1", "3床", "急性心肌梗死")
        tell.pays(desk, bill("admit", "A1", admission=stay, med_type="24", dept_name="心内科"), ZHOU)
        told = dict(desk.of("A1").slip)
        tell.holds("入院不等备案，凭条提醒出院前补办", "no filing is asked at night; the slip says: before the discharge",
                   told["slip.file_before_discharge"] == "500100")  # fmt: skip
        tell.day(town, "2026-11-14 10:00")
        more = {"mdtrt_id": desk.of("A1").mdtrt_id, "med_type": "24", "acct_used_flag": "0"}
        tell.comes(desk, bill("inpatient", "S1", FEES, **more), ZHOU)
        tell.refused(desk, "not_filed")
        away = Away("500100", "3", "2026-11-10", "2026-12-31")
        tell.pays(desk, bill("file_away", "F1", away=away), SON, whom="1")
        tell.day(town, "2026-11-16 11:00")
        tell.comes(desk, bill("inpatient", "S2", FEES, **more), ZHOU)
        tell.confirms(desk, main=True)
        tell.holds("重庆的目录（乙类先付20%），成都的起付线和比例（88%×0.9）：统筹付7761.60元",
                   "Chongqing's catalogue (20 % first), Chengdu's deductible and rate (88 % x 0.9): ¥7,761.60",
                   desk.paid("S2")["hifp_pay"] == 7_761_60)  # fmt: skip
        month = {"trt_year": "2026", "trt_month": "11", "startrow": "1"}
        _, listed = desk.device.ask("3260", {"data": month}, now=desk.now.utc_ms)
        rows = [(row["insuplc_admdvs"], row["optins_pay_sumamt"]) for row in listed["detail"]]
        tell.holds("重庆垫付，成都来清算（3260）", "advanced by Chongqing, owed by Chengdu (3260)",
                   rows == [("510100", "7761.60")])  # fmt: skip

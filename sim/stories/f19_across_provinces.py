"""F19 跨省直接结算."""

from __future__ import annotations

from edge.core.types import Json
from edge.core.wishes import Away
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, bill
from sim.stories.tell import Role, Tell

TITLE = (
    "跨省直接结算：重庆参保在成都就医，两地基金之间清算",
    "Across provinces: insured in Chongqing, treated in Chengdu, cleared between the two funds",
)
CHEN = Role(
    PersonSpec(
        "SYN-C", "陈测试", insuplc_admdvs="500100", balance_fen=60_00, cards=(("CC", "03"),),
        year=2026, accumulated={"outpatient_dedc_fen": 200_00},
    ),
    "重庆参保的陈先生", "Mr Chen, insured in Chongqing,",
)  # fmt: skip
PLACES = {
    "hospital": {"fixmedins_code": "H51010000002", "level": "l2"},
    "pharmacy": {"fixmedins_code": "P51010000001", "level": "pharmacy"},
}
MONTH = {"trt_year": "2026", "trt_month": "11"}


def play(tell: Tell) -> None:
    """Unfiled, filed, at the pharmacy; then 3260 to 3262."""
    with tell.town("2026-11-18 09:00", [CHEN], PLACES) as town:
        desk, sale = town.desks["hospital"], town.desks["pharmacy"]
        tell.pays(desk, bill("settle", "B1", "SYN-S-0001 300.00; SYN-B-0001 100.00"), CHEN, main=True)
        tell.holds("成都的目录，重庆的比例，未备案再乘0.8：370元付177.60元",
                   "Chengdu's catalogue, Chongqing's rate, x 0.8 unfiled: ¥177.60 of ¥370",
                   desk.paid("B1")["hifp_pay"] == 177_60)  # fmt: skip
        tell.pays(desk, bill("file_away", "F1", away=Away("510000", "2", "2026-11-18")), CHEN)
        tell.pays(desk, bill("settle", "B2", "SYN-A-0001 100.00"), CHEN)
        tell.holds("备案后不打折：60元", "filed: the whole 60 %", desk.paid("B2")["hifp_pay"] == 60_00)
        tell.pays(sale, bill("pharmacy", "P1", "SYN-A-0001 50.00"), CHEN)
        tell.holds("药店也一样", "at the pharmacy as well", sale.paid("P1")["hifp_pay"] == 30_00)

        tell.does("月底清算：列出在这家医院垫付的钱（3260）",
                  "End of the month: what was advanced at this hospital is listed (3260)")  # fmt: skip
        rows = _ask(desk, "3260", startrow="1")["detail"]
        sums = sorted(row["optins_pay_sumamt"] for row in rows)
        tell.holds("两笔：177.60、60.00", "two: 177.60 and 60.00", sums == ["177.60", "60.00"])
        tell.does("重庆确认并付款（3261）", "Chongqing confirms and pays (3261)")
        _ask(desk, "3261", detail=rows)
        tell.holds("两地账目相等", "the two funds agree",
                   desk.balance("clear:500100") == -237_60
                   and desk.balance("advance:510100") == 237_60)  # fmt: skip
        tell.does("已清算的单子，医院不能再撤销", "What is cleared cannot be undone by the hospital")
        desk.undo("B2")
        refusal = desk.of("B2").refusal
        tell.holds("撤销被拒：已清算", "the cancel is refused: cleared",
                   refusal is not None and refusal.code == "rejected_cleared")  # fmt: skip


def _ask(desk: Counter, infno: str, **more: object) -> Json:
    return desk.device.ask(infno, {"data": MONTH | more}, now=desk.now.utc_ms)[1]

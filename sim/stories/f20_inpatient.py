"""F20 住院全场景: 产科床旁结算 (S2)."""

from __future__ import annotations

from edge.core.types import Admission, Bill
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "住院：入院登记、预交金、产科床旁结算、退还多交的预交金",
    "In hospital: admission, deposit, settlement at the bedside, the rest of the deposit comes back",
)
LACKS = "maternity insurance (med_type 52) has rules that nobody here knows: an ordinary stay (21)"
MEI = Role(
    PersonSpec("SYN-M", "梅测试", age=31, gend="2", cards=(("CM", "03"),)),
    "待产的梅女士", "Ms Mei, who expects a child,",
)  # fmt: skip
LUO = Role(
    PersonSpec("SYN-F", "罗测试", age=33, cards=(("CF", "03"),), relatives=(("SYN-M", "配偶"),)),
    "她的丈夫", "her husband",
)  # fmt: skip
PLACES = {
    "ward": {"fixmedins_code": "H51010000003", "level": "l3"},
    "other": {"fixmedins_code": "H51010000004", "level": "l2"},
}


def play(tell: Tell) -> None:
    """Admitted, paid in by her husband, settled in bed, undone and settled anew."""
    with tell.town("2026-11-18 09:00", [MEI, LUO], PLACES) as town:
        desk, other = town.desks["ward"], town.desks["other"]
        stay = Admission("ZY001", "12床", "孕39周 待产", "罗测试", "13000000000")
        tell.pays(desk, bill("admit", "A1", admission=stay, med_type="21", dept_name="产科"), MEI, by="code")
        mdtrt_id = desk.of("A1").mdtrt_id
        tell.comes(other, bill("admit", "X1", admission=Admission("ZY9"), med_type="21"), MEI)
        tell.confirms(other, "refused", code="rejected_in_hospital_elsewhere")
        tell.pays(desk, Bill("deposit", "D1", 3_000_00, mdtrt_id=mdtrt_id), LUO, whom="1")
        tell.holds("押在她这次住院名下：3000元", "held for her stay: ¥3,000",
                   desk.balance(f"deposit:H51010000003:{mdtrt_id}") == 3_000_00)  # fmt: skip

        tell.day(town, "2026-11-22 15:00")
        tell.does("母女平安，护士推着终端到12床", "Mother and child are well; a nurse brings the terminal to bed 12")
        last = bill("inpatient", "S1", "SYN-A-0001 10000.00", mdtrt_id=mdtrt_id, acct_used_flag="0")
        tell.comes(desk, last, MEI)
        tell.confirms(desk, main=True)
        tell.holds("起付线800元，三级医院85%：统筹付7820元", "deductible ¥800, 85 % at a tertiary hospital: the fund pays ¥7,820",
                   desk.paid("S1")["hifp_pay"] == 7_820_00)  # fmt: skip
        money = desk.of("S1").deposit
        tell.holds("本人2180元从预交金里出，退820元", "her ¥2,180 come out of the deposit, ¥820 come back",
                   money is not None and (money.used_fen, money.refund_fen) == (2_180_00, 820_00))  # fmt: skip
        tell.holds("预交金账户归零", "nothing is left on the deposit's account",
                   desk.balance(f"deposit:H51010000003:{mdtrt_id}") == 0)  # fmt: skip

        tell.does("护士发现少收一项，撤销结算（2305）", "A line was forgotten: the settlement is taken back (2305)")
        desk.undo("S1")
        tell.holds("预交金3000元原样恢复", "the deposit of ¥3,000 is whole again",
                   desk.balance(f"deposit:H51010000003:{mdtrt_id}") == 3_000_00)  # fmt: skip
        more = "SYN-A-0001 10000.00; SYN-C-0001 1000.00"
        again = bill("inpatient", "S2", more, mdtrt_id=mdtrt_id, acct_used_flag="0")
        tell.pays(desk, again, MEI)
        money = desk.of("S2").deposit
        tell.holds("自费1000元：还需补交180元", "¥1,000 are outside the catalogue: ¥180 still to pay",
                   money is not None and money.collect_fen == 180_00)  # fmt: skip

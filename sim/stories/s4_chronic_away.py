"""The fourth of the nine: F26 → F27 → F18 → F10."""

from __future__ import annotations

from msgspec.structs import replace

from edge.core.wishes import Away
from sim.centre.books import entitlements, wallet
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.f18_chronic import CHEN, PLACES
from sim.stories.tell import Role, Tell

TITLE = (
    "跨省慢特病：到了异地才备案，认定后结算，女儿的医保钱包付自己的部分",
    "Chronic abroad: filed only when he is there, recognised, settled, the rest from his daughter's wallet",
)
LACKS = "F26 at a town's window and F27's doctor: the filing is made at the terminal, the recognition by an office"
CHILD = Role(
    PersonSpec("SYN-D", "陈女测试", balance_fen=5_000_00, insuplc_admdvs="320500"), "女儿", "his daughter"
)
FATHER = Role(replace(CHEN.spec, relatives=(("SYN-D", "子女"),)), CHEN.zh, CHEN.en)
DISEASE = {"dise_codg": "M03900", "dise_name": "高血压"}


def play(tell: Tell) -> None:
    """Refused twice, each time with what to do; then settled."""
    with tell.town("2026-11-18 09:00", [FATHER, CHILD], PLACES) as town:
        desk = town.desks["hospital"]
        tell.comes(desk, bill("chronic", "Q1", "SYN-A-0001 500.00", **DISEASE), FATHER)
        tell.refused(desk, "disease_not_recognised")
        tell.does("重庆的认定医院认定高血压", "A recognising hospital in Chongqing says hypertension")
        desk.at_centre(entitlements.recognise, "SYN-C", "M03900", "2026-01-01", "2026-12-31")
        tell.comes(desk, bill("chronic", "Q2", "SYN-A-0001 500.00", **DISEASE), FATHER)
        shown = tell.refused(desk, "not_filed", main=True)
        tell.holds("屏幕告诉他先备案", "the screen says what to do: file first",
                   shown.fields["next_steps"][0] == "file_first")  # fmt: skip

        tell.does("他在这台终端上补办备案", "He files at this very terminal")
        yesterday = bill("file_away", "F1", away=Away("510100", "1", "2026-11-17", ""))
        tell.comes(desk, yesterday, FATHER)
        if desk.screen.name == "confirm":
            desk.press("confirm")
        tell.refused(desk, "rejected_filing_late")
        tell.pays(desk, bill("file_away", "F2", away=Away("510100", "1", "2026-11-18", "")), FATHER)

        tell.does("女儿从苏州转来500元到他的医保钱包", "His daughter sends ¥500 to his wallet from Suzhou")
        sent = desk.at_centre(wallet.send, "SYN-D", "SYN-C", 500_00, desk.now.utc_ms)
        desk.at_centre(wallet.take, sent.transfer_id, "SYN-C", desk.now.utc_ms)
        tell.pays(desk, bill("chronic", "Q3", "SYN-A-0001 500.00", **DISEASE), FATHER)
        paid = desk.paid("Q3")
        tell.holds("重庆统筹付228元，钱包付272元，他不付", "Chongqing pays ¥228, the wallet ¥272, he nothing",
                   (paid["hifp_pay"], paid["acct_mulaid_pay"]) == (228_00, 272_00)
                   and "psn_cash_pay" not in paid)  # fmt: skip

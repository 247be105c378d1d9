"""The stories of `sim/demo --story NAME`: one file for each, f10_wallet.py for F10, s6_outage.py for the
sixth of the nine.

A file has a docstring, `TITLE = (zh-CN, en)`, the people as `Role`s, the places as terminals of
`sim.stage.Town`, and `play(tell)`. It reads like a script:

    with tell.town("2026-11-18 09:00", [FATHER], PLACES) as town:
        desk = town.desks["pharmacy"]                        # a sim.stage.Counter
        tell.does("女儿转出300元", "the daughter sends ¥300")   # who does what
        tell.comes(desk, bill("pharmacy", "P1", "SYN-A-0001 400.00"), FATHER)   # bill, card, whom
        tell.sees(desk, "confirm", main=True)                # the picture that stands for the story
        tell.confirms(desk)                                  # amount, press, last screen
        tell.holds("钱包付了230元", "the wallet paid ¥230", desk.paid("P1")["acct_mulaid_pay"] == 230_00)

A promise that does not hold ends the story and the command with 1. At the end the books are read and
must be even by themselves. Exactly one screen is `main=True`: its picture is in the README. `LACKS = "…"`
says what of the DOMAIN's row is not told. The name of the file is the story's name; nothing else is to
be registered. `tests/flows/test_stories.py` plays every file.
"""

"""What a bill of a kind without money says beside its number: the forms that the HIS fills in."""

from __future__ import annotations

from msgspec import Struct


class Away(Struct, frozen=True, forbid_unknown_fields=True):
    """What a filing for another place says (2501 异地就医备案). `refl_type`: "1" referral, "2" long-term
    stay, "3" emergency; days as "2026-11-18", `enddate` "" = without end."""

    mdtrtarea_admdvs: str
    refl_type: str
    begndate: str
    enddate: str = ""
    tel: str = ""
    addr: str = ""
    diag_name: str = ""
    refl_rea: str = ""


class Activation(Struct, frozen=True, forbid_unknown_fields=True):
    """What is written on the form of an e-voucher activation (医保码激活): the name as on the card, through
    which channel it came (the centre's table), and the employer whose campaign it is."""

    psn_name: str
    channel: str = "terminal"
    employer: str = ""


class Service(Struct, frozen=True, forbid_unknown_fields=True):
    """What is wanted of the social-security card: `item` "status" or "entitlements" (card_info), `reason`
    "lost" or "broken" (card_replace)."""

    item: str = ""
    reason: str = ""


class Admission(Struct, frozen=True, forbid_unknown_fields=True):
    """What an admission says (2401 入院办理). `ipt_no` is the HIS's number of the stay, unique there; `begntime` of
    the bill is when it began, "" = now."""

    ipt_no: str
    adm_bed: str = ""
    adm_diag_dscr: str = ""
    coner_name: str = ""
    tel: str = ""


class Remit(Struct, frozen=True, forbid_unknown_fields=True):
    """To whom account money is sent. `psn_name` as the sender knows it, "" = not said."""

    psn_no: str
    psn_name: str = ""

    @property
    def shown(self) -> str:
        """As a screen may say it: 李* of 李测试."""
        return self.psn_name[:1] + "*" * max(0, len(self.psn_name) - 1)

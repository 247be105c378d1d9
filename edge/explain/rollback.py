"""Codes of a ledger that is an old or foreign copy."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-ROL-01": (
        "The controller or the TPM has seen more records than this ledger has: it is an old copy (restored, or a cloned card).",
        "Nothing new is taken and nothing is deleted. Put the newest card back. If it is lost: facepay ledger new-epoch.",
    ),
    "E-ROL-02": (
        "The controller has seen another record of this number: the ledger is a foreign copy.",
        "Nothing new is taken and nothing is deleted. Find the second terminal; then facepay ledger new-epoch.",
    ),
    "E-ROL-03": (
        "The controller or the TPM has not vouched for this ledger since the start: nothing is taken offline.",
        "Check the controller's cable. A new controller, or another TPM, is accepted as soon as the centre was heard.",
    ),
    "E-ROL-07": (
        "The TPM cannot be asked: its device or the tpm2-tools are missing. Nothing is taken offline.",
        "apt-get install tpm2-tools; ls -l /dev/tpmrm0; check [witness] tcti. It is asked again every 30 seconds.",
    ),
    "E-ROL-08": (
        "The TPM does not count: it refused, gave no answer in time, or stays where it was. Nothing is taken offline.",
        "tpm2_nvreadpublic shows [witness] index. Worn out or locked: [witness] driver = board, or facepay ledger new-epoch.",
    ),
    "E-ROL-05": ("There is no ledger file to leave behind.", "Check [store] path."),
    "E-ROL-06": (
        "The ledger has records that the centre has not answered.",
        "Export them first. If the centre has them all or they are lost: --records-are-lost.",
    ),
    "E-ROL-04": (
        "The controller's flash does not keep the number of the last record.",
        "Nothing is taken offline. Replace the controller; the centre's next word accepts it.",
    ),
}

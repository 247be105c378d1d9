"""Codes of bundles: what makes one not worth believing, and what to ask for instead."""

from __future__ import annotations

from typing import Final

_AGAIN = "Ask whoever gave it to you for the untouched file: `facepay bundle` makes it again."

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-PRF-01": ("The file is not a bundle, or it was cut off or changed on the way.", _AGAIN),
    "E-PRF-02": ("A certificate in the bundle is not readable or not of a P-256 key.", _AGAIN),
    "E-PRF-03": (
        "The centre's certificate in the bundle is not of the centre's key that you trust.",
        "Get the centre's public key from the centre itself; if it is the right one, this is a forgery.",
    ),
    "E-PRF-04": (
        "The terminal's certificate was not signed by the centre: anybody can make such a one.",
        "A forgery, or a terminal that was never enrolled at this centre.",
    ),
    "E-PRF-05": (
        "The certificate in the bundle is of another key than the terminal's key that you gave.",
        "Check that you gave this terminal's key.",
    ),
    "E-PRF-06": (
        "The bundle has no certificate of the terminal, and no key was given.",
        "Give it: facepay verify BUNDLE --centre-key FILE --terminal-key FILE.",
    ),
    "E-PRF-07": (
        "There is no signed record of this bill (yet).",
        "Bundles are of records: wait until the bill is working, provisional or decided.",
    ),
    "E-PRF-08": (
        "This terminal does not know such a bill or record (any more).",
        "Old records are pruned after receipt and reconciliation: the centre still has them.",
    ),
    "E-PRF-09": ("A part of the bundle cannot be read.", _AGAIN),
    "E-PRF-10": (
        "The record is not what the terminal signed: it was changed, or another key signed it.",
        "A forgery, or the wrong terminal key was given.",
    ),
    "E-PRF-11": (
        "The record was written in the name of another terminal than the certificate's.",
        "A certificate was put beside a record that is not its own.",
    ),
    "E-PRF-12": (
        "The terminal's certificate did not count at the moment of the record.",
        "Ask the centre whether the terminal was enrolled then.",
    ),
    "E-PRF-13": (
        "What the bundle shows of the transaction is not what was signed.",
        "Amounts, person, consent or verdict were changed after the signature. A forgery.",
    ),
    "E-PRF-21": (
        "The limits in the bundle were not signed by the centre.",
        "A forged policy document.",
    ),
    "E-PRF-22": (
        "The limits in the bundle are not those that the record was made under.",
        "Another policy document was put in. Ask for the one with the hash in the record.",
    ),
    "E-PRF-23": (
        "The limits are for another terminal, or of a version that this program cannot read.",
        "Use the newest facepay; if it stays, the wrong policy document was put in.",
    ),
    "E-PRF-24": (
        "The limits did not count at the moment of the record.",
        "The terminal acted on an expired policy, or its clock was wrong beyond what it said.",
    ),
    "E-PRF-25": (
        "The record goes beyond the limits it was made under.",
        "The centre should have refused it; ask the centre.",
    ),
    "E-PRF-26": (
        "The liveness check did not pass its own threshold.",
        "A face was accepted that should not have been; ask the maker of the terminal.",
    ),
    "E-PRF-27": (
        "A face was used without a recorded consent.",
        "The institution must show another legal ground, or erase.",
    ),
    "E-PRF-28": (
        "The liveness threshold was not the one of the signed limits.",
        "The terminal did not obey its policy.",
    ),
    "E-PRF-30": (
        "A decision is claimed, but the centre's receipt is missing.",
        "Without the receipt nobody can know that the centre decided so.",
    ),
    "E-PRF-31": (
        "The receipt does not prove its line of the log with the centre's signature.",
        "A forged or damaged receipt, or the wrong centre key was given.",
    ),
    "E-PRF-32": (
        "The receipt is genuine, but of another record.",
        "Somebody put a receipt beside a record that it does not belong to.",
    ),
    "E-PRF-33": (
        "The outcome that is claimed is not the one in the centre's log.",
        "The logged outcome counts.",
    ),
    "E-PRF-34": (
        "The details of the decision were changed: they are not those in the centre's log.",
        _AGAIN,
    ),
    "E-PRF-35": ("The sums of the decision do not add up.", "Ask the centre."),
    "E-PRF-36": (
        "The centre decided on another amount than the one that was signed.",
        "Ask the centre.",
    ),
}

"""Errors of the world, each with a stable code and a next step.

House rule: our own mistakes `assert`; what the world does wrong raises `EdgeError`; a business "no" is a value
(`core.types.Refusal`). Codes are explained offline by `facepay explain CODE` from `CODES`.
Areas: CFG configuration, CAM camera, VIS vision, BRD board, NET broker link, STO store, KEY keys, WIR wire bytes,
LOG the centre's log, POL policy, PRF bundles, HIS local API, TX transaction, SYS process.
"""

from __future__ import annotations


class EdgeError(Exception):
    """An error of the world: `code` such as "E-CAM-02", `message` for people, `hint` with the next step."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{code} {message}" + (f" ({hint})" if hint else ""))
        self.code = code
        self.message = message
        self.hint = hint

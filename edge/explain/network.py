"""Codes of the link to the broker."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-NET-01": (
        "The broker cannot be reached: no network, wrong name or nobody listening.",
        "Check cable, [broker] host and port. Work goes on within the offline policy.",
    ),
    "E-NET-02": (
        "TLS failed: a certificate is missing, expired or not believed, here or there.",
        "Check ca, cert, key and this machine's clock.",
    ),
    "E-NET-03": (
        "The broker refused this terminal.",
        "Is the terminal enrolled, and its name the CN of its certificate?",
    ),
    "E-NET-04": (
        "The connection ended.",
        "Nothing: it comes back by itself, spread over a minute.",
    ),
    "E-NET-05": (
        "The broker accepted the connection and did not answer.",
        "Nothing at the terminal; the broker is overloaded or stuck.",
    ),
    "E-NET-06": (
        "The broker refused the subscription to this terminal's own topics.",
        "The broker's ACL must allow fp/1/+/NAME/down and tell.",
    ),
    "E-NET-07": (
        "The broker fell silent.",
        "Nothing: the link is made anew. If it repeats: look at the line.",
    ),
    "E-NET-08": (
        "The broker closed the connection before it accepted it.",
        "Often a certificate it does not know, or a broker that just starts.",
    ),
    "E-NET-09": (
        "What answers there does not speak MQTT as agreed, or sent a message that is too long.",
        "Check [broker] host and port.",
    ),
}

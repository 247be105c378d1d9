"""The way to the broker, step by step: name, TCP, TLS with our certificate."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import time
from pathlib import Path

from cryptography import x509

from edge.drivers.broker import Options
from edge.drivers.broker.paho import tls_context
from edge.field.checks import FAIL, OK, WARN, Ask, Finding

NAME, AT = "broker", 70
TIMEOUT_S = 8.0
CERT_DAYS_WARN = 30


def check(ask: Ask) -> list[Finding]:
    """Connects and leaves again; says nothing to the broker."""
    assert ask.config is not None
    link = ask.config.broker
    where = f"{link.host}:{link.port}"
    start = time.monotonic()
    try:
        plain = socket.create_connection((link.host, link.port), TIMEOUT_S)
    except socket.gaierror as error:
        return [Finding(NAME, FAIL, f"the name {link.host} is not known: {error.strerror}", "E-NET-01", "check [broker] host and DNS")]
    except OSError as error:
        return [Finding(NAME, FAIL, f"{where} does not answer: {error}", "E-NET-01", "cable, router, firewall: the terminal works on without")]
    with plain:
        took_ms = (time.monotonic() - start) * 1000
        if not link.tls:
            return [Finding(NAME, OK, f"{where} answers in {took_ms:.0f} ms, without TLS")]
        return [_tls(plain, ask, where), *_certificate(link.cert)]


def _tls(plain: socket.socket, ask: Ask, where: str) -> Finding:
    assert ask.config is not None
    link = ask.config.broker
    options = Options(
        host=link.host, port=link.port, client_id=ask.config.terminal.name, subscribe=(), state_topic="",
        ca=link.ca, cert=link.cert, key=link.key,
    )  # fmt: skip
    try:
        with tls_context(options).wrap_socket(plain, server_hostname=link.host) as secure:
            return Finding(NAME, OK, f"{where} answers, {secure.version()}, its certificate is right")
    except ssl.SSLCertVerificationError as error:
        text = f"the broker's certificate is not believed: {error.verify_message}"
        return Finding(NAME, FAIL, text, "E-NET-02", "right clock? right [broker] ca? Is somebody in between?")
    except OSError as error:
        return Finding(NAME, FAIL, f"TLS with {where} fails: {error}", "E-NET-02", "is it the TLS port of the broker?")


def _certificate(path: str) -> list[Finding]:
    held = x509.load_pem_x509_certificate(Path(path).read_bytes())
    left = (held.not_valid_after_utc - dt.datetime.now(dt.UTC)).days
    if left < 0:
        return [Finding(NAME, FAIL, f"our certificate ran out {-left} days ago", "E-NET-02", "enrol the terminal again")]
    if left < CERT_DAYS_WARN:
        return [Finding(NAME, WARN, f"our certificate has {left} days left", "", "enrol the terminal again soon")]
    return []

"""The embedded broker as a process of its own: `python -m sim.net.amqtt_process CONFIG.json`.

amqtt 0.12.1, as it is, has no way to require a client certificate: its TLS listener is fixed at
CERT_OPTIONAL. The certificate is checked against our CA when it is shown, and the two plug-ins
below do the rest with what amqtt offers: no certificate, or one whose CN is not the client id, is
refused at CONNECT; topics follow the CN. Differences that stay: a refusal comes after the
handshake, a publish that is not allowed is acknowledged and dropped (as on every 3.1.1 broker), and
everything is in memory. It prints "PORT n" when it listens.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session
from cryptography import x509
from cryptography.x509.oid import NameOID

TERMINAL_WRITES = ("up", "ask", "state")
TERMINAL_READS = ("down", "tell")
TOPIC_PARTS = 5  # fp/1/{shard}/{terminal}/{what}


class CertificateNames(BaseAuthPlugin):  # type: ignore[misc]
    """A session needs a certificate of our CA whose CN is its client id; the CN becomes the user
    name."""

    async def authenticate(self, *, session: Session) -> bool | None:
        shown = session.ssl_object.getpeercert(binary_form=True) if session.ssl_object else None
        if not shown:
            return False
        names = x509.load_der_x509_certificate(shown).subject.get_attributes_for_oid(
            NameOID.COMMON_NAME
        )
        session.username = str(names[0].value) if names else None
        session.is_anonymous = False
        return session.username is not None and session.username == session.client_id

    @dataclass
    class Config:
        """No options."""


class Everybody(BaseAuthPlugin):  # type: ignore[misc]
    """Without TLS (loopback lab only): the client id is believed."""

    async def authenticate(self, *, session: Session) -> bool | None:
        session.username = session.client_id
        session.is_anonymous = True
        return True

    @dataclass
    class Config:
        """No options."""


class OwnTopics(BaseTopicPlugin):  # type: ignore[misc]
    """The pattern ACL of PROTOCOL.md: a terminal writes and reads its own topics only, the centre
    all."""

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool | None:
        user = session.username if session else None
        if user is None or topic is None:
            return False
        if user in self.config.all_topics.split(","):
            return True
        parts = topic.split("/")
        if len(parts) != TOPIC_PARTS or parts[:2] != ["fp", "1"] or parts[3] != user:
            return False
        return parts[4] in (TERMINAL_WRITES if action == Action.PUBLISH else TERMINAL_READS)

    @dataclass
    class Config:
        """`all_topics`: names that may do everything, separated by commas."""

        all_topics: str = "centre"


def broker_config(options: dict[str, Any]) -> dict[str, Any]:
    """amqtt's own configuration from ours: port, tls, ca, cert, key, all_topics."""
    listener: dict[str, Any] = {"type": "tcp", "bind": f"127.0.0.1:{options['port']}"}
    if options["tls"]:
        listener |= {
            "ssl": True,
            "cafile": options["ca"],
            "certfile": options["cert"],
            "keyfile": options["key"],
        }
    who = "CertificateNames" if options["tls"] else "Everybody"
    return {
        "listeners": {"default": listener},
        "plugins": {
            f"sim.net.amqtt_process.{who}": {},
            "sim.net.amqtt_process.OwnTopics": {"all_topics": options["all_topics"]},
        },
    }


async def serve(options: dict[str, Any]) -> None:
    """Run until SIGTERM."""
    broker = Broker(broker_config(options))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await broker.start()
    # amqtt does not tell the port it was given.
    server: Any = broker._servers["default"].instance  # noqa: SLF001
    print(f"PORT {server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    await broker.shutdown()


def main() -> None:
    logging.basicConfig(level=logging.ERROR)
    # What arrives on a bad handshake is the client's affair; the traceback says nothing to anybody.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))


if __name__ == "__main__":
    main()

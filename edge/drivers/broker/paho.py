"""paho-mqtt 2.2 behind a fence: a client per connection, run by one thread that alone touches it.

Why not `loop_start()` and callbacks, as everybody does: research/MQTT.md §2.2 measured what paho
does then. Each line of defence here has a test in tests/broker:

T0  its queue dies with the process -> it holds what is on the wire, no more; the ledger is the queue
T1  it keeps a publish it says it refused -> publish only on its thread, only from SUBACK to the end
T2  on reconnect it ignores every window -> no reconnect: a client lives for one connection
T2b loop_stop() can hang -> no loop_start(); our own loop, with a deadline for leaving
T3  the 65,536th message is dropped -> a named bound, far below, asserted
T4  a negative PUBACK looks published -> the reason code is read: Freed(ok=False)
T5  DUP and resends after a drop -> nothing is left to resend; the outbox does, with the same bytes
T6  back-off without jitter -> no back-off here at all
T7  a frozen peer costs 2 x keepalive -> E-NET-07; the outbox has its own, shorter, answer deadline
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.core.events import Freed, LinkLost, LinkUp
from edge.drivers.broker import (
    PAYLOAD_BYTES_MAX,
    PUBLISHES_WAITING_MAX,
    Happening,
    Message,
    Options,
    Post,
)
from edge.errors import EdgeError

POLL_MS: Final = 500  # how often deadlines are looked at; wake-ups by data are immediate
LEAVE_S: Final = 2.0  # a clean goodbye may take this long, then the socket is shut
PROTOCOLS: Final = {"3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}
PACKET_BYTES_MAX: Final = PAYLOAD_BYTES_MAX + 1024  # with its topic and properties
EARLY_MAX: Final = 64  # messages between our SUBSCRIBE and its SUBACK
FAILED: Final = 0x80  # reason and return codes from here on are refusals


class Driver:
    """`Broker` over paho. See the port for the contract."""

    def __init__(self, options: Options, post: Post) -> None:
        """E-NET-02 when the certificate files cannot be used (a start error, not an event)."""
        self._options = options
        self._post = post
        self._context = tls_context(options) if options.tls else None
        self._lock = threading.Lock()
        self._line: _Line | None = None

    def connect(self) -> None:
        with self._lock:
            if self._line is not None:
                self._line.leave()
            self._line = _Line(self._options, self._context, self._deliver)
            self._line.thread.start()

    def publish(self, topic: str, payload: bytes, token: int | None) -> None:
        assert len(payload) <= PAYLOAD_BYTES_MAX, "an envelope this large is our own mistake"
        with self._lock:
            if self._line is not None:
                self._line.publish(topic, payload, token)

    def disconnect(self) -> None:
        with self._lock:
            if self._line is not None:
                self._line.leave()

    def close(self, timeout_s: float) -> None:
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.leave()
            line.thread.join(timeout_s)

    def _deliver(self, line: _Line, happening: Happening) -> None:
        """Post what a line says; the last words of one that was given up are not for the new
        connection."""
        with self._lock:
            if line is self._line:
                self._post(happening)


def tls_context(options: Options) -> ssl.SSLContext:
    """The TLS client context: the broker proves itself to our CA, we prove ourselves by
    certificate. E-NET-02."""
    try:
        context = ssl.create_default_context(cafile=options.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if options.cert:
            context.load_cert_chain(options.cert, options.key or None)
    except (OSError, ssl.SSLError) as error:
        raise EdgeError(
            "E-NET-02",
            f"the TLS files of the broker link cannot be used: {error}",
            "check [broker] ca, cert and key; cert and key must belong together",
        ) from error
    return context


class _Line:
    """One connection, from the attempt to its end. Everything below `_run` happens on its thread
    alone."""

    def __init__(
        self,
        options: Options,
        context: ssl.SSLContext | None,
        deliver: Callable[[_Line, Happening], None],
    ) -> None:
        self._options = options
        self._deliver = deliver
        self._todo: deque[tuple[str, bytes, int | None]] = deque()
        self._leaving = threading.Event()
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._tokens: dict[int, int] = {}  # paho message id -> token of the outbox
        self._up = False
        self._ended: LinkLost | None = None
        self._tls_alert = ""
        self._early: list[Message] = []
        self._subscribed_mid: int | None = None
        self._client = self._make(context)
        self.thread = threading.Thread(target=self._run, name="broker", daemon=True)

    # -- from any thread ---------------------------------------------------------------------------
    def publish(self, topic: str, payload: bytes, token: int | None) -> None:
        if not self._up:
            return  # before LinkUp and after the end there is no connection to send it on
        assert len(self._todo) < PUBLISHES_WAITING_MAX, "the outbox must keep its window"
        self._todo.append((topic, payload, token))
        self._wake()

    def leave(self) -> None:
        self._leaving.set()
        self._wake()

    def _wake(self) -> None:
        try:
            self._wake_w.send(b"w")
        except OSError:
            pass  # full: a wake-up is pending anyway; closed: the line is over

    # -- the thread --------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            lost = self._attempt() or self._serve()
        except Exception:
            # Whatever a broker sends must end as an event, not as a dead thread that nobody waits
            # for.
            logging.getLogger("facepay.broker").exception(
                "the connection broke in a way we do not know"
            )
            lost = LinkLost(code="E-NET-09")
        self._hang_up()
        self._post(lost)

    def _post(self, happening: Happening) -> None:
        self._deliver(self, happening)

    def _attempt(self) -> LinkLost | None:
        """TCP, TLS and CONNECT; blocks this thread only, at most the connect time-out for each."""
        options = self._options
        try:
            if options.protocol == "5":
                self._client.connect(
                    options.host, options.port, options.keepalive_s, clean_start=True
                )
            else:
                self._client.connect(options.host, options.port, options.keepalive_s)
        except ssl.SSLError as error:
            return LinkLost(
                code="E-NET-02", refused=isinstance(error, ssl.SSLCertVerificationError)
            )
        except (OSError, ValueError):
            return LinkLost(code="E-NET-01")
        return None

    def _serve(self) -> LinkLost:
        """Run the connection to its end and say how it ended."""
        client, sock = self._client, self._client.socket()
        if sock is None:
            return self._why()  # it ended while CONNECT was being written
        # An envelope must not wait for the ACK of the small packet before it.
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):  # it may have ended already: the loop below says so
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poller = select.poll()  # not select(): file numbers above 1023 are legal
        handshake_until = time.monotonic() + self._options.connect_timeout_s
        leave_until: float | None = None
        while self._ended is None and client.socket() is not None:
            self._wait(poller, sock)
            if self._leaving.is_set() and leave_until is None:
                leave_until = time.monotonic() + LEAVE_S
                self._say_goodbye()
            self._send_waiting()
            client.loop_misc()
            now = time.monotonic()
            if leave_until is not None and now > leave_until:
                break  # T2b: a peer that takes no goodbye does not keep us
            if not self._up and leave_until is None and now > handshake_until:
                return LinkLost(code="E-NET-05")
        return self._why()

    def _wait(self, poller: Any, sock: Any) -> None:
        poller.register(self._wake_r, select.POLLIN)
        poller.register(sock, select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        pending = (
            sock.pending() if hasattr(sock, "pending") else 0
        )  # TLS may hold bytes that poll cannot see
        ready = dict(poller.poll(0 if pending else POLL_MS))
        if self._wake_r.fileno() in ready:
            self._wake_r.recv(4096)
        happened = ready.get(sock.fileno(), 0)
        if pending or happened & (select.POLLIN | select.POLLHUP | select.POLLERR):
            self._client.loop_read()
            # paho would collect up to 256 MB before it asks anybody; only its private state tells
            # the length.
            if self._client._in_packet["remaining_length"] > PACKET_BYTES_MAX:  # noqa: SLF001
                self._ended = LinkLost(code="E-NET-09")
        if happened & select.POLLOUT and self._client.socket() is not None:
            self._client.loop_write()

    def _send_waiting(self) -> None:
        """Hand waiting publishes to paho: only while connected, so that it can never keep one for
        later (T1)."""
        while self._todo and self._up and self._ended is None and self._client.is_connected():
            topic, payload, token = self._todo.popleft()
            info = self._client.publish(topic, payload, qos=1)
            if token is not None:
                self._tokens[info.mid] = token

    def _say_goodbye(self) -> None:
        if self._up:
            self._client.publish(self._options.state_topic, b"offline", qos=1, retain=True)
        self._client.disconnect()

    def _why(self) -> LinkLost:
        if self._leaving.is_set():
            return LinkLost(code="E-NET-04")
        if self._ended is not None and self._ended.code != "E-NET-04":
            return self._ended
        if self._tls_alert:
            return LinkLost(
                code="E-NET-02", refused=True
            )  # TLS 1.3: a refused certificate shows only after the handshake
        return LinkLost(code="E-NET-04" if self._up else "E-NET-08")

    def _hang_up(self) -> None:
        """Close what is open. The client is dropped here with all it remembers (T2, T5)."""
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        self._up = False
        self._todo.clear()
        self._tokens.clear()
        self._wake_r.close()
        self._wake_w.close()

    # -- paho's callbacks, on our thread -----------------------------------------------------------
    def _make(self, context: ssl.SSLContext | None) -> mqtt.Client:
        options = self._options
        version = PROTOCOLS[options.protocol]
        clean: dict[str, Any] = {} if version == mqtt.MQTTv5 else {"clean_session": True}
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id,
            protocol=version,
            reconnect_on_failure=False,
            **clean,
        )
        client.max_inflight_messages_set(
            0
        )  # the window is ours; paho's own would queue behind our back
        client.connect_timeout = options.connect_timeout_s
        if context is not None:
            client.tls_set_context(context)
        client.will_set(options.state_topic, b"offline", qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_log = self._on_log
        return client

    def _on_connect(
        self,
        client: mqtt.Client,
        _user: object,
        _flags: object,
        reason: ReasonCode,
        _props: Properties | None,
    ) -> None:
        if reason.value >= FAILED:
            self._ended = LinkLost(code="E-NET-03", refused=True)
            return
        _, self._subscribed_mid = client.subscribe(
            [(topic, 1) for topic in self._options.subscribe]
        )

    def _on_subscribe(
        self,
        client: mqtt.Client,
        _user: object,
        mid: int,
        reasons: list[ReasonCode],
        _props: Properties | None,
    ) -> None:
        if mid != self._subscribed_mid:
            return
        if len(reasons) != len(self._options.subscribe) or any(
            reason.value >= FAILED for reason in reasons
        ):
            self._ended = LinkLost(code="E-NET-06", refused=True)
            return
        client.publish(self._options.state_topic, b"online", qos=1, retain=True)
        self._up = True
        self._post(LinkUp())
        for message in self._early:
            self._post(message)
        self._early.clear()

    def _on_publish(
        self,
        _client: mqtt.Client,
        _user: object,
        mid: int,
        reason: ReasonCode,
        _props: Properties | None,
    ) -> None:
        token = self._tokens.pop(mid, None)
        if token is not None:
            self._post(Freed(token=token, ok=reason.value < FAILED))

    def _on_message(self, _client: mqtt.Client, _user: object, message: mqtt.MQTTMessage) -> None:
        if len(message.payload) > PAYLOAD_BYTES_MAX:
            self._ended = LinkLost(code="E-NET-09")
            return
        # amqtt 0.12.1 sends a newcomer retained messages of topics that it did not subscribe to.
        if not any(mqtt.topic_matches_sub(f, message.topic) for f in self._options.subscribe):
            return
        arrived = Message(topic=message.topic, payload=bytes(message.payload))
        if self._up:
            self._post(arrived)
        elif len(self._early) < EARLY_MAX:
            self._early.append(
                arrived
            )  # MQTT allows it before the SUBACK; nobody hears of it before LinkUp

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _user: object,
        _flags: object,
        reason: ReasonCode,
        _props: Properties | None,
    ) -> None:
        silent = "keep alive" in str(reason).lower()
        self._ended = self._ended or LinkLost(code="E-NET-07" if silent else "E-NET-04")

    def _on_log(self, _client: mqtt.Client, _user: object, _level: int, text: str) -> None:
        # The only place where paho tells why a socket broke. TLS alerts are the broker's own words
        # about our certificate.
        if "ALERT" in text and not self._up:
            self._tls_alert = text

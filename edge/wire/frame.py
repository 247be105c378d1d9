"""The frame on the cable between terminal and controller; this very file runs under CPython and
MicroPython >= 1.27.

    type:u8 flags:u8 seq:u8 ack:u8 ctr:u32 | payload <= 232 | tag:8 | crc32:u32
    in COBS, closed by a zero byte

The CRC tells line noise (count it, the sender repeats); the tag, HMAC-SHA256 cut to 8 bytes,
tells another key or a man on the cable (never repeated). `ctr` rises strictly in each direction
of a session, so an old frame is known as old. Nothing is allocated beyond ENCODED_MAX per
splitter. Whoever reads a frame gets it or a `FrameError(reason)`. Why by hand: MicroPython has
neither `hmac` nor AES-CTR; it has sha256, crc32 and AES-ECB in C.
"""

import binascii
import hashlib
import struct

PROTOCOL = 1
HEADER = "<BBBBI"
HEADER_BYTES = 8
TAG_BYTES = 8
CRC_BYTES = 4
PAYLOAD_MAX = 232
DECODED_MAX = HEADER_BYTES + PAYLOAD_MAX + TAG_BYTES + CRC_BYTES
ENCODED_MAX = DECODED_MAX + 2
RUN_MAX = 254  # of COBS
COUNTER_MAX = 0xFFFFFFFF
KEY_BYTES = 32
HASH_BLOCK = 64  # of SHA-256
NONCE_BYTES = 16
BOOT_BYTES = 8

# flags
RELIABLE = 1  # repeat until acknowledged
SECRET = 2  # the payload is encrypted

# types, below 16 the link's own, then commands to the controller, then what it reports
HELLO = 1
WELCOME = 2
STARTED = 3
BEAT = 4
ACK = 5
PING = 6  # asks for nothing but its acknowledgement
LIGHT = 16
BUZZ = 17
WITNESS = 18  # empty: what do you hold? else: hold this from now on
CHALLENGE = 19  # colours in a row, each for the same time; answered by LIT
EMIT = 20  # infrared or white flash for so long; answered by EMITTED, whatever was granted
CLEAR = 21  # forget latched tamper switches that are closed again
PRESSED = 32
CARD = 33
REFUSED = 34
WITNESSED = 35
CODE = 36
PROXIMITY = 37
TAMPER = 38
EMITTED = 39
HEALTH = 40
LIT = 41
PICTURED = 42  # an ID card whose chip has a photo: it follows in PHOTO
PHOTO = 43

# (type, name, payload, flags). Both ends compare a hash of this at HELLO, so a mismatch is said
# there, not at random.
MESSAGES = (
    (HELLO, "hello", "min:u8 max:u8 table:8 nonce:16", 0),
    (
        WELCOME,
        "welcome",
        "v:u8 table:8 host:16 nonce:16 boot:8 cause:u8 slot:u8 caps:u16 window:u16 ver:3 build:8 uid:8 board",
        0,
    ),
    (STARTED, "started", "boot:8 cause:u8", 0),
    (BEAT, "beat", "uptime:u32 noise:u16 forged:u16", 0),
    (ACK, "ack", "", 0),
    (PING, "ping", "", RELIABLE),
    (LIGHT, "light", "pattern", RELIABLE),
    (BUZZ, "buzz", "pattern", RELIABLE),
    (PRESSED, "pressed", "button", RELIABLE),
    (CARD, "card", "cert_type:2 card_no", RELIABLE | SECRET),
    (REFUSED, "refused", "type:u8 why", RELIABLE),
    (WITNESS, "witness", "epoch:u32 seq:u64 hash:32", RELIABLE),
    (WITNESSED, "witnessed", "state:u8 epoch:u32 seq:u64 hash:32", RELIABLE),
    (CHALLENGE, "challenge", "number:u16 step_ms:u16 colours", RELIABLE),
    (EMIT, "emit", "emitter:u8 ms:u16", RELIABLE),
    (CLEAR, "clear", "switches:u8", RELIABLE),
    (CODE, "code", "text", RELIABLE | SECRET),
    (PROXIMITY, "proximity", "near:u8 level:u16", RELIABLE),
    (TAMPER, "tamper", "open:u8 latched:u8", RELIABLE),
    (EMITTED, "emitted", "emitter:u8 ms:u16 why:u8", RELIABLE),
    (HEALTH, "health", "supply_mv:u16 deci_c:i16 limits:u8 free:u32 worst_ms:u16", RELIABLE),
    (LIT, "lit", "number:u16 at_us:u32*", RELIABLE),
    (PICTURED, "pictured", "card:u8 size:u16 crc:4 cert_type:2 card_no", RELIABLE | SECRET),
    (PHOTO, "photo", "card:u8 at:u8 part", RELIABLE | SECRET),
)
HELLO_FORMAT = "<BB8s16s"
WELCOME_FORMAT = "<B8s16s16s8sBBHH3s8s8s"
WELCOME_BYTES = 74
STARTED_FORMAT = "<8sB"
BEAT_FORMAT = "<IHH"
WITNESS_FORMAT = "<IQ32s"
WITNESSED_BYTES = 45
CHALLENGE_FORMAT = "<HH"  # then a byte per step, an index into COLOURS
CHALLENGE_STEPS_MAX = 16
CHALLENGE_STEP_MIN_MS = 50
CHALLENGE_STEP_MAX_MS = 2000
COLOURS = ("off", "red", "green", "blue", "yellow", "magenta", "cyan", "white")
EMIT_FORMAT = "<BH"
PROXIMITY_FORMAT = "<BH"
TAMPER_FORMAT = "<BB"
EMITTED_FORMAT = "<BHB"
HEALTH_FORMAT = "<HhBIH"
PICTURED_FORMAT = "<BH4s"  # then the card, as in CARD
PHOTO_MAX = 8192
PHOTO_PART_MAX = 180  # 240 letters of base64: a line of the reader holds 256

# bit or index -> name; both ends count from the lowest
EMITTERS = ("infrared", "white")
SWITCHES = ("case", "mount")
LIMITS = ("supply_low", "supply_high", "too_hot", "too_cold", "memory_low", "slow")
CAPS = ("infrared", "tamper", "proximity", "witness", "white", "code", "health", "challenge")

# why an emitter is granted less than was asked
GRANTED = 0
LONGEST = 1  # no single flash is longer
RESTING = 2  # it has been on for its share of the time, or was on a moment ago
NO_EMITTER = 3
EMIT_WHYS = ("granted", "longest", "resting", "no_emitter")

# states of `witnessed`
EMPTY = 0  # nothing was ever written under this pairing
HELD = 1
BEHIND = 2  # what was offered is not ahead of what is held, and is not the same
FAILED = 3  # the flash did not take it

# reasons of FrameError
NOISE = "noise"  # not COBS, or the CRC is wrong
OVERSIZED = (
    "oversized"  # more than ENCODED_MAX bytes without a zero, or a payload above PAYLOAD_MAX
)
SHORT = "short"  # a good CRC over less than a frame
FORGED = "forged"  # a good CRC and a wrong tag: another key
REPLAYED = "replayed"  # a good tag and a counter that was used
UNKNOWN = "unknown"  # a type that is not in MESSAGES
ODD = "odd"  # flags or payload do not fit the type
SPENT = "spent"  # the counter is used up: a new HELLO is needed


class FrameError(Exception):
    """What is wrong with received bytes; `reason` is one of the constants above."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Frame:
    """One decoded frame. `payload` is plain text only after `Opener.open` or `open_hello`."""

    def __init__(  # noqa: PLR0917 (by position: cheaper under MicroPython)
        self, kind: int, flags: int, seq: int, ack: int, counter: int, payload: bytes
    ) -> None:
        self.kind = kind
        self.flags = flags
        self.seq = seq
        self.ack = ack
        self.counter = counter
        self.payload = payload


def flags_of(kind: int) -> int:
    """The flags a type travels with; FrameError UNKNOWN for a type that is not in the table."""
    for number, _name, _fields, flags in MESSAGES:
        if number == kind:
            return flags
    raise FrameError(UNKNOWN)


def table_hash() -> bytes:
    """8 bytes that differ whenever the two ends were built from different message tables."""
    text = ";".join(["%d %s %s %d" % row for row in MESSAGES])  # noqa: UP031 (cheap on the board)
    digest: bytes = hashlib.sha256(text.encode()).digest()
    return digest[:8]


def cobs_encode(data: bytes) -> bytes:
    """COBS without the closing zero. By runs: seven times faster than by bytes under
    MicroPython."""
    out = bytearray()
    for part in data.split(b"\0"):
        run = part
        while len(run) >= RUN_MAX:
            out.append(RUN_MAX + 1)
            out += run[:RUN_MAX]
            run = run[RUN_MAX:]
        out.append(len(run) + 1)
        out += run
    return bytes(out)


def cobs_decode(data: bytes) -> bytes:
    """The inverse; FrameError NOISE when a run points beyond the end or holds a zero."""
    out = bytearray()
    at = 0
    size = len(data)
    while at < size:
        code = data[at]
        end = at + code
        if code == 0 or end > size:
            raise FrameError(NOISE)
        out += data[at + 1 : end]
        at = end
        if code != RUN_MAX + 1 and at < size:
            out.append(0)
    return bytes(out)


class Splitter:
    """Cuts a byte stream at zeros. Holds at most ENCODED_MAX bytes whatever arrives."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> "list[bytes | None]":
        """The packets that `data` completes, in order; None stands for one that was too long."""
        out: list[bytes | None] = []
        parts = data.split(b"\0")
        last = len(parts) - 1
        for number, part in enumerate(parts):
            if not self._skipping:
                if len(self._held) + len(part) > ENCODED_MAX:
                    self._held = bytearray()
                    self._skipping = True
                    out.append(None)
                else:
                    self._held += part
            if number != last:
                if self._held:
                    out.append(bytes(self._held))
                self._held = bytearray()
                self._skipping = False
        return out

    def held(self) -> int:
        """Bytes of an unfinished packet."""
        return len(self._held)


class Mac:
    """HMAC-SHA256 (RFC 2104) with its pads made once."""

    def __init__(self, key: bytes) -> None:
        assert len(key) <= HASH_BLOCK
        padded = key + bytes(HASH_BLOCK - len(key))
        self._inner = bytes([b ^ 0x36 for b in padded])
        self._outer = bytes([b ^ 0x5C for b in padded])

    def digest(self, message: bytes) -> bytes:
        inner = hashlib.sha256(self._inner)
        inner.update(message)
        outer = hashlib.sha256(self._outer)
        outer.update(inner.digest())
        made: bytes = outer.digest()
        return made

    def tag(self, message: bytes) -> bytes:
        return self.digest(message)[:TAG_BYTES]


def same(a: bytes, b: bytes) -> bool:
    """Equality whose time does not tell where the difference is (there is no `compare_digest` on
    the board)."""
    if len(a) != len(b):
        return False
    difference = 0
    for x, y in zip(a, b):  # noqa: B905 (MicroPython's zip has no strict)
        difference |= x ^ y
    return difference == 0


def _ecb(key: bytes, blocks: bytes) -> bytes:
    try:
        aes = __import__("cryptolib").aes
    except ImportError:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        # ECB over counter blocks is CTR; both VMs then run the same construction.
        step = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
        return step.update(blocks) + step.finalize()
    out: bytes = aes(key, 1).encrypt(blocks)
    return out


def crypt(key: bytes, counter: int, data: bytes) -> bytes:
    """AES-128-CTR of `data` under frame counter `counter`; the same call encrypts and decrypts."""
    size = len(data)
    if size == 0:
        return b""
    count = (size + 15) // 16
    blocks = b"".join([struct.pack(">QII", 0, counter, i) for i in range(count)])
    stream = _ecb(key, blocks)
    return bytes([data[i] ^ stream[i] for i in range(size)])


def session_keys(
    pair_key: bytes, role: bytes, host_nonce: bytes, board_nonce: bytes
) -> "tuple[bytes, bytes]":
    """(tag key, encryption key) of one direction; role is b"host" or b"board", the end that
    sends."""
    mac = Mac(pair_key)
    tail = host_nonce + board_nonce
    return mac.digest(b"tag/" + role + tail), mac.digest(b"aes/" + role + tail)[:16]


def hello_key(pair_key: bytes, role: bytes) -> bytes:
    """Key of HELLO (b"host"), WELCOME and STARTED (b"board"), which precede the session."""
    return Mac(pair_key).digest(b"hello/" + role)


def pack(mac: Mac, frame: Frame) -> bytes:
    """Tag, CRC and COBS: the bytes for the wire, with their closing zero."""
    assert len(frame.payload) <= PAYLOAD_MAX
    body = (
        struct.pack(HEADER, frame.kind, frame.flags, frame.seq, frame.ack, frame.counter)
        + frame.payload
    )
    body += mac.tag(body)
    body += struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF)
    return cobs_encode(body) + b"\0"


class Packet:
    """A packet with a good CRC whose tag has not been looked at: `kind` may choose the key,
    nothing else may be used."""

    def __init__(self, encoded: bytes) -> None:
        body = cobs_decode(encoded)
        if len(body) < CRC_BYTES:
            raise FrameError(NOISE)
        (crc,) = struct.unpack("<I", body[-CRC_BYTES:])
        body = body[:-CRC_BYTES]
        if crc != binascii.crc32(body) & 0xFFFFFFFF:
            raise FrameError(NOISE)
        if len(body) < HEADER_BYTES + TAG_BYTES:
            raise FrameError(SHORT)
        if len(body) > HEADER_BYTES + PAYLOAD_MAX + TAG_BYTES:
            raise FrameError(OVERSIZED)
        self._body = body
        self.kind: int = body[0]

    def check(self, mac: Mac) -> Frame:
        """The frame, if `mac` made its tag; FrameError FORGED, UNKNOWN or ODD."""
        signed = self._body[:-TAG_BYTES]
        if not same(mac.tag(signed), self._body[-TAG_BYTES:]):
            raise FrameError(FORGED)
        kind, flags, seq, ack, counter = struct.unpack(HEADER, signed[:HEADER_BYTES])
        if flags != flags_of(kind):
            raise FrameError(ODD)
        return Frame(kind, flags, seq, ack, counter, signed[HEADER_BYTES:])


class Sealer:
    """Makes the frames of one direction of one session; each gets the next counter."""

    def __init__(self, keys: "tuple[bytes, bytes]") -> None:
        self._mac = Mac(keys[0])
        self._secret = keys[1]
        self.counter = 0

    def seal(self, kind: int, seq: int, ack: int, payload: bytes) -> bytes:
        """Bytes for the wire; FrameError SPENT after COUNTER_MAX frames."""
        if self.counter >= COUNTER_MAX:
            raise FrameError(SPENT)
        self.counter += 1
        flags = flags_of(kind)
        if flags & SECRET:
            payload = crypt(self._secret, self.counter, payload)
        return pack(self._mac, Frame(kind, flags, seq, ack, self.counter, payload))


class Opener:
    """Checks the frames of the other direction: tag, then counter, then the cipher."""

    def __init__(self, keys: "tuple[bytes, bytes]") -> None:
        self._mac = Mac(keys[0])
        self._secret = keys[1]
        self.counter = 0

    def open(self, packet: Packet) -> Frame:
        """The frame in plain text; FrameError FORGED, UNKNOWN, ODD or REPLAYED."""
        frame = packet.check(self._mac)
        if frame.counter <= self.counter:
            raise FrameError(REPLAYED)
        self.counter = frame.counter
        if frame.flags & SECRET:
            frame.payload = crypt(self._secret, frame.counter, frame.payload)
        return frame

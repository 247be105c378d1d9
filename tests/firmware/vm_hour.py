"""Runs inside the MicroPython VM (see test_static.py): an hour of a busy counter through the whole
machine of the controller, and what it does to the heap. One JSON object on stdout.

argv: the tree. The host's end is a few lines of the same frame module."""

import gc
import json
import struct
import sys

sys.path.insert(0, sys.argv[1])
gc.collect()
EMPTY = gc.mem_free()
from edge.wire import frame
from firmware.app import App
from firmware.duties.tamper import Tamper
from firmware.duties.witness import Witness
from firmware.link import Link

KEY, STEP_MS, HOUR_MS = bytes(32), 20, 3600000


class Flash:
    def __init__(self):
        self.slots = [b"", b""]

    def read(self, slot):
        return self.slots[slot]

    def write(self, slot, data):
        self.slots[slot] = bytes(data)


class Host:
    """Greets, acknowledges, commands; counts what it heard."""

    def __init__(self, app):
        self.app, self.splitter = app, frame.Splitter()
        self.heard, self.seq, self.board_seq, self.opener = {}, 0, 0, None
        nonce = b"n" * 16
        payload = struct.pack(frame.HELLO_FORMAT, 1, 1, frame.table_hash(), nonce)
        mac = frame.Mac(frame.hello_key(KEY, b"host"))
        app.receive(frame.pack(mac, frame.Frame(frame.HELLO, 0, 0, 0, 0, payload)), 0)
        own = frame.Mac(frame.hello_key(KEY, b"board"))
        for encoded in self.splitter.feed(bytes(app.link.out)):
            packet = frame.Packet(encoded)
            if packet.kind == frame.WELCOME:
                got = struct.unpack(frame.WELCOME_FORMAT, packet.check(own).payload[:74])
        app.link.out = bytearray()
        self.sealer = frame.Sealer(frame.session_keys(KEY, b"host", nonce, got[3]))
        self.opener = frame.Opener(frame.session_keys(KEY, b"board", nonce, got[3]))

    def say(self, kind, payload, now):
        if frame.flags_of(kind) & frame.RELIABLE:
            self.seq = self.seq % 255 + 1
            self.app.receive(self.sealer.seal(kind, self.seq, self.board_seq, payload), now)
        else:
            self.app.receive(self.sealer.seal(kind, 0, self.board_seq, payload), now)

    def listen(self, now):
        out, self.app.link.out = bytes(self.app.link.out), bytearray()
        fresh = False
        for encoded in self.splitter.feed(out):
            got = self.opener.open(frame.Packet(encoded))
            self.heard[got.kind] = self.heard.get(got.kind, 0) + 1
            if got.seq:
                self.board_seq = got.seq
                fresh = True
        if fresh:
            self.say(frame.ACK, b"", now)


def main():
    about = (1, bytes(3), bytes(8), bytes(8), "vm", 0, 0)
    tamper = Tamper(Flash(), 2)
    app = App(Link(KEY, lambda n: bytes(n), about, 0), Witness(Flash(), KEY), tamper, (True, True))
    host = Host(app)
    host.say(frame.LIGHT, b"guide", 0)
    gc.collect()
    start = gc.mem_free()
    low = []
    seq = 0
    for now in range(STEP_MS, HOUR_MS, STEP_MS):
        if now % 1000 == 0:
            host.say(frame.BEAT, struct.pack(frame.BEAT_FORMAT, 0, 0, 0), now)
        if now % 15000 == 0:  # a patient
            app.press("face", now)
            app.line(b"03,A1234567\r", now)
            app.line(b"QR," + b"9" * 28, now)
            host.say(frame.CHALLENGE, struct.pack("<HH", seq & 65535, 100) + bytes([1, 2, 3, 4]), now)
            host.say(frame.EMIT, struct.pack(frame.EMIT_FORMAT, 0, 5000), now)
            host.say(frame.BUZZ, b"ok", now)
            seq += 1
            host.say(frame.WITNESS, struct.pack(frame.WITNESS_FORMAT, 1, seq, bytes(32)), now)
        if now % 15000 == 2000:
            host.say(frame.LIGHT, (b"ok", b"no", b"left")[seq % 3], now)
        if now % 60000 == 5000:  # an ID card with a photo, faster than any reader brings it
            app.line(b"02,A1,8100,00000000\r", now)
            for _ in range(45):
                app.line(b"PIC," + b"AAAA" * 60 + b"\r", now)
        if now % 60000 == 0:
            app.receive(bytes([now // 60000 & 255]) * 300, now)  # noise
            app.receive(b"\0", now)
            host.say(frame.CLEAR, b"\x03", now)
        app.proximity.see(50000 if now // 7500 & 1 else 0, now)
        tamper.see([now // 30000 & 1, 0], now)
        app.health.see(5000, 270, -1)
        app.tick(now)
        if app.link.out:
            host.listen(now)
        if now % 600000 == 0:
            gc.collect()
            low.append(gc.mem_free())
    gc.collect()
    low.append(gc.mem_free())
    heard = {name: host.heard.get(kind, 0) for kind, name, _f, _g in frame.MESSAGES}
    print(json.dumps({
        "empty": EMPTY, "start": start, "every_ten_minutes": low, "heard": heard,
        "noise": app.link.noise, "up": app.link.up(),
    }))


main()

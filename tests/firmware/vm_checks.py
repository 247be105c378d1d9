"""Runs inside the MicroPython VM (see test_on_the_vm.py): one JSON object per line on stdout."""

import gc
import json
import sys

sys.path.insert(0, sys.argv[1])
from edge.wire import frame
from firmware import app, link
from firmware.duties import lamps as player


def reason_of(wire, keys):
    opener = frame.Opener(keys)
    try:
        for encoded in frame.Splitter().feed(wire):
            if encoded is None:
                return frame.OVERSIZED
            opener.open(frame.Packet(encoded))
    except frame.FrameError as error:
        return error.reason
    return ""


def vectors(path):
    with open(path) as file:
        v = json.load(file)
    keys = (bytes.fromhex(v["frames"][0]["key"]), bytes.fromhex(v["frames"][0]["secret"]))
    sealed, opened = [], []
    for f in v["frames"]:
        sealer = frame.Sealer(keys)
        sealer.counter = f["ctr"] - 1
        sealed.append(sealer.seal(f["type"], f["seq"], f["ack"], bytes.fromhex(f["payload"])).hex())
        packet = frame.Packet(frame.Splitter().feed(bytes.fromhex(f["wire"]))[0])
        got = frame.Opener(keys).open(packet)
        opened.append([got.kind, got.flags, got.seq, got.ack, got.counter, got.payload.hex()])
    made = []
    for k in v["keys"]:
        a, b = bytes.fromhex(k["host_nonce"]), bytes.fromhex(k["board_nonce"])
        tag, aes = frame.session_keys(bytes.fromhex(k["pair"]), k["role"].encode(), a, b)
        made.append([tag.hex(), aes.hex()])
    bad = [reason_of(bytes.fromhex(b["wire"]), keys) for b in v["bad"]]
    table = frame.table_hash().hex()
    return {"sealed": sealed, "opened": opened, "keys": made, "bad": bad, "table": table}


def schedule(name):
    """(ms, left, right) of every change of a pattern in its first five seconds."""
    play = player.Player(player.LAMPS, player.DARK)
    play.play(name, 7)
    out, last = [], None
    for now in range(7, 5007):
        play.tick(now)
        if play.value != last:
            last = play.value
            out.append([now - 7, list(last[0]), list(last[1])])
    return out


def rubbish():
    """Bytes held after 100 kB of rubbish, beyond those held after the first 10 kB."""
    about = (1, bytes(3), bytes(8), bytes(8), "vm", 0, 0)
    board = app.App(link.Link(bytes(32), lambda n: bytes(n), about, 0))
    chunk = bytes([(i * 73 + 11) & 255 for i in range(1000)])
    solid = b"\x01" * 1000
    for i in range(10):
        board.receive(chunk if i & 1 else solid, i)
    board.link.out = bytearray()
    gc.collect()
    before = gc.mem_alloc()
    for i in range(100):
        board.receive(chunk if i & 1 else solid, 10 + i)
        board.tick(10 + i)
        board.link.out = bytearray()
    gc.collect()
    return {"grown": gc.mem_alloc() - before, "noise": board.link.noise}


gc.collect()
used = gc.mem_alloc()
print(
    json.dumps(
        {
            "vectors": vectors(sys.argv[2]),
            "schedules": {name: schedule(name) for name in player.LAMPS},
            "rubbish": rubbish(),
            "used": used,
        }
    )
)

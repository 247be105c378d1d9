"""The troubles, one function each: it does harm and yields how many seconds the terminals write on in
the midst of it. Where it ends, all is well again. `NETWORK` ones need the two namespaces,
`PERSISTENT` ones a broker that writes to its disk."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final

from sim.fire.carrier import Carrier
from sim.fire.rig import Rig

Trouble = Callable[[Rig, random.Random], Iterator[float]]


def broker_killed(rig: Rig, dice: random.Random) -> Iterator[float]:
    """SIGKILL in mid-drain, twice; it holds nothing on disk."""
    yield dice.uniform(0.1, 0.5)
    for _ in range(2):
        rig.broker.kill()
        yield dice.uniform(0.1, 1.0)
        rig.broker.restart()
        yield dice.uniform(0.3, 1.0)


def broker_persistent(rig: Rig, dice: random.Random) -> Iterator[float]:
    """SIGKILL with persistence on: it comes back with what it believed some time ago."""
    rig.broker.kill()
    rig.broker.persistence = True
    rig.broker.restart()
    yield dice.uniform(0.5, 1.5)
    yield from broker_killed(rig, dice)
    rig.broker.persistence = False


def broker_forgets(rig: Rig, dice: random.Random) -> Iterator[float]:
    """It had persistence on, and its disk is replaced: everything is forgotten."""
    rig.broker.kill()
    rig.broker.persistence = True
    rig.broker.restart()
    yield dice.uniform(0.5, 1.5)
    rig.broker.kill()
    rig.broker.forget()
    yield dice.uniform(0.1, 0.6)
    rig.broker.restart()
    yield dice.uniform(0.2, 0.8)
    rig.broker.persistence = False


def broker_frozen(rig: Rig, dice: random.Random) -> Iterator[float]:
    """SIGSTOP: connections stay, nobody answers; longer than the keep-alive the second time."""
    for pause_s in (dice.uniform(0.5, 1.5), dice.uniform(3.0, 9.0)):
        yield dice.uniform(0.1, 0.5)
        rig.broker.freeze()
        yield pause_s
        rig.broker.thaw()


def centre_killed(rig: Rig, dice: random.Random) -> Iterator[float]:
    """SIGKILL of the centre between commit and answer, or anywhere else."""
    for _ in range(2):
        yield dice.uniform(0.2, 1.0)
        rig.stop_centre(kill=True)
        yield dice.uniform(0.1, 0.5)
        rig.start_centre(rig.broker.port)


def terminals_killed(rig: Rig, dice: random.Random) -> Iterator[float]:
    """SIGKILL of all terminals, the whole agent too."""
    yield dice.uniform(0.3, 1.2)
    rig.kill_terminals()
    rig.start_fleet()
    rig.start_agent(backlog=dice.randint(0, 10))
    yield dice.uniform(0.1, 0.5)


def wire_cut(rig: Rig, dice: random.Random) -> Iterator[float]:
    """Each connection breaks after so many bytes: in the handshake, in a packet, in an answer."""
    most = dice.choice([3_000, 8_000, 30_000])

    def ends() -> tuple[int, int]:
        return dice.randint(1, most), dice.randint(1, most)

    rig.wire.cut_after(ends)
    yield dice.uniform(2.0, 4.0)
    rig.wire.restore()
    rig.wire.reset()  # or connections that were drawn a late end would break after the trouble


def wire_reset(rig: Rig, dice: random.Random) -> Iterator[float]:
    """Every connection is reset, again and again; once the wire stays dead for a while."""
    for _ in range(4):
        yield dice.uniform(0.1, 0.6)
        rig.wire.reset()
    rig.wire.cut()
    yield dice.uniform(0.3, 1.5)
    rig.wire.restore()


def wire_stalls(rig: Rig, dice: random.Random) -> Iterator[float]:
    """A black hole that tells nobody."""
    yield dice.uniform(0.1, 0.4)
    rig.wire.blackhole()
    yield dice.uniform(2.0, 4.0)
    rig.wire.restore()
    yield 0.2


def wire_drips(rig: Rig, dice: random.Random) -> Iterator[float]:
    """A few bytes at a time."""
    rig.wire.drip(dice.randint(50, 500), dice.randint(5, 30))
    yield dice.uniform(1.5, 3.0)
    rig.wire.restore()


def link_down(rig: Rig, dice: random.Random) -> Iterator[float]:
    """The plug is pulled out of the clinic's router, twice."""
    assert rig.cable is not None
    for _ in range(2):
        yield dice.uniform(0.2, 0.6)
        rig.cable.pull()
        yield dice.uniform(1.0, 4.0)
        rig.cable.mend()


def slow_line(rig: Rig, dice: random.Random) -> Iterator[float]:
    """All terminals through one slow line (tbf)."""
    assert rig.cable is not None
    rig.cable.slow(dice.choice([256, 512, 1_024]))
    yield dice.uniform(2.0, 4.0)
    rig.cable.mend()


def packets_lost(rig: Rig, dice: random.Random) -> Iterator[float]:
    """A tenth to a third of all packets vanish, both ways (nft)."""
    assert rig.cable is not None
    rig.cable.lossy(dice.choice([10, 20, 30]))
    yield dice.uniform(2.0, 4.0)
    dropped = rig.cable.dropped()
    rig.cable.mend()
    if not dropped:
        raise RuntimeError("the rule dropped no packet: there was no trouble")


def messages_shuffled(rig: Rig, dice: random.Random) -> Iterator[float]:
    """Between the terminals' broker and the centre's stands a carrier who doubles, reorders and
    loses whole messages."""
    with rig.second_broker() as far:
        rig.stop_centre()
        rig.start_centre(far.port)
        with Carrier(rig.broker, far, dice.getrandbits(32)) as carrier:
            yield dice.uniform(3.0, 4.0)
            carrier.behave()
            rig.drained()  # all of it through his hands, still doubled and out of order
            counts = dict(carrier.counts)
        rig.stop_centre()
    rig.start_centre(rig.broker.port)
    if not (counts.get("doubled") and counts.get("overtaken")):
        raise RuntimeError(f"the carrier was honest: {counts}")


TROUBLES: Final[dict[str, Trouble]] = {
    "broker killed": broker_killed,
    "broker killed, persistent": broker_persistent,
    "broker forgets all": broker_forgets,
    "broker frozen": broker_frozen,
    "centre killed": centre_killed,
    "terminals killed": terminals_killed,
    "wire cut after n bytes": wire_cut,
    "wire reset": wire_reset,
    "wire stalls": wire_stalls,
    "wire drips": wire_drips,
    "link down": link_down,
    "slow line": slow_line,
    "packets lost": packets_lost,
    "doubled and reordered": messages_shuffled,
}
NETWORK: Final = frozenset({"link down", "slow line", "packets lost"})
PERSISTENT: Final = frozenset({"broker killed, persistent", "broker forgets all"})

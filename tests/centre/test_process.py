"""The centre as a process behind real brokers with TLS, and the HIS with its own book."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kit import Device

from edge.core.events import LinkUp
from edge.core.types import Outcome
from edge.drivers.broker import Message, Options
from edge.drivers.broker.paho import Driver
from edge.errors import EdgeError
from edge.wire import topics
from sim.centre import __main__ as process
from sim.centre import audit, setup
from sim.centre.books import people
from sim.centre.books.store import Store
from sim.net import brokers

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
LINE = [("SYN-A-0001", 1_000)]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def centre_process(config: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sim.centre", "--config", str(config)]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "READY\n"
        yield running
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


class Line:
    """The terminal's side of a real connection."""

    def __init__(self, device: Device, broker: brokers.BrokerProcess) -> None:
        self.device = device
        self.inbox: queue.Queue[object] = queue.Queue()
        cert, key = broker.client(device.name)
        options = Options(
            host="127.0.0.1",
            port=broker.port,
            client_id=device.name,
            subscribe=(topics.down(device.name), topics.tell(device.name)),
            state_topic=topics.state(device.name),
            ca=str(broker.ca),
            cert=str(cert),
            key=str(key),
        )
        self.driver = Driver(options, self.inbox.put)
        self.driver.connect()
        self.wait(LinkUp)

    def wait(self, kind: type, patience_s: float = PATIENCE_S) -> object:
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            happening = self.inbox.get(timeout=patience_s)
            if isinstance(happening, kind):
                return happening
        raise TimeoutError(kind)

    def on_message(self, topic: str, payload: bytes, _now: int) -> list[tuple[str, bytes]]:
        """Looks like the centre to `Device`; sends again until there is an answer, as a terminal
        does."""
        for _ in range(20):
            self.driver.publish(topic, payload, None)
            try:
                answer = self.wait(Message, 3)
            except (queue.Empty, TimeoutError):
                continue
            assert isinstance(answer, Message)
            return [(answer.topic, answer.payload)]
        raise TimeoutError("the centre does not answer")

    def close(self) -> None:
        self.driver.close(5)


@pytest.mark.parametrize("name", ["amqtt", "mosquitto"])
def test_killed_and_started_again_it_answers_the_same_and_loses_nothing(tmp_path, name):
    device = Device("yd-0001")
    person = people.population(1)[0]
    made = setup.make_centre(tmp_path / "centre", None, [device.spec], [person])
    start = brokers.start_mosquitto if name == "mosquitto" else brokers.start_amqtt
    with start(tmp_path / "broker") as broker:
        cert, key = broker.client("centre")
        config = made.write_config(port=broker.port, ca=broker.ca, cert=cert, key=key)
        device.meet(made.centre)
        line = Line(device, broker)
        device.centre = _Far(line, made.centre)
        with centre_process(config) as running:
            asked = {"means": "qr", "businessType": "01301", "orgId": device.org}
            for number in range(3):
                code = made.issue_code(person.psn_no, now_ms())  # a guest beside the process
                told, output = device.ask("1101", asked | {"ecQrCode": code}, now=now_ms())
                assert told == 0
                identity = device.identity("qr", output, 0)
                device.write(device.settle(identity, f"B{number}", LINE), now=now_ms())
            first = device.send(1)[0].results[0]
            line.driver.publish(topics.up(device.name), device.payload(2, 3), None)
            running.send_signal(signal.SIGKILL)
            running.wait()
        line.close()
        line = Line(device, broker)
        device.centre = _Far(line, made.centre)
        with centre_process(config) as running:
            (answer,) = device.send(1, 3)
            assert [result.outcome for result in answer.results] == [Outcome.SETTLED] * 3
            assert answer.results[0].body == first.body
            running.send_signal(signal.SIGTERM)
            assert running.wait(PATIENCE_S) == 0
        line.close()
    found = audit.audit(made.store)
    assert (found.settled, found.tree_size, found.faults) == (3, 3, ())
    made.close()


class _Far:
    """The centre as a device needs it, with the wire in between."""

    def __init__(self, line: Line, near: object) -> None:
        self.keys = near.keys
        self.on_message = line.on_message


def test_a_wrong_configuration_says_what_is_wrong_and_ends_with_2(tmp_path, capsys):
    wrong = tmp_path / "centre.toml"
    assert process.main(["--config", str(wrong)]) == 2
    wrong.write_text('directory = "x"\nprot = 1\n[broker]\nport = 1\n')
    assert process.main(["--config", str(wrong)]) == 2
    assert "prot" in capsys.readouterr().err
    wrong.write_text(f'directory = "{tmp_path}"\n[broker]\nport = 1\n')
    assert process.main(["--config", str(wrong)]) == 2
    assert "E-KEY-01" in capsys.readouterr().err


def test_what_setup_writes_the_process_reads_and_the_agent_trusts(tmp_path):
    from edge.suites import es256
    from edge.wire import policy

    device = Device("yd-0001")
    made = setup.make_centre(tmp_path, None, [device.spec], [], profile="P0")
    config = process.read_config(made.write_config(port=1883, tls=False))
    assert (config.broker.port, config.directory) == (1883, str(tmp_path))
    verifier = es256.Es256Verifier.of(es256.load_sign_public(made.sign_key.read_bytes()))
    assert made.policy is not None
    found = policy.decode(made.policy.read_bytes(), verifier, terminal="yd-0001")
    assert (found.profile, found.allow) == ("P0", ())
    assert bytes.fromhex(made.seal_key.read_text()) == made.keys.seal_public_bytes
    made.close()
    again = setup.make_centre(
        tmp_path, None, [device.spec], people.population(2)
    )  # what is there stays
    assert again.keys.sign_public_pem == made.keys.sign_public_pem
    assert again.policy is not None
    assert again.policy.read_bytes() == made.policy.read_bytes()
    again.close()
    assert Store(setup.default_url(tmp_path)).sqlite


def test_a_centre_says_of_which_gestures_its_challenges_are_drawn(tmp_path):
    from edge.core.liveness import WITH_LAMPS
    from edge.core.types import LivenessRules

    made = setup.make_centre(tmp_path, None, [], [])
    file = made.write_config(port=1883, tls=False)
    made.close()
    plain = file.read_text()
    assert process.rules_of(process.read_config(file)) == LivenessRules()
    usual = plain.replace("lamps = false\n", "")
    file.write_text(usual)
    assert process.rules_of(process.read_config(file)) == WITH_LAMPS, "what a centre demands that says nothing"
    file.write_text('gestures = ["turn", "dot"]\n' + usual)
    found = process.rules_of(process.read_config(file))
    assert found.gestures == ("turn", "dot") and found.bands == WITH_LAMPS.bands
    for wrong in ("[]", '["somersault"]', '"dot"'):
        file.write_text(f"gestures = {wrong}\n{plain}")
        with pytest.raises(EdgeError, match="E-CFG-21"):
            process.read_config(file)


def test_a_person_at_the_centre_sees_who_is_under_suspicion_and_lifts_it(tmp_path, capsys):
    from sim.centre import lifting

    device = Device("yd-0001")
    made = setup.make_centre(tmp_path, None, [device.spec], [], profile="P1")
    config = ["--config", str(made.write_config(port=1883, tls=False))]
    device.centre = setup.open_centre(tmp_path, guest=True)
    assert lifting.main(config) == 0
    assert capsys.readouterr().out == "no terminal is under suspicion\n"
    found = {"code": "E-LOG-04", "epoch": 1, "seq": 0, "hash": b"", "stop": b"1" * 16}
    assert device.ask("incident", found)[0] == 0
    assert lifting.main(config) == 0
    said = capsys.readouterr().out
    assert said.startswith("yd-0001: under suspicion since 20") and said.endswith(": E-LOG-04\n")
    assert lifting.main([*config, "yd-0001"]) == 0
    assert lifting.main([*config, "yd-0001"]) == 1
    assert "yd-0001 is under no suspicion" in capsys.readouterr().err
    assert lifting.main(["--config", str(tmp_path / "none.toml")]) == 2
    made.close()


@pytest.mark.parametrize("name", ["centre-sign.pem", "centre-seal.pem"])
def test_private_keys_are_for_their_owner_only(tmp_path, name):
    setup.make_centre(tmp_path, None, [], []).close()
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600

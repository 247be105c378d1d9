"""One face for both runtimes: ai-edge-litert (Python 3.12 and later) and tflite-runtime (3.11 and
before, 32 bit).

The fp32 models we use give bit-identical outputs on the versions that models.toml names. Another
version may not, so its name goes into the identity of every template it makes (`identity`).
tflite-runtime works with numpy 1 only.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.drivers.vision.nets import models
from edge.errors import EdgeError

if TYPE_CHECKING:
    from pathlib import Path

    from edge.drivers.vision import Floats
    from edge.drivers.vision.nets.models import Contract

# distribution -> its module; the maintained one first
RUNTIMES = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}
THREADS = 1  # a second thread made shared cores slower; the agent needs the rest
VERSION_CHARS_MAX = 40


class Model:
    """One network: float32 in, float32 out. E-VIS-05 when no runtime is here or the bytes do not
    load, E-VIS-08 when it is not what its contract says.
    """

    def __init__(self, data: bytes, name: str, contract: Contract) -> None:
        interpreter = _interpreter_class()
        try:
            self._net = interpreter(model_content=data, num_threads=THREADS)
            self._net.allocate_tensors()
        except (RuntimeError, ValueError, SystemError) as bad:
            raise EdgeError("E-VIS-05", f"model {name} does not load: {bad}") from bad
        self.name = name
        given = self._net.get_input_details()[0]
        self._input = given["index"]
        self._outputs = {d["name"]: d["index"] for d in self._net.get_output_details()}
        self.shape: tuple[int, ...] = tuple(int(n) for n in given["shape"])
        self._hold_to(contract, given["dtype"])

    def run(self, tensor: Floats) -> dict[str, Floats]:
        """Outputs by name for one input of HxWx3. E-VIS-07 when one of them is no number: such
        an answer is never judged.
        """
        self._net.set_tensor(self._input, np.ascontiguousarray(tensor[None], dtype=np.float32))
        self._net.invoke()
        out = {name: self._net.get_tensor(index)[0] for name, index in self._outputs.items()}
        for name, values in out.items():
            if not np.isfinite(values).all():
                raise EdgeError("E-VIS-07", f"model {self.name} gave {name} that is not finite")
        return out

    def _hold_to(self, contract: Contract, kind: Any) -> None:
        outputs = {
            d["name"]: tuple(int(n) for n in d["shape"][1:]) for d in self._net.get_output_details()
        }
        given = (kind, self.shape, outputs)
        if given != (np.float32, (1, *contract.input), contract.outputs):
            raise EdgeError(
                "E-VIS-08",
                f"model {self.name} takes {self.shape} and gives {outputs}",
                "another network than the one that was measured",
            )


def open_model(directory: Path, role: str) -> Model:
    """A listed network, its bytes checked. E-VIS-01, E-VIS-02, E-VIS-05, E-VIS-08."""
    contract = models.members()[role].contract
    assert contract is not None, f"{role} has no contract in models.toml"
    return Model(models.load(directory, role), role, contract)


def runtime() -> str:
    """The runtime that is used here, "ai-edge-litert 2.3.0". E-VIS-05."""
    name = _installed()
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    return f"{name} {version[:VERSION_CHARS_MAX]}"


def identity(role: str) -> str:
    """What two outputs of a network must share to be compared: its hash, and the runtime too unless
    that was proven identical to the others.
    """
    digest, used = models.members()[role].sha256, runtime()
    return digest if used in models.manifest().identical else f"{digest} {used}"


def _installed() -> str:
    for name, module in RUNTIMES.items():
        if importlib.util.find_spec(module.split(".", maxsplit=1)[0]) is not None:
            return name
    raise EdgeError("E-VIS-05", "no tflite runtime is installed", "install facepay again")


def _interpreter_class() -> Any:
    try:
        return importlib.import_module(RUNTIMES[_installed()]).Interpreter
    except ImportError as broken:  # tflite-runtime beside numpy 2, a missing system library
        raise EdgeError("E-VIS-05", f"the tflite runtime does not load: {broken}") from broken

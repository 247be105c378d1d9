"""A listed network under onnxruntime: the optional extra `second-net`, for nets that exist in no other
form. The same promises as `tflite.Model`: held to its contract, and an answer that is no number is
an error.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.drivers.vision.nets import extra, models
from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.drivers.vision import Floats
    from edge.drivers.vision.nets.models import Contract

THREADS = 1  # as under tflite: the agent needs the rest
QUIET = 4  # only what is fatal: its warnings are about machines, not about us
FLOAT = "tensor(float)"


class Model:
    """One network: float32 in, float32 out. E-VIS-05 when the bytes do not load, E-VIS-08 when it is
    not what its contract says, E-VIS-10 without the runtime.
    """

    def __init__(self, data: bytes, name: str, contract: Contract) -> None:
        ort = _runtime()
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = THREADS
        options.log_severity_level = QUIET
        try:
            self._net = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as bad:  # each of its refusals is a class of its own, derived from nothing
            raise EdgeError("E-VIS-05", f"model {name} does not load: {bad}") from bad
        self.name = name
        self._contract = contract
        self._hold_to(contract)
        self._input = self._net.get_inputs()[0].name

    def run(self, tensor: Floats) -> dict[str, Floats]:
        """Outputs by name for one input of HxWx3. E-VIS-07 when one of them is no number."""
        shown = np.asarray(tensor, dtype=np.float32)
        assert shown.shape == self._contract.input, shown.shape
        if self._contract.planes:
            shown = shown.transpose(2, 0, 1)
        found = self._net.run(None, {self._input: np.ascontiguousarray(shown[None])})
        names = (one.name for one in self._net.get_outputs())
        out = {name: values[0] for name, values in zip(names, found, strict=True)}
        for name, values in out.items():
            if not np.isfinite(values).all():
                raise EdgeError("E-VIS-07", f"model {self.name} gave {name} that is not finite")
        return out

    def _hold_to(self, contract: Contract) -> None:
        high, wide, deep = contract.input
        wanted = (1, deep, high, wide) if contract.planes else (1, high, wide, deep)
        takes = [(tuple(one.shape), one.type) for one in self._net.get_inputs()]
        gives = {one.name: tuple(one.shape[1:]) for one in self._net.get_outputs()}
        if takes != [(wanted, FLOAT)] or gives != contract.outputs:
            raise EdgeError(
                "E-VIS-08",
                f"model {self.name} takes {takes} and gives {gives}",
                "another network than the one that was measured",
            )


def open_model(directory: Path, role: str) -> Model:
    """A listed network of the set `second`, its bytes checked. E-VIS-01, E-VIS-02, E-VIS-05,
    E-VIS-08, E-VIS-10.
    """
    contract = models.members("second")[role].contract
    assert contract is not None, f"{role} has no contract in models.toml"
    return Model(models.load(directory, role, "second"), role, contract)


def _runtime() -> Any:
    extra.runtime()
    try:
        return importlib.import_module(extra.RUNTIME)
    except ImportError as broken:  # a missing system library
        raise EdgeError("E-VIS-10", f"onnxruntime does not load: {broken}") from broken

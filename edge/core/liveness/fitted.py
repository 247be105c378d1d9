"""What the value of a check says: offset and slope of the log odds of a living person, a logistic curve
per check, people and attacks and every species among them counting alike. Fitted on 66 simulated full
visits of the three people on whom limits may be chosen (18 bona fide, 6 of each of eight species,
tones, glasses, 150 to 800 lux); `second`, the optional net, on 78 (18, and 6 of each of ten species)
with `--keep pictures` and `--second` behind both commands; again with

    python -m sim.camera.padset DIR --people train --live 18 --attacks 6 --keep seen
    facepay pad-fit DIR --split train
"""

from __future__ import annotations

from typing import Final

FITTED: Final[dict[str, tuple[float, float]]] = {
    "delay": (0.2642, 0.05826),
    "follows": (-23.3, 23.68),
    "form": (-4.093, 6.644),
    "gain": (0.2519, -0.6094),
    "passive": (-5.753, 7.107),
    "second": (-3.013, 5.003),
}

"""What the value of a check says: offset and slope of the log odds of a living person, a logistic curve
per check, people and attacks and every species among them counting alike. Fitted on 204 simulated full
visits of fifteen people on whom limits may be chosen (72 bona fide, 12 of each of eleven species, tones,
ages, glasses, hats, 150 to 800 lux):

    python -m sim.camera.padset DIR --people train --live 72 --attacks 12 --seed 31 --keep seen
    facepay pad-fit DIR --split train

`second`, the optional net, on 78 (18, and 6 of each of ten) with `--keep pictures`, and `--second` behind
both commands. `glint` is not weighed: its value grows with dark skin, and holes have living eyes.
"""

from __future__ import annotations

from typing import Final

FITTED: Final[dict[str, tuple[float, float]]] = {
    "delay": (0.2505, 0.0194),
    "follows": (-17.2, 17.75),
    "form": (-2.79, 4.651),
    "gain": (-0.3471, 0.9681),
    "passive": (-4.163, 5.319),
    "second": (-3.013, 5.003),
}

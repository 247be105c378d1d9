"""What the value of a check says: offset and slope of the log odds of a living person, a logistic curve
per check, people and attacks and every species among them counting alike, without masks of resin, which no
check is said to stop (ADR 28). Fitted on 192 simulated full visits of fifteen people on whom limits may be
chosen (72 bona fide, 12 of each of ten species, tones, ages, glasses, hats, 150 to 800 lux):

    python -m sim.camera.padset DIR --people train --live 72 --attacks 12 --seed 31 --keep seen
    facepay pad-fit DIR --split train --without mask_resin

`second`, the optional net, on 78 (18, and 6 of each of ten) with `--keep pictures`, and `--second` behind
both commands. `glint` is not weighed: its value grows with dark skin, and holes have living eyes.
"""

from __future__ import annotations

from typing import Final

FITTED: Final[dict[str, tuple[float, float]]] = {
    "delay": (0.2688, 0.01996),
    "follows": (-17.49, 18.09),
    "form": (-3.048, 6.038),
    "gain": (-0.3683, 1.041),
    "passive": (-4.388, 5.723),
    "second": (-3.013, 5.003),
}

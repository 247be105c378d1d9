"""What the value of a check says: offset and slope of the log odds of a living person, a logistic curve
per check, both sides and every species counting alike. Fitted on simulated visits; made by

    facepay pad-fit DIR --split train
"""

from __future__ import annotations

from typing import Final

FITTED: Final[dict[str, tuple[float, float]]] = {
    "delay": (2.0, 0.05),
    "follows": (-20.0, 24.0),
    "form": (-6.0, 25.0),
    "gain": (-1.5, 12.0),
    "passive": (-3.0, 6.0),
}

"""How heads and folded paper share the light of the two lamps over a face.

For each two places that are twins across the face, of half of what their log(left / right) differ by
beyond any cubic of the place: what a mean head has, what mean folded paper has, and the ways in which
heads (and papers) differ among themselves, each as strong as it is usual: the largest principal
components of what is left within the two kinds. NOISE is how much a place's own doubt counts.

Of SIMULATED full visits of people on whom limits may be chosen, without those whose head was photographed
from the side:

    python -m sim.camera.padset DIR/1 --people crowd --live 450 --attacks 120 --seed 91 --keep seen ...
    python -m sim.camera.padset DIR/2 --people more --live 330 --attacks 99 --seed 92 --keep seen ...
    python -m sim.camera.tables.heads DIR/1 DIR/2

(... is `--species live,mask_paper,mask_holes`.)
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from edge.core.liveness.regions import REGIONS


class Twins(Struct, frozen=True):
    """Two places, by their number in REGIONS: the one on the picture's left, and its twin."""

    left: int
    right: int
    head: float
    folded: float
    differs: tuple[float, ...]


class Heads(Struct, frozen=True):
    """A table. alone: the standard deviation of what one place has beside all that is told."""

    alone: float
    twins: tuple[Twins, ...]


_ALONE: Final = 0.0266
NOISE: Final = 0.008
_MEASURED: Final = """
108   47   15    3   -6    7   -7    4   -2    2   -1    3   -5    4   -5    2   -3    2   -5    2  -15    8    7   -3   -3   10    7
208  -94  -13  -12  -10   11   -1  -14   -4   26   -3   13   14    4   -1   -2   -1   18  -11   -1   -3   -2    6    6   -3    2   -4
 50 -175   13  -43   25   33    6   -7  -23  -13   19   36    3    1  -10    4    3  -12    2    1   -9   -6   -6   -3    4    2   -4
242  -84  -24  -32   -6  -25    6  -10   20   11   -7    6   -7    4   -5    2   -2    2   -1    2   -2   -7   -2   -5    5   -5   -3
135   50    6   49  -57  -46   32    9   -5   10   18   14    0   -4    0    3    3   -4   -3    9    5    0   -5    3  -10   -4   -2
245 -221  -26  -56  -25    8    6   80   11    2   -1   -2   16   17   13   -2   10   -3  -12   -4   -4   -4   -2    3    5   -2    1
225  -65  -52  -14   41  -35   -4   -1   11  -12   22    7    3   13   18  -17   -4   21   17    1   -4    8   -4    2    3   -3    2
142  -21  -52    5  -22    0  -31    5  -15    3   15   -8   -3  -10   -2    1   -3   10    2    1   -2   -7    3    0    3    2   -4
 91  -59  -19    1   30  -13   -9    8   -6   11   -6   -2    3    3    0   -2    2  -11    5    1   -5    4   -1    5   -2   -3    8
 65  156   68   18   -6   -1   10   12    4   -7   -1  -13    6   20  -48    1   25    9   17    2   -2   10    4    0    0    0   -5
216   11    8   11   44  -15    7   16   12    1    9   10   -2  -16   -3   16    0    2   -2    4   -3    6    7   10    0   -9    6
229  136   85   29  -12   23   -6  -17    3   19   27  -15  -13   37   -1   12  -21  -15   -1  -11    1    7    0    9    3   -5   -5
170  -34   -5   18  -37    1   19   -2  -13   18   19   13   11   -6  -11  -19   -1    3   -5   -6   -1    1    6    2   10   -6    3
  3 -198  -27  -54  -25   -6    3   -6   21   -1    5   -1    2   -6   -7    0   -5   -2    6  -12    1    3   -4    3   -6    5    2
192   38  -19   56  -79  -63   11    1  -10   -5   -2   18    5    5   17   21    4    0    8   -2    1    6   -5   -2    6    5   -5
111 -131  -48  -47   20  -25   37    0  -37    8    0  -17  -11    1   -1    8   -1    2   -1   -6   -2   -2   -2   -4    1    3    0
 55   60   39   -7  -13   20   -2   18   -6   -1    1   12   -9   -8   -5    2  -26    5   12   11   -2    5    5  -13   -8   -5   -3
165  -96  -56    8   43  -47  -24   14  -14    4  -11    4    3    9   -9  -10   -4  -14    1   -1   -3   -6   -5    4   -8   -3    0
105  -96  -64   -1   15  -13  -17    4    5  -12   18    0    0   13   -7    8    7   -4  -21   -4   14    2   12  -19   -4   -3    3
120  138    6   10  -19   13  -11    4   -6    8    6   -5   -3    2   -2    2    0    7   -3    9  -15   -1   -8   -2    0   -2    7
187  -78  -16  -10  -57  -19  -12  -12  -25  -48  -19   13   -8   21    2    3   -2    7    3  -10   -4   -8   14    7   -1   -4    9
115 -267  -75  -54  -20  -23  -19   -8   -8    6    7    1   -7    1   -4   -3    2   -7   -3   17    8    5    4    3    5    7    5
205  -95    5   18   39  -11   -1   16    6   -4   13   20    5  -14   -8   15   -3   -3    0   -7    0    0    1    4    0    7    4
101  133   22   32  -11    4  -14   11    6    6    9   -2   -1    2   -6    7   -2    8   -1    1   -3   -4   -6   -3    0    4    5
202   60   16  -12   13   17   -1   -2    9    0    8   -4  -10   -4    6    8    9    1    3    5   -1   -8    6    7    4    2   -2
194 -127  -18  -16   10   15  -15   -4  -17   22   -6    7   20    9    0    9    1    7    6    1   14   -1   -3    3  -10   -2    5
203  -21  -53   20   19  -28  -29   12   -6    1    5   -3   -3   -4   -7   -2   -3    3    3  -10    1  -11   -3   -1    1    0   -3
169   32    8   25  -37  -15   27    6   -2    7   24    7    0  -11  -11  -19   -2   -4   -3   -3    0   -6    7    3   -5    1    2
 56  207   89    2  -15   21  -15   28   -8   29  -17   25  -53   -3    2   -6   13    5    0  -12    7   11   -3    1   -1   -1    0
207 -103   12  -34   29   29   -2   -1  -13  -29   13   27    3   -1  -11    7    0    2   -7   -4   -1    4   -8    3    1   -5   -6
114 -244  -41  -36  -40   -2  -26   15   -4    1    4  -12   12  -15    9   10   10    1    0   -3  -13    3   -2   -4   -6   -9   -3
212   62   26  -14   17   17    6    1   11  -11   14   -4  -15   -4    3   13    8    6   -2   15    3   -2    3   13   -1   -2   -1
198 -314  -68  -56  -39  -12  -22   -6   -5    2   14   -5   -2   -6    1   -3    2   -8    0    2   -1    6    7    3    0    2   -1
 36   61  -22   27    0  -10  -21   11    1    4   10   -4   -2   -6   -7    5   -5   11    2   -6    1   -8   -1   -3    2    1    0
178  -94  -23  -10   21  -38   -3   -5    4   13  -11   10    2   12   -2   -4   -4   -3   -9    3  -16    7    4    5   -2    0   -4
 35 -160 -109  -42   35  -41   39    8  -37    2    3  -25   -8   -5   -5    9   -7   13   -8   -3    3    4   -1    2    1    1    1
204  -54   -5  -13    9   20  -12   -3   -8   10   -1    2    7    5    3    6    2   -1    7   -2    6   -6    3    1    1    0    1
 45 -117  -34  -45  -17  -23    5  -12   28    9   -5    6   -6    2   -8    6   -2    3    1   -2    0   -9   -3   -4    3   -4    2
107   98   46    1  -10   14   -1    5   -4    1    3    4   -5   -2   -5    2   -7    4   -2    3   -7    3    2   -5   -1    0    4
193 -107   -1  -34   -7   10   17   60    5   -2   -3    3    2   14   -1   -1  -20    1   10    8    7   -4    7    1    1    4   -4
206   -8  -21   28   40  -39  -14   17    9   -1    3   -1   -4   -8   -7    4   -2    2   -1   -9    0   -4    1    4    0   -2    1
118   48   54   29    4    0   -3    5   11   11   15    7    0    8    4    9    7   -4    8    3    1   -7    5   -1   -3    8    4
 31  -21   30  -12   20   -5   11   -4   -2   24    9   -4   -4    6   13    4   12   -4   15   -2   -3   -8    9   -5   -5   -7    1
 53 -154  -94  -22   43  -30  -10   -5    8   -8   28    8   -3   15   17  -11    6   10   -3   -1    4    8   -2   -7   -2    4   -1
 51 -169  -34  -53  -23  -14    5  -11   27    3    2    2   -1   -2   -8    1   -2    0    3   -8    0   -3   -4    0    0    2    4
119  197   46   25  -16   16   -7    3    3   12   13   -8   -5   14   -5    5   -3    4   -6    2  -10   -2  -10   -1    2    1    6
214   32   24   -7  -30    3    5   -2   -6  -22    6   -5  -16   15    0   -5    2    3   -8   11    3   -8  -11    4  -12   -2    0
196 -225  -22  -57  -25    3    2    1   13   -4    7   -4    6   -6   -5    1   -4   -1    5  -11    4    7   -6    5   -7    5    4
201  -81  -11  -11    9   -4   -6  -12    4   23   -9   13    8    9    3    6   -1   14  -10   -1   -4   -3    6    4   -8    5  -10
117  -83   11  -39   24    5   21   -7  -20   15    8    6   -6    5    8    2    8   -7   11   -3  -10   -6    2   -5   -2    3    2
217 -311  -57  -49  -44   -7  -25   -2   -5    2   12   -8    3  -10    2    3    0   -3    4   -4   -2    7    4    2   -3   -3   -5
 98 -167  -73  -17   16  -39  -27    3  -15    9   -5    3    2    2   -9   -3   -1  -11    0   10    2    1   -4    1    1    1   -2
129 -139  -71   -7   -8  -18  -38    6  -19    0   11   -5   -6   -6   -3   -3    0    3    3    5    3   -6    0    3    5    2   -3
239 -176  -50  -57  -15  -33    3  -15   22   13   -8   11   -8    4  -12    5   -3    2   -2   10    2   -6   -1   -2    5   -4    2
 32 -116  -16  -12  -16   26   -4   -5  -25   21    2    8   18    5   -3    0    1    8    2    2   12    1   -6    1    4   -4    7
210   44   21   -8  -11   16    7   -2    1   -5   14   -6  -10   -2   -2  -12    3    1   -1   -3   -1  -11    0    3   -7    2   -3
"""  # mesh point on the picture's left, then a head's, folded paper's and the ways to differ, in thousandths
_PLACES: Final = {(region.x, region.y): n for n, region in enumerate(REGIONS)}
_NUMBERS: Final = {region.point: n for n, region in enumerate(REGIONS)}


def _twins(row: str) -> Twins:
    point, *told = (int(number) for number in row.split())
    head, folded, *differs = (number / 1000 for number in told)
    left = _NUMBERS[point]
    return Twins(left, _PLACES[-REGIONS[left].x, REGIONS[left].y], head, folded, tuple(differs))


TWINS: Final = tuple(_twins(row) for row in _MEASURED.split("\n") if row)
HEADS: Final = Heads(_ALONE, TWINS)

"""The registry of persons: insurance, cards, relatives, faces, and the issuer of one-time QR codes.

Every person here is invented (测试…); a face is a template of 192 float32, never a picture.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

import numpy as np
import sqlalchemy as sa
from msgspec import Struct
from numpy.typing import NDArray

from edge.core.benefit import PersonFacts
from sim.centre.books import store as t

Indices = NDArray[np.intp]
TEMPLATE_FLOATS: Final = 192
TEMPLATE_BYTES: Final = TEMPLATE_FLOATS * 4
# cosine, MobileFaceNet: false accept <= 1e-3 on the strictest measured set (.630), with a margin
FACE_MIN: Final = 0.64
FACE_MARGIN: Final = 0.05  # the second person must be this much less alike
FACES_MAX: Final = 100_000
CODE_CHARS: Final = 28
CODE_TTL_MS: Final = 60_000
RELATIONS: Final = ("配偶", "父母", "子女", "兄弟姐妹", "祖父母", "外祖父母", "孙子女", "外孙子女")


class PersonSpec(Struct, frozen=True):
    """One invented person. psn_type 11xx active, 12xx retired, 14xx resident; balance in fen (own
    account)."""

    psn_no: str
    psn_name: str
    certno: str = ""
    gend: str = "1"
    age: int = 40
    insutype: str = "310"
    psn_type: str = "1101"
    insuplc_admdvs: str = "510100"
    stas: str = "1"
    cvlserv: bool = False
    idet_types: tuple[str, ...] = ()
    locked: bool = False
    balance_fen: int = 0
    cards: tuple[tuple[str, str], ...] = ()  # (card_no, cert_type "03" or "02")
    # (psn_no, relation): may be served by this person, and their account pays for this person
    relatives: tuple[tuple[str, str], ...] = ()
    year: int = 0  # the accumulators below belong to this year
    accumulated: dict[str, int] = {}  # names of edge.core.benefit.Accumulators


class Known(Struct, frozen=True):
    """A person as the registry has them."""

    psn_no: str
    psn_name: str
    certno: str
    gend: str
    age: int
    insutype: str
    psn_type: str
    insuplc_admdvs: str
    stas: str
    cvlserv: bool
    idet_types: tuple[str, ...]
    locked: bool

    @property
    def psn(self) -> str:
        """active, retired or resident."""
        return {"12": "retired", "14": "resident"}.get(self.psn_type[:2], "active")


def facts(person: Known, insutype: str) -> PersonFacts:
    """What the rules ask about a person."""
    return PersonFacts(
        insutype,
        person.psn,
        cvlserv=person.cvlserv,
        idet_types=person.idet_types,
        age=person.age,
    )


def mask(name: str) -> str:
    """张三 -> 张*: what a screen may show."""
    return name[:1] + "*" * max(1, len(name) - 1)


def mask_certno(certno: str) -> str:
    """The first and the last character stay."""
    return certno[:1] + "*" * max(1, len(certno) - 2) + certno[-1:]


_FIND: Final = t.get(t.persons, "psn_no")
_CARD: Final = t.get(t.cards, "card_no", "cert_type", only=("psn_no",))
_SERVED: Final = t.get(t.relatives, "psn_no", "serves", only=("other", "relation")).order_by("rank")
_CODE: Final = t.get(t.codes, "code")
_ISSUE: Final = t.codes.insert()
_USE: Final = t.change(t.codes, "code")
_FACES: Final = t.get(t.faces, "psn_no", "model", only=("template",))
_FACES_MARK: Final = sa.select(sa.func.count(), sa.func.max(t.faces.c.id))


def find(conn: sa.Connection, psn_no: str) -> Known | None:
    """The person with this number."""
    row = conn.execute(_FIND, t.at(psn_no=psn_no)).mappings().first()
    if row is None:
        return None
    kinds = tuple(kind for kind in row["idet_types"].split(",") if kind)
    plain = {
        **row,
        "cvlserv": bool(row["cvlserv"]),
        "locked": bool(row["locked"]),
        "idet_types": kinds,
    }
    return Known(**plain)


def by_card(conn: sa.Connection, card_no: str, cert_type: str) -> str:
    """psn_no of the holder, "" when nobody holds it."""
    return conn.execute(_CARD, t.at(card_no=card_no, cert_type=cert_type)).scalar() or ""


def served_by(conn: sa.Connection, psn_no: str) -> list[tuple[str, str]]:
    """(psn_no, relation) of the relatives this person may act for, in order."""
    rows = conn.execute(_SERVED, t.at(psn_no=psn_no, serves=1))
    return [(row[0], row[1]) for row in rows]


# -- QR -------------------------------------------------------------------------------------------
def issue_code(
    store: t.Store, psn_no: str, now_ms: int, *, ttl_ms: int = CODE_TTL_MS, org: str = ""
) -> str:
    """A one-time code as the patient's phone shows it: 28 characters, unguessable, bound to `org`
    when given."""
    code = secrets.token_hex(CODE_CHARS // 2)
    row = {"code": code, "psn_no": psn_no, "org": org, "expires_ms": now_ms + ttl_ms}
    row |= {"used_ms": 0, "used_by": b""}
    with store.begin() as conn:
        conn.execute(_ISSUE, row)
    return code


def use_code(conn: sa.Connection, code: str, org: str, ask: bytes, now_ms: int) -> tuple[str, str]:
    """(psn_no, "") and the code is spent, or ("", why): code_expired, code_used, code_other_org,
    no_person.

    The same question delivered twice (QoS 1) gets the same answer: the code remembers who used it.
    """
    row = conn.execute(_CODE, t.at(code=code)).mappings().first()
    if row is None:
        return "", "no_person"
    if row["used_by"] == ask:
        return row["psn_no"], ""
    if row["used_ms"]:
        return "", "code_used"
    if now_ms > row["expires_ms"]:
        return "", "code_expired"
    if row["org"] and row["org"] != org:
        return "", "code_other_org"
    conn.execute(_USE, t.at(code=code) | {"used_ms": now_ms, "used_by": ask})
    return row["psn_no"], ""


# -- faces ----------------------------------------------------------------------------------------
def unit(template: bytes) -> NDArray[np.float32] | None:
    """The template as a vector of length one; None when it is not a template."""
    if len(template) != TEMPLATE_BYTES:
        return None
    vector = np.frombuffer(template, dtype="<f4").astype(np.float32)
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length < 1e-6:
        return None
    return vector / length


class Faces:
    """1:N and 1:1 over the registered templates; keeps the matrix until the table grows."""

    def __init__(self, same_min: float = FACE_MIN, margin: float = FACE_MARGIN) -> None:
        self.same_min = same_min
        self.margin = margin
        self._mark = (-1, -1)
        self._who: list[str] = []  # each once, in the order of their first face
        self._place: dict[str, Indices] = {}  # of a net: which faces, person by person
        self._first: dict[str, Indices] = {}  # where each person's begin in them
        self._whose: dict[str, Indices] = {}
        self._matrix: NDArray[np.float32] = np.zeros((0, TEMPLATE_FLOATS), dtype=np.float32)

    def search(self, conn: sa.Connection, template: bytes, model: str) -> tuple[str, str]:
        """(psn_no, "") of the one person who is alike, or ("", why): no_person, ambiguous."""
        vector = unit(template)
        if vector is None:
            return "", "no_person"
        self._load(conn)
        if model not in self._place:
            return "", "no_person"
        scores = (self._matrix @ vector).take(self._place[model])
        best = np.maximum.reduceat(scores, self._first[model])  # of each person
        likest = int(best.argmax())
        score, best[likest] = float(best[likest]), -np.inf
        if score < self.same_min:
            return "", "no_person"
        if score - float(best.max()) < self.margin:
            return "", "ambiguous"
        return self._who[self._whose[model][likest]], ""

    def same(self, conn: sa.Connection, psn_no: str, template: bytes, model: str) -> bool:
        """1:1: whether the template is like one that this person registered."""
        vector = unit(template)
        if vector is None:
            return False
        rows = conn.execute(_FACES, t.at(psn_no=psn_no, model=model))
        known = (unit(row[0]) for row in rows)
        return any(own is not None and float(own @ vector) >= self.same_min for own in known)

    def _load(self, conn: sa.Connection) -> None:
        c = t.faces.c
        count, last = conn.execute(_FACES_MARK).one()
        mark = (int(count), int(last or 0))
        if mark == self._mark:
            return
        assert count <= FACES_MAX, "more faces than this reference centre is made for"
        rows = conn.execute(sa.select(c.psn_no, c.model, c.template).order_by(c.id)).all()
        good = [(row[0], row[1], vector) for row in rows if (vector := unit(row[2])) is not None]
        if good:
            self._matrix = np.stack([vector for _, _, vector in good])
        self._order([row[0] for row in good], [row[1] for row in good])
        self._mark = mark

    def _order(self, people: list[str], models: list[str]) -> None:
        """So that a search looks at each person once and not at each face."""
        self._who = list(dict.fromkeys(people))
        number = {psn_no: at for at, psn_no in enumerate(self._who)}
        whose = np.array([number[psn_no] for psn_no in people], np.intp)
        of = np.array(models)
        self._place, self._first, self._whose = {}, {}, {}
        for model in dict.fromkeys(models):
            mine = np.flatnonzero(of == model)
            mine = mine[np.argsort(whose[mine], kind="stable")]
            self._whose[model], self._first[model] = np.unique(whose[mine], return_index=True)
            self._place[model] = mine


def register_face(store: t.Store, psn_no: str, template: bytes, model: str) -> None:
    """Add a template (enrolment happens elsewhere in real life; here the demo does it)."""
    assert unit(template) is not None, "a template is 192 finite float32"
    with store.begin() as conn:
        conn.execute(t.faces.insert(), {"psn_no": psn_no, "model": model, "template": template})


# -- population -----------------------------------------------------------------------------------
def population(count: int, *, region: str = "510100") -> list[PersonSpec]:
    """Invented people: every third retired, every fourth a resident, each second has a relative."""
    people: list[PersonSpec] = []
    for index in range(count):
        resident, retired = index % 4 == 3, index % 3 == 2
        psn_type = "1401" if resident else "1201" if retired else "1101"
        before = f"SYN{index - 1:09d}"
        people.append(
            PersonSpec(
                psn_no=f"SYN{index:09d}",
                psn_name=f"测试{_hanzi(index)}",
                certno=f"00000019{60 + index % 40:02d}0101{index % 1000:03d}X",
                gend=str(1 + index % 2),
                age=75 if retired else 35 + index % 20,
                insutype="390" if resident else "310",
                psn_type=psn_type,
                insuplc_admdvs=region,
                balance_fen=0 if resident else 50_000 + 1_000 * (index % 50),
                cards=((f"SC{index:016d}", "03"), (f"000000{index:012d}", "02")),
                relatives=((before, "配偶"),) if index % 2 else (),
            )
        )
    return people


def _hanzi(number: int) -> str:
    digits = "甲乙丙丁戊己庚辛壬癸"
    return "".join(digits[int(digit)] for digit in str(number))


def add(conn: sa.Connection, people: Iterable[PersonSpec]) -> None:
    """Write people, cards and relatives (accounts and accumulators:
    sim.centre.books.ledgers.open_person)."""
    for one in people:
        row = {name: getattr(one, name) for name in Known.__struct_fields__}
        row |= {
            "cvlserv": int(one.cvlserv),
            "locked": int(one.locked),
            "idet_types": ",".join(one.idet_types),
        }
        conn.execute(t.persons.insert(), row)
        for card_no, cert_type in one.cards:
            card = {
                "card_no": card_no,
                "cert_type": cert_type,
                "psn_no": one.psn_no,
                "card_sn": f"SN{card_no}",
            }
            conn.execute(t.cards.insert(), card)
        for rank, (other, relation) in enumerate(one.relatives):
            assert relation in RELATIONS, relation
            values = {"psn_no": one.psn_no, "other": other, "relation": relation, "rank": rank}
            conn.execute(t.relatives.insert(), {**values, "serves": 1, "pays": 1})

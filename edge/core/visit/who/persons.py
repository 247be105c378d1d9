"""The people that the centre tells of in 1101, taken only as a record can carry them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from edge.core.types import Json, Person

PEOPLE_MAX: Final = 9
PSN_CHARS_MAX: Final = 30  # psn_no of the national forms; it is in every fee line
PERSON_CHARS_MAX: Final = 128  # every other text about a person


def people_of(body: Json) -> tuple[Person, ...]:
    """The people of 1101, () when the answer is malformed."""
    rows = body.get("people")
    if not isinstance(rows, list) or not 0 < len(rows) <= PEOPLE_MAX:
        return ()
    try:
        people = tuple(_person(row) for row in rows)
    except msgspec.ValidationError:
        return ()
    return people if all(_fits(person) for person in people) else ()


def _fits(person: Person) -> bool:
    """Texts that a record can carry: all of them go into its body, psn_no once for each line."""
    texts = msgspec.structs.astuple(person)
    ascii_ = person.psn_no.isascii() and len(person.psn_no) <= PSN_CHARS_MAX
    return ascii_ and all(len(text) <= PERSON_CHARS_MAX for text in texts)


def _person(row: Any) -> Person:
    form = dict(row) if isinstance(row, dict) else row
    if isinstance(form, dict) and "ecToken" in form:
        form["ec_token"] = form.pop("ecToken")
    return msgspec.convert(form, Person)

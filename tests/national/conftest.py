"""A centre with both doors and an ordinary HIS at the national one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.centre import audit
from sim.national_his import NationalHis
from tests.national.town import Town, made


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Afterwards the books must balance and nothing may be settled twice."""
    found = made(tmp_path)
    yield found
    found.served.stop()
    found.his.close()
    audited = audit.audit(found.centre.store)
    assert audited.faults == ()
    assert audit.doubles(found.centre.store) == []
    found.centre.store.close()


@pytest.fixture
def his(town: Town) -> NationalHis:
    assert town.his.sign_in().good
    return town.his

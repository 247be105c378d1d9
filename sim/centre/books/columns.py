"""How a column of the centre's tables is written: never NULL, money and times in 64 bits."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

META: Final = sa.MetaData()


def table(name: str, *columns: sa.schema.SchemaItem, **kw: Any) -> sa.Table:
    """One of the centre's tables; importing its module is what makes `create_all` know it."""
    return sa.Table(name, META, *columns, **kw)


def words(name: str, **kw: Any) -> sa.Column[str]:
    """Text."""
    return sa.Column(name, sa.Text, nullable=False, **kw)


def whole(name: str, **kw: Any) -> sa.Column[int]:
    """A number: fen, milliseconds, counts, flags."""
    return sa.Column(name, sa.BigInteger, nullable=False, **kw)


def blob(name: str, **kw: Any) -> sa.Column[bytes]:
    """Bytes."""
    return sa.Column(name, sa.LargeBinary, nullable=False, **kw)

"""The operating system's randomness, as the core takes it."""

from __future__ import annotations

import secrets


class SystemDice:
    """`edge.core.types.Dice` in production."""

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        return secrets.token_bytes(count)

    def below(self, limit: int) -> int:
        """0 <= number < limit."""
        return secrets.randbelow(limit)

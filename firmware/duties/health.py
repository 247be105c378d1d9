"""Supply, temperature, free memory and the longest round, against their limits. Pure: samples in;
`due` says when a report is wanted: every EVERY_MS, and at once when a limit is crossed either way."""

EVERY_MS = 10000
# (name in frame.LIMITS, lowest, highest); a limit that was crossed is left again only BACK inside
SUPPLY_MV = (4500, 5500)
SUPPLY_BACK_MV = 100
DECI_C = (-100, 700)
DECI_C_BACK = 20
FREE_MIN = 32768
ROUND_MAX_MS = 250

SUPPLY_LOW, SUPPLY_HIGH, TOO_HOT, TOO_COLD, MEMORY_LOW, SLOW = 1, 2, 4, 8, 16, 32


class Health:
    def __init__(self, now: int) -> None:
        self.supply_mv = 0
        self.deci_c = 0
        self.free = 0
        self.worst_ms = 0  # longest round since the last report
        self.limits = 0
        self._told = -1  # limits of the last report
        self._due_at = now

    def see(self, supply_mv: int, deci_c: int, free: int) -> None:
        """One sample of everything. `free` < 0: not measured this time."""
        self.supply_mv, self.deci_c = supply_mv, deci_c
        if free >= 0:
            self.free = free
        self._limit(SUPPLY_LOW, SUPPLY_MV[0] - supply_mv, SUPPLY_BACK_MV)
        self._limit(SUPPLY_HIGH, supply_mv - SUPPLY_MV[1], SUPPLY_BACK_MV)
        self._limit(TOO_COLD, DECI_C[0] - deci_c, DECI_C_BACK)
        self._limit(TOO_HOT, deci_c - DECI_C[1], DECI_C_BACK)
        if free >= 0:
            self._limit(MEMORY_LOW, FREE_MIN - free, 0)
        self._limit(SLOW, self.worst_ms - ROUND_MAX_MS, 0)

    def _limit(self, bit: int, beyond: int, back: int) -> None:
        if beyond > 0:
            self.limits |= bit
        elif beyond <= -back:
            self.limits &= ~bit

    def round_took(self, ms: int) -> None:
        self.worst_ms = max(self.worst_ms, ms)

    def due(self, now: int) -> bool:
        return self.limits != self._told or now >= self._due_at

    def told(self, now: int) -> None:
        """The report is on its way."""
        self._told = self.limits
        self._due_at = now + EVERY_MS
        self.worst_ms = 0

    def again(self) -> None:
        """A new host knows nothing."""
        self._told = -1

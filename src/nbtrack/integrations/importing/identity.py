"""Ids of imported runs: a UUIDv7 whose time is the run's start and whose rest is its identity.

So imported runs sort among others by when they ran, two machines that import one run give it
one id, and whether a run is here is seen from the ids alone, even if its start was corrected
at the source since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

# The digits behind time and version: 74 bits of the identity's hash.
_REST = 13


class KnownRuns:
    """Which identities the store has, and under which ids."""

    def __init__(self, run_ids: Iterable[str], going_on: Iterable[str] = ()) -> None:
        self._by_rest = {run_id[_REST:]: run_id for run_id in run_ids}
        self._going_on = set(going_on)

    def is_over(self, identity: str) -> bool:
        """Whether the run is here, and need not be looked at again."""
        run_id = self.find(identity)
        return run_id is not None and run_id not in self._going_on

    def find(self, identity: str) -> str | None:
        """The id of the run with that identity, if it is here."""
        found = self._by_rest.get(_rest_of(identity))
        if found is None:
            # One that went from here to where it comes from now has its id there.
            own = identity.rpartition(":")[2]
            found = own if self._by_rest.get(own[_REST:]) == own else None
        return found

    def add(self, run_id: str) -> None:
        """Know one more, as it is now."""
        self._by_rest[run_id[_REST:]] = run_id
        self._going_on.discard(run_id)


def imported_run_id(identity: str, started_us: int) -> str:
    """The id of the run with that identity, which began at ``started_us``."""
    time_ms = min(max(started_us // 1000, 0), (1 << 48) - 1)
    return f"{time_ms:012x}7{_rest_of(identity)}"


def _rest_of(identity: str) -> str:
    bits = int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=10).digest(), "big")
    rand_a, rand_b = bits >> 62 & 0xFFF, bits & ((1 << 62) - 1)
    return f"{rand_a:03x}{0b10 << 62 | rand_b:016x}"

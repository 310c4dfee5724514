"""Kept bytes that nobody names any more: found, and removed when one says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.tracking.files.places import artifacts_of, freeing

if TYPE_CHECKING:
    from nbtrack.artifacts import Artifacts
    from nbtrack.artifacts.places.place import ArtifactPlace, KeptBytes
    from nbtrack.store import Store

# An upload may be under way for a day on a machine that the locks do not reach.
GRACE_S = 86_400.0
# What is removed while others wait to keep something: a moment's worth.
_BATCH = 500


@dataclass(slots=True)
class Tally:
    """How many files, and their bytes."""

    files: int = 0
    size_bytes: int = 0

    def add(self, size_bytes: int) -> None:
        """Count one more."""
        self.files += 1
        self.size_bytes += size_bytes


@dataclass(slots=True)
class Garbage:
    """What can be freed, or has been.

    ``unnamed`` no run names: it was replaced under its path, or its run was purged.
    ``trashed`` only runs in the trash name. ``unfinished`` are bytes of interrupted
    uploads. ``young`` could go but for its age. ``shared`` are places that other
    stores keep files in, where nothing can be told.
    """

    unnamed: Tally = field(default_factory=Tally)
    trashed: Tally = field(default_factory=Tally)
    young: Tally = field(default_factory=Tally)
    unfinished_bytes: int = 0
    shared: list[str] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """All that can go."""
        return self.unnamed.size_bytes + self.trashed.size_bytes + self.unfinished_bytes


def find_garbage(
    store: Store, *, grace_s: float = GRACE_S, trash: bool = True, free: bool = False
) -> Garbage:
    """What nobody needs and is older than ``grace_s``; with ``free`` it is removed for good.

    What an undeleted run names stays, whatever its age; without ``trash`` also what runs in
    the trash name. Raises `StoreHeld` or `StoreUnavailable` if not all that names files can
    be read, or if one is being kept just now.
    """
    found = Garbage()
    before = time.time() - grace_s
    for place in _own_places(store, found):
        # Nobody can come to need a file between the look at what is needed and its end.
        with ExitStack() as held:
            if free:
                held.enter_context(freeing(store))
            gone = list(_collect(store, place, before, trash, found))
            if free:
                place.remove(gone[:_BATCH])
        for start in range(_BATCH, len(gone) if free else 0, _BATCH):
            with freeing(store):
                again = set(_collect(store, place, before, trash, Garbage()))
                place.remove([d for d in gone[start : start + _BATCH] if d in again])
        found.unfinished_bytes += place.sweep(before, dry_run=not free)
    return found


def _collect(
    store: Store, place: ArtifactPlace, before: float, trash: bool, found: Garbage
) -> Iterator[str]:
    from nbtrack.store import needed_digests

    # In this order: what is kept after the list was taken is not on it.
    kept: list[KeptBytes] = list(place.kept())
    needed, trashed = needed_digests(store)
    for each in kept:
        if each.digest in needed or (each.digest in trashed and not trash):
            continue
        if each.modified >= before:
            found.young.add(each.size_bytes)
            continue
        (found.trashed if each.digest in trashed else found.unnamed).add(each.size_bytes)
        yield each.digest


def _own_places(store: Store, found: Garbage) -> Iterator[ArtifactPlace]:
    from nbtrack.artifacts.where import read_whereabouts

    artifacts: Artifacts = artifacts_of(store)
    owner = read_whereabouts(store.path).owner
    for place in artifacts.places:
        if set(place.owners()) - {owner}:
            found.shared.append(place.url)
        else:
            yield place

"""Where the disk went: the database, the journals, the files of runs by place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.tracking.answers import Answer
from nbtrack.tracking.files.places import artifacts_of

if TYPE_CHECKING:
    from nbtrack.store import Store


@dataclass(frozen=True, slots=True)
class PlaceUse:
    """What stands in one place of artifacts."""

    url: str
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DiskUse:
    """Where the disk went. Bytes that several runs share are there once, and count for each."""

    database_bytes: int
    journal_bytes: int
    places: list[PlaceUse]
    experiments: Answer
    runs: Answer


def disk_use(store: Store, *, runs: int = 10) -> DiskUse:
    """What a store takes, with the ``runs`` that keep the most."""
    from nbtrack.store import kept_by_experiment, kept_by_run

    health = store.health()
    places = []
    for place in artifacts_of(store).places:
        kept = list(place.kept())
        places.append(PlaceUse(place.url, len(kept), sum(each.size_bytes for each in kept)))
    return DiskUse(
        health.database_bytes,
        sum(journal.size_bytes for journal in health.journals),
        places,
        Answer(kept_by_experiment(store)),
        Answer(kept_by_run(store, limit=runs)),
    )

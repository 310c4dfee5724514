"""What MLflow knows of runs and models, in its own words, from whichever of its stores.

Times are milliseconds of UTC, as MLflow has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nbtrack.integrations.importing.source import Omissions, SourceFile

PARENT_TAG = "mlflow.parentRunId"

# One metric: its key, and timestamp, value and step of each point.
Points = tuple[str, list[int], list[float], list[int]]


@dataclass(frozen=True, slots=True)
class MlflowDataset:
    """A data set that a run read; ``source``, ``schema`` and ``profile`` are JSON, or empty."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str
    profile: str
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model that a run made, with the files below its place."""

    model_id: str
    name: str
    created_ms: int
    updated_ms: int
    status: int
    model_type: str
    params: dict[str, str]
    tags: dict[str, str]
    files: Callable[[], Iterable[SourceFile]] = field(compare=False)
    step: int = 0


@dataclass(slots=True)
class MlflowRun:
    """A run. What is many is read when it is asked for."""

    run_id: str
    experiment: str
    experiment_id: str = ""
    name: str = ""
    user: str = ""
    status: str = "FINISHED"
    start_ms: int | None = None
    end_ms: int | None = None
    is_deleted: bool = False
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    datasets: list[MlflowDataset] = field(default_factory=list)
    models: list[LoggedModel] = field(default_factory=list)
    points: Callable[[], Iterable[Points]] = tuple
    files: Callable[[], Iterable[SourceFile]] = tuple


@dataclass(frozen=True, slots=True)
class MlflowVersion:
    """A version of a registered model. ``source`` is where its files are."""

    version: int
    run_id: str
    source: str
    model_id: str
    stage: str
    description: str
    user: str
    created_ms: int
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class MlflowModel:
    """A registered model with its versions, by number."""

    name: str
    description: str
    created_ms: int
    tags: dict[str, str]
    aliases: dict[str, int]
    versions: Sequence[MlflowVersion]


class MlflowStore(Protocol):
    """A place in which MLflow keeps runs and models."""

    omissions: Omissions

    def count(self) -> int | None:
        """How many runs there are, where that is known."""
        ...

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[MlflowRun]:
        """The runs, parents first; of one that ``is_there`` by its id, the id alone."""
        ...

    def models(self) -> Iterator[MlflowModel]:
        """The registered models."""
        ...


def parents_first(parents: dict[str, str | None]) -> list[str]:
    """Ids of runs in their order, but none before its parent."""
    order: dict[str, None] = {}
    for run_id in parents:
        line = [run_id]
        while (above := parents.get(line[-1])) in parents and above not in (*line, *order):
            line.append(str(above))
        order.update(dict.fromkeys(reversed(line)))
    return list(order)

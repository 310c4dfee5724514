"""What MLflow knows of runs and models, in its own words, from whichever of its stores.

Times are milliseconds of UTC, as MLflow has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from nbtrack.events import ModelStatus
from nbtrack.integrations.importing.source import SourceFile

# One metric: its key, and timestamp, value and step of each point.
Points = tuple[str, list[int], list[float], list[int]]

# As MLflow writes them: by number in files and databases, by name in its REST API.
RUN_STATUSES = ("", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
MODEL_STATUSES: tuple[ModelStatus, ...] = ("pending", "pending", "ready", "failed")
MODEL_STATUS_NAMES: dict[ModelStatus, str] = {
    "pending": "LOGGED_MODEL_PENDING",
    "ready": "LOGGED_MODEL_READY",
    "failed": "LOGGED_MODEL_UPLOAD_FAILED",
}


@dataclass(frozen=True, slots=True)
class MlflowExperiment:
    """An experiment. ``location`` is where its files go, where somebody chose that."""

    experiment_id: str
    name: str
    location: str = ""
    created_ms: int | None = None
    updated_ms: int | None = None
    is_deleted: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MlflowDataset:
    """A data set that a run read; ``source``, ``schema`` and ``profile`` are JSON."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str | None
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model that a run made, or somebody brought, with the files below its place."""

    model_id: str
    name: str
    experiment: str
    run_id: str | None
    created_ms: int
    updated_ms: int
    status: ModelStatus
    model_type: str
    params: dict[str, str]
    tags: dict[str, str]
    files: Callable[[], Iterable[SourceFile]] = field(compare=False)
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run measured of a logged model, perhaps on data."""

    model_id: str
    key: str
    value: float
    step: int
    time_ms: int
    data: str = ""
    digest: str = ""


@dataclass(slots=True)
class MlflowRun:
    """A run. What is many is read when it is asked for.

    ``models`` are those that it is the source of; ``read`` and ``made`` are ids of the models
    that it has as inputs, and as outputs, each at a step.
    """

    run_id: str
    experiment: str
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
    read: list[str] = field(default_factory=list)
    made: list[tuple[str, int]] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
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
    updated_ms: int
    run_link: str | None
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class MlflowModel:
    """A registered model with its versions, by number."""

    name: str
    description: str
    created_ms: int
    updated_ms: int
    tags: dict[str, str]
    aliases: dict[str, int]
    versions: Sequence[MlflowVersion]

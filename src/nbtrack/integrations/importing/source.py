"""What a source of runs gives: runs as they were there, and a tally of what they had besides.

A source reads and translates; it writes nothing, knows no store, and yields its runs one by
one, parents before their children. Adding one is a file here, and a function in ``fluent``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.events import (
    InputRead,
    ModelMeasured,
    ModelStatus,
    ModelUsed,
    ParamValue,
    Status,
)

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one metric, in arrays of one length: int64, int64 (µs of UTC) and float64."""

    key: str
    steps: Array
    times_us: Array
    values: Array


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a run keeps under ``path``: on this disk, or bytes that ``read`` fetches."""

    path: str
    content: Path | Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class SourceModel:
    """A logged model of a run, or of none, with the files below its place.

    ``model_id`` is an id like a run's, and holds wherever the model is. Times are microseconds
    of UTC.
    """

    model_id: str
    name: str
    experiment: str
    created_us: int
    changed_us: int
    status: ModelStatus
    is_deleted: bool = False
    kind: str = ""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    files: Iterable[SourceFile] = ()


@dataclass(frozen=True, slots=True)
class SourceRun:
    """A run as its source has it. Times are microseconds of UTC.

    ``identity`` names the run in every copy of its source, wherever that lies: it decides
    whether the run is here already. ``parent`` is the identity of another run. What is many
    or large (``curves``, ``files``) may be read when it is asked for, once. ``inputs``, ``uses``
    and ``measured`` name no run, and no time but that of a measurement.
    """

    identity: str
    name: str
    experiment: str
    started_us: int
    ended_us: int | None = None
    status: Status = "finished"
    parent: str | None = None
    user: str = ""
    host: str = ""
    program: str = ""
    note: str = ""
    is_deleted: bool = False
    params: dict[str, ParamValue] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    inputs: list[InputRead] = field(default_factory=list)
    models: list[SourceModel] = field(default_factory=list)
    uses: list[ModelUsed] = field(default_factory=list)
    measured: list[ModelMeasured] = field(default_factory=list)
    curves: Iterable[Curve] = ()
    files: Iterable[SourceFile] = ()


def parents_first(parents: dict[str, str | None]) -> list[str]:
    """Ids of runs in their order, but none before its parent."""
    order: dict[str, None] = {}
    for run_id in parents:
        line = [run_id]
        while (above := parents.get(line[-1])) in parents and above not in (*line, *order):
            line.append(str(above))
        order.update(dict.fromkeys(reversed(line)))
    return list(order)


class Omissions:
    """What a source holds and nbtrack does not take, by kind; what was not as it should be."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.remarks: list[str] = []

    def omit(self, what: str, count: int = 1) -> None:
        """``count`` more of what is not carried, such as ``traces``."""
        self.counts[what] += count

    def remark(self, sentence: str) -> None:
        """Say something of the source, once."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)


class RunSource(Protocol):
    """Runs that somebody else tracked.

    ``runs`` may raise any `nbtrack.NbtrackError`: what was yielded before is kept, and the
    next import goes on behind it. So it should do so only where nothing more can be had.
    """

    @property
    def title(self) -> str:
        """What is read, for people: ``MLflow store sqlite:///mlflow.db``."""
        ...

    @property
    def omissions(self) -> Omissions:
        """What is not carried, as far as it was met."""
        ...

    def count(self) -> int | None:
        """How many runs there are, where that is known without reading them."""
        ...

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[SourceRun]:
        """The runs, parents first. One whose identity ``is_there`` need not be read in full."""
        ...

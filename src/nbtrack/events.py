"""The records that everything in nbtrack exchanges, and their codec.

An event states one fact about a run. It never changes once it is written; a
later event of the same kind supersedes it. Points of metrics are the one thing
that is not an event: they are too many, and travel as binary records that name
a *series*, which `SeriesOpened` binds to a run and a key.

Run ids are UUIDv7 as 32 hexadecimal digits. Times are microseconds since 1970
in UTC; within one journal they increase strictly from call to call, so that
(step, ts) orders the points of a run even when the wall clock is set back.

The tag of an event on disk is its class name. A field may be added with a
default; a field is never renamed, retyped or removed, and a new kind of event
raises `JOURNAL_VERSION`, since an older reader must stop in front of it.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Literal

import msgspec

JOURNAL_VERSION = 4

Status = Literal["running", "scheduled", "finished", "failed", "killed"]
VerdictStatus = Literal["clean", "stale", "not replayable", "pending"]
ModelStatus = Literal["pending", "ready", "failed"]
CellStatus = Literal["finished", "failed", "unknown"]
RegistryChange = Literal[
    "model created",
    "model renamed",
    "model deleted",
    "version created",
    "version deleted",
    "described",
    "card written",
    "tagged",
    "alias set",
    "stage moved",
    "gates declared",
    "requested",
    "decided",
    "commented",
]
ParamType = Literal["int", "float", "bool", "str", "none", "json"]


class ParamValue(msgspec.Struct, frozen=True, array_like=True):
    """A parameter's value as text, with the type that gives it back.

    ``text`` is ``repr`` for int, float and bool, the text itself for str, empty
    for none, and JSON for tuples, lists and dicts of those.
    """

    type: ParamType
    text: str


class Event(msgspec.Struct, frozen=True, tag=True):
    """One fact. ``ts`` is when it became true, in microseconds of UTC."""

    ts: int


class RunStarted(Event, frozen=True):
    """A run begins. Its name, experiment and note may be changed later.

    An ``attended`` run lives no longer than the process that writes this; another is begun
    for somebody elsewhere, who ends it through whatever process is at hand.
    """

    run: str
    name: str
    experiment: str
    parent: str | None = None
    user: str = ""
    host: str = ""
    source: str = ""  # the notebook or script, relative to the store's folder where possible
    attended: bool = True


class RunResumed(Event, frozen=True):
    """An ended or abandoned run is running again, in the process that writes this if attended."""

    run: str
    attended: bool = True
    status: Literal["running", "scheduled"] = "running"


class RunEnded(Event, frozen=True):
    """A run is over. ``duration_s`` comes from the monotonic clock, summed over resumptions.

    ``ended`` is when, in microseconds of UTC, where that is told and is not now.
    """

    run: str
    status: Status
    duration_s: float | None = None
    ended: int | None = None


class ParamsLogged(Event, frozen=True):
    """Parameters of a run: key to value."""

    run: str
    params: dict[str, ParamValue]


class TagsSet(Event, frozen=True):
    """Tags of a run; ``None`` removes one."""

    run: str
    tags: dict[str, str | None]


class FactsObserved(Event, frozen=True):
    """What capture saw of the run's surroundings: git commit, Python, what was inferred."""

    run: str
    facts: dict[str, str]


class TextsKept(Event, frozen=True):
    """Longer texts by role: ``source``, ``stdout``, ``traceback``, ``module:<path>`` and others.

    A role points at a digest; the text stands in a `TextStored` event at or
    before this one in the same journal, or in the store already.
    """

    run: str
    digests: dict[str, str]


class TextStored(Event, frozen=True):
    """A text, once per distinct content. ``digest`` is BLAKE2b-128 of its UTF-8, in hex."""

    digest: str
    text: str


class RunRenamed(Event, frozen=True):
    """A run has another name."""

    run: str
    name: str


class NoteSet(Event, frozen=True):
    """A run's note, in markdown, as a whole; empty removes it."""

    run: str
    note: str


class ExperimentSet(Event, frozen=True):
    """A run belongs to another experiment."""

    run: str
    experiment: str


class ExperimentRenamed(Event, frozen=True):
    """Every run now in the experiment ``old`` belongs to ``new``.

    The number of ``old`` goes with it, unless ``new`` has one: then the two become one.
    """

    old: str
    new: str


class RunDeleted(Event, frozen=True):
    """A run went to the trash (``deleted``), or came back."""

    run: str
    deleted: bool


class VerdictReached(Event, frozen=True):
    """Whether a run can be made again; its reasons are the fact ``verdict.blames``."""

    run: str
    verdict: VerdictStatus


class CellExecuted(Event, frozen=True):
    """A kernel has executed a cell: the ``number``-th of its session, from 1.

    ``session`` is an id like a run's, one for each kernel. ``digest`` is that of the
    text as the user wrote it, in a `TextStored`; ``cell_id`` is the front end's, or empty.
    """

    session: str
    number: int
    digest: str
    cell_id: str = ""
    duration_s: float | None = None
    status: CellStatus = "finished"


class InputRead(Event, frozen=True):
    """A run read data under a name. ``digest`` tells the content, and is empty where it is unknown.

    ``shape`` is as Python writes a tuple, ``schema`` JSON. A digest of a sample says so,
    and ``note`` by which rule it was taken, or why there is none. ``context`` is what the
    data is for, such as ``training``, where somebody has said so.
    """

    run: str
    name: str
    kind: str
    digest: str
    shape: str = ""
    schema: str = ""
    size_bytes: int | None = None
    is_sampled: bool = False
    source: str = ""
    note: str = ""
    context: str = ""
    tags: dict[str, str] = {}
    # What another tracker tells of it: how ``source`` is to be read, and a summary, as JSON.
    # Such data is told apart by its digest, too, since it goes by names that are given twice.
    source_type: str = ""
    profile: str = ""


class ArtifactKept(Event, frozen=True):
    """A run keeps a file under ``path``, with ``/`` between folders. A later one replaces it."""

    run: str
    path: str
    digest: str
    size_bytes: int
    media_type: str = ""


class BoardKept(Event, frozen=True):
    """The store has a board called ``name``. A later one replaces it; ``None`` removes it.

    ``content`` is JSON that widgets write and read; the store does not look into it.
    """

    name: str
    content: str | None


class ModelLogged(Event, frozen=True):
    """A model that a run made or somebody brought, as MLflow logs it, with an id like a run's.

    Its files stand at ``location``; where that is empty, they are those that ``run`` (or, without
    one, the model itself) keeps under ``path``.
    """

    model: str
    name: str
    experiment: str
    run: str | None = None
    kind: str = ""
    location: str = ""
    path: str = ""
    params: dict[str, str] = {}
    tags: dict[str, str] = {}


class ModelChanged(Event, frozen=True):
    """What is new about a logged model; ``None`` is what stays, and of a tag that it is gone."""

    model: str
    status: ModelStatus | None = None
    deleted: bool | None = None
    params: dict[str, str] = {}
    tags: dict[str, str | None] = {}


class ModelMeasured(Event, frozen=True):
    """A run measured a logged model, perhaps on data. ``measured`` is when, as `Event` has it."""

    model: str
    run: str
    key: str
    # As Python writes it: JSON has no NaN.
    value: str
    step: int
    measured: int
    data: str = ""
    digest: str = ""


class ModelUsed(Event, frozen=True):
    """A run has a logged model as input, or as output at a step."""

    run: str
    model: str
    role: Literal["input", "output"]
    step: int = 0


class SeriesOpened(Event, frozen=True):
    """In this segment, points of ``series`` are points of ``key`` in ``run``."""

    series: int
    run: str
    key: str


AnyEvent = (
    RunStarted
    | RunResumed
    | RunEnded
    | ParamsLogged
    | TagsSet
    | FactsObserved
    | TextsKept
    | TextStored
    | RunRenamed
    | NoteSet
    | ExperimentSet
    | ExperimentRenamed
    | RunDeleted
    | VerdictReached
    | CellExecuted
    | InputRead
    | ArtifactKept
    | BoardKept
    | ModelLogged
    | ModelChanged
    | ModelMeasured
    | ModelUsed
    | SeriesOpened
)


class RegistryChanged(Event, frozen=True):
    """One change of the model registry. ``number`` counts them over all models, without a gap.

    A change is decided while the store is locked and is kept at once, so that it stands in no
    journal and is none of `AnyEvent`. ``model`` is the number of the change that created the
    model, since names change. What ``key`` and ``value`` are is told in registry/DESIGN.md.
    """

    number: int
    model: int
    change: RegistryChange
    user: str
    host: str = ""
    source: str = ""
    version: int | None = None
    key: str = ""
    value: str | None = None
    how: str = ""
    about: int | None = None  # the number of the request that this one answers
    run: str | None = None
    comment: str = ""


class ExperimentChanged(Event, frozen=True):
    """An experiment has a number, and what is told of it; ``None`` is what stays.

    Numbers count experiments, and names are unique: so it is decided as `RegistryChanged` is.
    An experiment that a run merely names gets its number when the run is folded.
    """

    number: int
    name: str | None = None
    deleted: bool | None = None
    location: str | None = None
    tags: dict[str, str | None] = {}


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(AnyEvent).decode


_last_id = 0
_last_id_lock = threading.Lock()


def new_run_id() -> str:
    """A UUIDv7 as 32 hex digits; ids made by one process sort in the order they were made.

    The layout is RFC 9562: 48 bits of Unix milliseconds, version, variant and
    74 bits of randomness. Two calls in one millisecond differ by at least one.
    """
    global _last_id
    random = int.from_bytes(os.urandom(10), "big")
    fresh = (time.time_ns() // 1_000_000) << 74 | random & ((1 << 74) - 1)
    with _last_id_lock:
        _last_id = fresh if fresh > _last_id else _last_id + 1 + (random & 0xFFFFFFFF)
        made = _last_id
    time_ms, low = made >> 74, made & ((1 << 74) - 1)
    rand_a, rand_b = low >> 62, low & ((1 << 62) - 1)
    return f"{time_ms << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b:032x}"


def short_id(run_id: str) -> str:
    """The digits that people see: the last eight, since the first are equal for a minute."""
    return run_id.replace("-", "")[-8:]

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

JOURNAL_VERSION = 3

Status = Literal["running", "finished", "failed", "killed"]
VerdictStatus = Literal["clean", "stale", "not replayable", "pending"]
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
    """A run begins. Its name, experiment and note may be changed later."""

    run: str
    name: str
    experiment: str
    parent: str | None = None
    user: str = ""
    host: str = ""
    source: str = ""  # the notebook or script, relative to the store's folder where possible


class RunResumed(Event, frozen=True):
    """An ended or abandoned run is running again, in the process that writes this."""

    run: str


class RunEnded(Event, frozen=True):
    """A run is over. ``duration_s`` comes from the monotonic clock, summed over resumptions."""

    run: str
    status: Status
    duration_s: float | None = None


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
    """Every run now in the experiment ``old`` belongs to ``new``."""

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

"""What may be said about any run, whether it is live or long over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValue
from nbtrack.events import (
    ExperimentSet,
    FactsObserved,
    NoteSet,
    RunDeleted,
    RunRenamed,
    TagsSet,
    VerdictReached,
    VerdictStatus,
    short_id,
)
from nbtrack.tracking.files.reading import ReadsFiles
from nbtrack.tracking.files.writing import KeepsFiles
from nbtrack.tracking.values import check_key

if TYPE_CHECKING:
    from nbtrack.store import Store

# MLflow's name for the tag that holds a run's description.
_MLFLOW_NOTE = "mlflow.note.content"


class RunHandle(KeepsFiles, ReadsFiles):
    """A run by its id: renamed, annotated, moved, deleted and restored; and its files.

    Every change is an event; the last one holds, and nothing is overwritten.
    """

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._id = run_id

    @property
    def id(self) -> str:
        """The full id: a UUIDv7 as 32 hexadecimal digits."""
        return self._id

    @property
    def store(self) -> Store:
        """The store that it is in."""
        return self._store

    @property
    def short_id(self) -> str:
        """The last eight digits of the id, which tell runs of one minute apart."""
        return short_id(self._id)

    def rename(self, name: str) -> None:
        """Give the run another name; the old one no longer finds it."""
        writer = self._store.writer()
        writer.append(RunRenamed(writer.now_us(), self._id, check_run_name(name)))

    def set_note(self, note: str) -> None:
        """Replace the run's note (markdown); an empty note removes it."""
        writer = self._store.writer()
        writer.append(NoteSet(writer.now_us(), self._id, str(note)))

    def observe(self, facts: Mapping[str, str]) -> None:
        """Record what was seen around the run, such as the git commit."""
        if facts:
            writer = self._store.writer()
            writer.append(FactsObserved(writer.now_us(), self._id, dict(facts)))

    def judge(self, verdict: VerdictStatus) -> None:
        """Record whether the run can be made again."""
        writer = self._store.writer()
        writer.append(VerdictReached(writer.now_us(), self._id, verdict))

    def set_tag(self, key: str, value: object) -> None:
        """Set one tag; its value is stored as text."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags at once."""
        texts = {check_key(key, "tag"): str(value) for key, value in tags.items()}
        note = texts.pop(_MLFLOW_NOTE, None)
        if note is not None:
            self.set_note(note)
        if texts:
            writer = self._store.writer()
            writer.append(TagsSet(writer.now_us(), self._id, dict(texts)))

    def delete_tag(self, key: str) -> None:
        """Remove a tag; removing one that is not there changes nothing."""
        writer = self._store.writer()
        writer.append(TagsSet(writer.now_us(), self._id, {check_key(key, "tag"): None}))

    def move(self, experiment: str) -> None:
        """Put the run into another experiment."""
        writer = self._store.writer()
        name = check_key(experiment, "experiment")
        writer.append(ExperimentSet(writer.now_us(), self._id, name))

    def delete(self) -> None:
        """Send the run to the trash, from where `restore` brings it back."""
        self._set_deleted(True)

    def restore(self) -> None:
        """Bring the run back from the trash."""
        self._set_deleted(False)

    def _set_deleted(self, deleted: bool) -> None:
        writer = self._store.writer()
        writer.append(RunDeleted(writer.now_us(), self._id, deleted))


def check_run_name(name: object) -> str:
    """``name`` if a run can bear it: one line of text, not empty."""
    checked = check_key(name, "run")
    if checked != checked.strip():
        raise InvalidValue(f"The name of a run must not begin or end with spaces, got {name!r}.")
    return checked

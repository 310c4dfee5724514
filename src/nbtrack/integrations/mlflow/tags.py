"""What is to be written so that a run has the tags that MLflow's client gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbtrack.events import Event, FactsObserved, NoteSet, RunRenamed, TagsSet
from nbtrack.integrations.mlflow_entities.tags import (
    COMMIT,
    GIT_COMMIT,
    NAME,
    NOTE,
    PARENT,
    SOURCE,
    USER,
)

if TYPE_CHECKING:
    from nbtrack.store import JournalWriter

# The attribute that says what a run would have in a tag that it does not have.
OTHERWISE: Mapping[str, str] = {USER: "user_id", SOURCE: "source", PARENT: "parent_id"}


def tag_events(writer: JournalWriter, run_id: str, tags: Mapping[str, str]) -> list[Event]:
    """What is to be written so that a run has these tags."""
    plain = {key: text for key, text in tags.items() if key not in (NAME, NOTE)}
    events: list[Event] = []
    if NAME in tags:
        events.append(RunRenamed(writer.now_us(), run_id, tags[NAME]))
    if NOTE in tags:
        events.append(NoteSet(writer.now_us(), run_id, tags[NOTE]))
    if COMMIT in tags:
        events.append(FactsObserved(writer.now_us(), run_id, {GIT_COMMIT: tags[COMMIT]}))
    if plain:
        events.append(TagsSet(writer.now_us(), run_id, dict(plain)))
    return events

"""MLflow's tags and parameters, and the fields that we have for some of them.

A run's name, note and parent, its user, source and commit are fields here and tags there.
A tag that MLflow sets is kept as a tag, but for the name and the note, which live in one place.
What a run that MLflow did not make lacks of them is told from its fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlflow.utils import mlflow_tags as theirs

from nbtrack.events import Event, FactsObserved, NoteSet, ParamValue, RunRenamed, TagsSet

if TYPE_CHECKING:
    from nbtrack.store import JournalWriter, WholeRun

NAME, NOTE = theirs.MLFLOW_RUN_NAME, theirs.MLFLOW_RUN_NOTE
USER, PARENT = theirs.MLFLOW_USER, theirs.MLFLOW_PARENT_RUN_ID
SOURCE, SOURCE_TYPE = theirs.MLFLOW_SOURCE_NAME, theirs.MLFLOW_SOURCE_TYPE
COMMIT = theirs.MLFLOW_GIT_COMMIT
# Facts of ours: that MLflow made a run, and the commit that ran.
MADE_BY, GIT_COMMIT = "mlflow.version", "git.commit"
FACTS = (MADE_BY, GIT_COMMIT)
# The attribute that says what a run would have in a tag that it does not have.
OTHERWISE: Mapping[str, str] = {USER: "user_id", SOURCE: "source", PARENT: "parent_id"}

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?|-?inf|nan", re.ASCII)
_RUN_ID = re.compile(r"[0-9a-f]{32}")


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


def run_tags(run: WholeRun) -> dict[str, str]:
    """The tags of a run as MLflow shows them."""
    tags = dict(run.tags)
    if MADE_BY not in run.facts:
        is_notebook = run.source.endswith(".ipynb")
        told = {
            USER: run.user,
            SOURCE: run.source,
            SOURCE_TYPE: run.source and ("NOTEBOOK" if is_notebook else "LOCAL"),
            COMMIT: run.facts.get(GIT_COMMIT, ""),
            PARENT: run.parent_id or "",
        }
        tags = {**{key: text for key, text in told.items() if text}, **tags}
    tags[NAME] = run.name
    if run.note:
        tags[NOTE] = run.note
    return tags


def parent_of(tags: Mapping[str, str]) -> str | None:
    """The id of the parent that tags name, if it can be one of ours."""
    parent = tags.get(PARENT, "")
    return parent if _RUN_ID.fullmatch(parent) else None


def is_run_id(text: object) -> bool:
    """Whether a run can have this id."""
    return isinstance(text, str) and _RUN_ID.fullmatch(text) is not None


def param_of(text: str) -> ParamValue:
    """A parameter, which comes as text, with the type that this text is of; the text stays."""
    if text in ("True", "False"):
        return ParamValue("bool", text)
    if text == "None":
        return ParamValue("none", "")
    if _INTEGER.fullmatch(text):
        return ParamValue("int", text)
    return ParamValue("float" if _FLOAT.fullmatch(text) else "str", text)

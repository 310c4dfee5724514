"""MLflow's tags and parameters, and the fields that we have for some of them.

A run's name, note and parent, its user, source and commit are fields here and tags there.
A tag that MLflow has is kept as a tag, but for the name and the note, which live in one place.
What a run that MLflow did not make lacks of them is told from its fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbtrack.events import ParamValue

if TYPE_CHECKING:
    from nbtrack.store import WholeRun

NAME, NOTE = "mlflow.runName", "mlflow.note.content"
USER, PARENT = "mlflow.user", "mlflow.parentRunId"
SOURCE, SOURCE_TYPE = "mlflow.source.name", "mlflow.source.type"
COMMIT = "mlflow.source.git.commit"
# Facts of ours: that MLflow made a run here, or what its id is where it came from; the commit
# that ran; and an end that the status does not tell.
MADE_BY, RUN_ID, GIT_COMMIT, END = (
    "mlflow.version",
    "mlflow.run_id",
    "git.commit",
    "mlflow.end_time",
)
# The tag of an experiment that says where its files went, before they came here.
EXPERIMENT_LOCATION = "mlflow.artifact_location"
FACTS = (MADE_BY, RUN_ID, GIT_COMMIT, END)

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?|-?inf|nan", re.ASCII)
_ID = re.compile(r"[0-9a-f]{32}")
_MODEL_ID = re.compile(r"m-([0-9a-f]{32})")


def run_tags(run: WholeRun) -> dict[str, str]:
    """The tags of a run as MLflow shows them."""
    tags = dict(run.tags)
    if MADE_BY not in run.facts:
        told = {PARENT: run.parent_id or ""}
        if RUN_ID not in run.facts:
            is_notebook = run.source.endswith(".ipynb")
            told |= {
                USER: run.user,
                SOURCE: run.source,
                SOURCE_TYPE: run.source and ("NOTEBOOK" if is_notebook else "LOCAL"),
                COMMIT: run.facts.get(GIT_COMMIT, ""),
            }
        tags = {**{key: text for key, text in told.items() if text}, **tags}
    tags[NAME] = run.name
    if run.note:
        tags[NOTE] = run.note
    return tags


def parent_of(tags: Mapping[str, str]) -> str | None:
    """The id of the parent that tags name, if it can be one of ours."""
    parent = tags.get(PARENT, "")
    return parent if is_run_id(parent) else None


def is_run_id(text: object) -> bool:
    """Whether a run can have this id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def model_number(model_id: object) -> str | None:
    """The id of ours that a logged model's of MLflow's means, if it is one."""
    found = _MODEL_ID.fullmatch(str(model_id))
    return found[1] if found else None


def param_of(text: str) -> ParamValue:
    """A parameter, which comes as text, with the type that this text is of; the text stays."""
    if text in ("True", "False"):
        return ParamValue("bool", text)
    if text == "None":
        return ParamValue("none", "")
    if _INTEGER.fullmatch(text):
        return ParamValue("int", text)
    return ParamValue("float" if _FLOAT.fullmatch(text) else "str", text)

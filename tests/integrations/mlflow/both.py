"""One client of MLflow's on its SQLite store, another on ours: asked the same, compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment, LoggedModel, Metric, Run, RunInfo
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException


@dataclass(frozen=True)
class Id:
    """What has another id on each side: the ``number``-th of its kind."""

    kind: str
    number: int


@dataclass
class Refused:
    """An error, by its code."""

    code: str


@dataclass
class Both:
    """Two clients. What one side calls by an id of its own is named by an `Id`."""

    theirs: MlflowClient
    ours: MlflowClient
    ids: dict[Id, tuple[str, str]] = field(default_factory=dict)
    _known: list[dict[str, Id]] = field(default_factory=lambda: [{}, {}])

    def know(self, kind: str, theirs: str, ours: str) -> Id:
        """Two ids of the same thing."""
        made = Id(kind, sum(each.kind == kind for each in self.ids))
        self.ids[made] = (str(theirs), str(ours))
        for known, name in zip(self._known, (theirs, ours), strict=True):
            known[f"{kind}/{name}"] = made
        return made

    def ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """The answer of both sides; it fails where they differ. Ids are put in for `Id`."""
        answers = []
        for side, client in enumerate((self.theirs, self.ours)):
            target: Any = client
            *above, name = method.split(".")
            for step in above:
                target = getattr(target, step)
            try:
                found = getattr(target, name)(
                    *(self._put_in(arg, side) for arg in args),
                    **{key: self._put_in(arg, side) for key, arg in kwargs.items()},
                )
            except MlflowException as error:
                answers.append((Refused(error.error_code), str(error)))
            else:
                answers.append((self.plain(found, side), found))
        (theirs, raw_theirs), (ours, raw_ours) = answers
        assert ours == theirs, f"{method}{args}{kwargs}\ntheirs: {raw_theirs}\nours:   {raw_ours}"
        if isinstance(theirs, Refused):
            return theirs
        return raw_theirs, raw_ours

    def _put_in(self, value: Any, side: int) -> Any:
        if isinstance(value, Id):
            return self.ids[value][side]
        if isinstance(value, list):
            return [self._put_in(each, side) for each in value]
        if isinstance(value, str) and "{" in value:
            for each, names in self.ids.items():
                value = value.replace(f"{{{each.kind}{each.number}}}", names[side])
            return value
        return value

    def plain(self, value: Any, side: int) -> Any:
        """What can be compared of an answer: times that the store makes itself are left out."""
        known = self._known[side]
        match value:
            case Run():
                return {
                    "info": self.plain(value.info, side),
                    "metrics": sorted(self.plain(m, side) for m in value.data._metric_objs),
                    "params": value.data.params,
                    "tags": value.data.tags,
                    "inputs": sorted(
                        (
                            *(getattr(i.dataset, n) for n in ("name", "digest", "source_type")),
                            *(str(getattr(i.dataset, n)) for n in ("source", "schema", "profile")),
                            sorted((tag.key, tag.value) for tag in i.tags),
                        )
                        for i in value.inputs.dataset_inputs
                    ),
                    "read": [known.get(f"model/{m.model_id}") for m in value.inputs.model_inputs],
                    "made": [
                        (known.get(f"model/{m.model_id}"), m.step)
                        for m in (value.outputs.model_outputs if value.outputs else ())
                    ],
                }
            case RunInfo():
                names = "run_name status start_time end_time lifecycle_stage user_id".split()
                return {
                    **{name: getattr(value, name) for name in names},
                    "experiment": known.get(f"experiment/{value.experiment_id}"),
                    "run": known.get(f"run/{value.run_id}"),
                }
            case Metric():
                number = "nan" if math.isnan(value.value) else value.value
                return (value.key, value.step, value.timestamp, str(number))
            case Experiment():
                names = ["name", "lifecycle_stage", "tags"]
                return {
                    **{name: getattr(value, name) for name in names},
                    "id": known.get(f"experiment/{value.experiment_id}"),
                }
            case LoggedModel():
                names = "name status model_type tags params".split()
                return {
                    **{name: getattr(value, name) for name in names},
                    "id": known.get(f"model/{value.model_id}"),
                    "run": known.get(f"run/{value.source_run_id}"),
                    "experiment": known.get(f"experiment/{value.experiment_id}"),
                    "metrics": sorted(
                        (*self.plain(m, side), str(m.dataset_name), known.get(f"run/{m.run_id}"))
                        for m in value.metrics or ()
                    ),
                }
            case RegisteredModel():
                return {
                    **{n: getattr(value, n) for n in ("name", "tags", "aliases")},
                    "description": value.description or "",
                    "latest": sorted(
                        (self.plain(each, side) for each in value.latest_versions),
                        key=lambda each: each["version"],
                    ),
                }
            case ModelVersion():
                names = "name current_stage tags source status run_link".split()
                return {
                    **{name: getattr(value, name) for name in names},
                    "aliases": sorted(value.aliases),
                    "version": str(value.version),
                    "description": value.description or "",
                    "run": known.get(f"run/{value.run_id}"),
                }
            case Mapping():
                return {key: self.plain(each, side) for key, each in value.items()}
            case str() if value.isdecimal():
                # The id of an experiment that nobody knows yet.
                return "a number"
            case str():
                return known.get(value, "" if f"run/{value}" in known else value)
            case Sequence():
                token = getattr(value, "token", None)
                return [self.plain(each, side) for each in value], bool(token)
            case _:
                return value

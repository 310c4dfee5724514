"""Training in rounds, as libraries of boosted trees do it, which tell callbacks of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy

from nbtrack.capture.estimators import chosen_params
from nbtrack.integrations.autologging.record import Record
from nbtrack.integrations.autologging.training import Training

EXAMPLE_ROWS = 5


class Rounds(Training):
    """A call that takes ``callbacks``. A library's file gives the class of its own, `callback`.

    It has ``telling`` and ``run``. ``ours`` is the one that tells of this call.
    """

    callback: ClassVar[type[Any]]
    ours: Any = None

    def use_callback(self) -> bool:
        """Whether the user has passed one of ours; it tells this record, if no other run."""
        callbacks = self.given["callbacks"] or ()
        ours = next((each for each in callbacks if isinstance(each, self.callback)), None)
        if ours is not None and ours.run in (None, self.record.run):
            ours.telling.use(self.record, self.trouble)
            self.ours = ours
        return ours is not None

    def add_callback(self) -> None:
        """Add ours behind the user's, in a list of its own, unless one is there."""
        if not self.use_callback():
            self.ours = self.callback()
            self.ours.telling.use(self.record, self.trouble)
            self.replace("callbacks", [*(self.given["callbacks"] or ()), self.ours])

    def restore(self) -> None:
        if self.ours is not None:
            self.ours.telling.leave()

    def arguments(self, names: Iterable[str]) -> Iterator[tuple[str, object]]:
        """These arguments, where the function has them; in a cell those that were chosen."""
        parameters = self.signature.parameters
        for name in names:
            if name in self.given and not (
                self.record.is_in_cell and self.given[name] == parameters[name].default
            ):
                yield name, self.given[name]


class EstimatorFit(Training):
    """``fit`` of an estimator in scikit-learn's style, whose `inner` call has the rounds."""

    def begin(self) -> None:
        estimator = self.given["self"]
        self.record.name(type(estimator).__name__, estimator)
        if self.record.is_in_cell:
            self.record.params(dict(chosen_params(estimator)), subject=estimator)
        self.record.data((self.given["X"], self.given["y"]), "train", "train")
        for name, data in self.evaluation_sets():
            self.record.data(data, name, "eval")

    def end(self) -> None:
        if self.record.options.log_models:
            estimator, rows = self.given["self"], first_rows(self.given["X"])
            answers = None if rows is None else estimator.predict(rows)
            self.record.model(estimator, inputs=rows, outputs=answers)

    def evaluation_sets(self) -> Iterator[tuple[str, object]]:
        """What is evaluated in each round, by the name that its metrics have."""
        yield from ()


def tell_importance(record: Record, kind: str, weights: Mapping[str, object]) -> None:
    """Keep the importance of each feature, under MLflow's name for the file."""
    record.text(json.dumps(weights, indent=2), f"feature_importance_{kind}.json")


def tell_best_scores(record: Record, scores: Mapping[tuple[str, str], float]) -> None:
    """Tell the scores of the best round, by data and metric; a single one needs no more name."""
    for (data, name), score in scores.items():
        key = "best_score" if len(scores) == 1 else f"best_score-{metric_key(data, name)}"
        record.results({key: score})


def metric_key(data: str, name: str) -> str:
    """MLflow's name for a metric of some data; ``@`` has no place in its names."""
    return f"{data}-{name.replace('@', '_at_')}"


def shortest(number: float) -> float:
    """0.3 for 0.30000001192092896: these libraries keep settings in 32 bits."""
    short = numpy.float32(number)
    return float(str(short)) if float(short) == number else number


def in_words(value: object) -> object:
    """A setting as people read it: a function by its name, and not by its address."""
    return getattr(value, "__qualname__", value) if callable(value) else value


def first_rows(inputs: Any) -> Any:
    """Some rows of a table or an array, for a signature; ``None`` where there is no saying."""
    if hasattr(inputs, "iloc"):
        return inputs.iloc[:EXAMPLE_ROWS]
    return inputs[:EXAMPLE_ROWS] if hasattr(inputs, "shape") else None

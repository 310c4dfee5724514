"""What one training tells, written to its run under names that are free.

A run may see several trainings. A parameter that an earlier one has told with another
value, and a curve that an earlier one has drawn, are told under the name of the training
as well (``LogisticRegression-2.C``). The same model trained again goes on where it was.
Results, which are one number a training, make a curve over the trainings.
"""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from nbtrack.tracking.active import start_apart
from nbtrack.tracking.run import Run
from nbtrack.tracking.values import metric_number, param_value

# Of so many trainings in one run parameters and curves are told; of more, the results alone.
MAX_TRAININGS = 20
# What is longer is no setting that anybody compares; it is cut, and says so.
_MAX_CHARS = 500
_SHARE = 0.1
_UNNOTICED_S = 0.2


@dataclass(slots=True)
class Told:
    """What trainings have told a run so far.

    For a tracked cell, ``holds_params``: they wait for the cell's end, since the same
    settings may stand in the cell under names of the user's. ``on_metrics`` sees each point.
    """

    holds_params: bool = False
    wants: Callable[[str], bool] | None = None
    on_metrics: Callable[[dict[str, float]], None] | None = None
    params: dict[str, object] = field(default_factory=dict)
    # Keys, with the class of the estimator whose parameters they are, where there is one.
    subjects: list[tuple[type | None, list[str]]] = field(default_factory=list)
    metrics: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    trainings: int = 0
    of_model: dict[int, tuple[weakref.ref[Any], str]] = field(default_factory=dict)
    curves: dict[str, str] = field(default_factory=dict)  # key: the training that draws it
    began: float = field(default_factory=time.perf_counter)
    spent_s: float = 0.0

    def params_beside(
        self, known: Mapping[str, object], estimators: Iterable[object]
    ) -> dict[str, object]:
        """The parameters that ``known`` does not tell already.

        That is, neither those of estimators of the classes that were looked at, among
        ``estimators``, nor those that stand in it with the same value, perhaps as a field
        (``params.max_depth``) or by a shorter or longer name: ``lr``, ``num_train_epochs``.
        """
        looked_at = {type(each) for each in estimators}
        told: dict[str, object] = {}
        seen = [(_words(key), param_value(value)) for key, value in known.items()]
        for subject, keys in self.subjects:
            if subject in looked_at:
                continue
            for key in keys:
                value, words = param_value(self.params[key]), _words(key)
                if key not in known and not any(
                    value == other and _is_one_name(words, name) for name, other in seen
                ):
                    told[key] = self.params[key]
        return told


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be logged, as `autolog` takes it."""

    log_models: bool = True
    log_datasets: bool = True
    log_input_examples: bool = False
    log_model_signatures: bool = True
    max_tuning_runs: int = 20


_told_of: weakref.WeakKeyDictionary[Run, Told] = weakref.WeakKeyDictionary()


def told_of(run: Run) -> Told:
    """What trainings have told the run; autologging and callbacks share it."""
    return _told_of.setdefault(run, Told())


class Record:
    """Where one training tells what it has to tell, once it has said what it is, with `name`."""

    def __init__(self, run: Run, options: Options) -> None:
        self.run = run
        self.options = options
        self._told = told_of(run)
        self._training = ""
        self._steps_before: int | None = None
        self.is_one_too_many = self._told.trainings >= MAX_TRAININGS
        if self.is_one_too_many:
            self.note(f"of more than {MAX_TRAININGS} trainings only results are logged")

    @property
    def is_in_cell(self) -> bool:
        """Whether this is a tracked cell's run: nobody asked for more than what costs nothing."""
        return self._told.holds_params

    @property
    def is_named(self) -> bool:
        """Whether it has been said what is trained."""
        return bool(self._training)

    @property
    def budget_s(self) -> float:
        """Seconds that may still be spent on what the library does not compute itself.

        In a tracked cell, which has not asked for it, that is a share of the cell's time so
        far, or what nobody notices. Only after many trainings is it less than nothing: what
        is small is had at any speed of the machine. Under `autolog` there is no limit.
        """
        if not self.is_in_cell:
            return math.inf
        so_far_s = time.perf_counter() - self._told.began
        left_s = max(_UNNOTICED_S, _SHARE * so_far_s) - self._told.spent_s
        return left_s if self.is_one_too_many else max(left_s, 0.0)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count the time of the block against `budget_s`."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._told.spent_s += time.perf_counter() - began

    def name(self, word: str, model: object = None) -> None:
        """Say what is trained: a word for it, and the object, by which it is known again."""
        known = self._told.of_model.get(id(model)) if model is not None else None
        if known is not None and known[0]() is model:
            self._training = known[1]
            return
        self._told.trainings += 1
        number = self._told.trainings
        self._training = word if number == 1 else f"{word}-{number}"
        if model is not None:
            try:
                reference = weakref.ref(model)
            except TypeError:
                return
            self._told.of_model[id(model)] = (reference, self._training)

    def became(self, model: object) -> None:
        """Say what a training has made of what it went on with: it is known by this from now on."""
        of_model = self._told.of_model
        for key in [key for key, (_, name) in of_model.items() if name == self._training]:
            del of_model[key]
        with suppress(TypeError):  # Not everything can be referred to weakly.
            of_model[id(model)] = (weakref.ref(model), self._training)

    def tags(self, tags: Mapping[str, str]) -> None:
        """Tag the run with what is trained; later trainings of the run leave it as it is."""
        if self._told.trainings == 1:
            self.run.set_tags(tags)

    def params(self, params: Mapping[str, object], subject: object = None) -> None:
        """Tell settings. ``subject`` is the estimator of which they are the parameters."""
        if self.is_one_too_many:
            return
        told = self._told.params
        fresh: dict[str, object] = {}
        for key, value in params.items():
            short = _shortened(value)
            if key in told and param_value(told[key]) != param_value(short):
                fresh[f"{self._training}.{key}"] = short
            elif key not in told:
                fresh[key] = short
        told.update(fresh)
        if self._told.holds_params:
            kind = None if subject is None else type(subject)
            self._told.subjects.append((kind, list(fresh)))
        else:
            known = self.run.params
            self.run.log_params({key: v for key, v in fresh.items() if key not in known})

    def metrics(self, metrics: Mapping[str, object], step: int) -> None:
        """Tell points of curves; ``step`` counts epochs or rounds, as the training does.

        A model that is trained again, and counts from 0 again, goes on behind its last step.
        """
        if self.is_one_too_many or not metrics:
            return
        drawn = self._told.curves
        points = {
            (key if drawn.setdefault(key, self._training) == self._training else self._own(key)): v
            for key, v in metrics.items()
        }
        if self._steps_before is None:
            # One number for all curves: those that have a point now and then stay in step.
            own = points.keys() - self.run.logged_keys
            self._steps_before = max([0, *(self.run.next_step(key) - step for key in own)])
        moved = step + self._steps_before
        self._log(points, lambda _: moved)

    def results(self, results: Mapping[str, object]) -> None:
        """Tell what is one number for the whole training."""
        self._log(results, self.run.next_step)

    def text(self, text: str, file: str) -> None:
        """Keep a text as a file of the run, once for each training that is told by name."""
        if self.is_one_too_many:
            return
        own = file if self._told.trainings < 2 else self._own(file)
        if own not in self._told.files:
            self._told.files.add(own)
            self.run.log_text(text, own)

    def note(self, text: str) -> None:
        """Say something to people, such as what was left out; once for each run."""
        if text not in self._told.notes:
            self._told.notes.append(text)
            self.run.observe({"autologging.notes": "; ".join(self._told.notes)})

    def child(
        self, number: int, params: Mapping[str, object], metrics: Mapping[str, object]
    ) -> None:
        """Tell the try ``number`` of a search: a run of its own below this one."""
        child = start_apart(
            run_name=f"{self.run.name}-{number}",
            parent_run_id=self.run.id,
            experiment=self.run.experiment,
            store=self.run.store.path,
        )
        child.log_params({key: _shortened(value) for key, value in params.items()})
        child.log(metrics)
        child.end()

    def model(
        self,
        model: object,
        *,
        inputs: object = None,
        outputs: object = None,
        parts: Iterable[object] = (),
    ) -> None:
        """Keep the model with the run, if that is wanted.

        ``inputs`` are some rows of what it takes, ``outputs`` what it answers to them: its
        signature is made of the two, and its example of the first. ``parts`` are the objects
        that it is made of, which may be of other libraries.
        """
        options = self.options
        if not options.log_models or self.is_one_too_many:
            return
        from nbtrack.models.requirements import requirements_of_libraries
        from nbtrack.models.saving import log_model
        from nbtrack.models.signature import infer_signature

        has_inputs = inputs is not None
        log_model(
            model,
            "model" if self._told.trainings < 2 else self._own("model"),
            signature=infer_signature(inputs, outputs)
            if has_inputs and options.log_model_signatures
            else None,
            input_example=inputs if has_inputs and options.log_input_examples else None,
            # Found by a fresh process they would cost seconds, which nobody has asked for.
            pip_requirements=requirements_of_libraries([model, *parts]),
        )

    def data(self, data: object, name: str, context: str) -> None:
        """Tell which data the training has read, if that is wanted and can be told."""
        if self.options.log_datasets and not self.is_one_too_many:
            from nbtrack.datasets.fluent import log_input
            from nbtrack.errors import InvalidValue

            with suppress(InvalidValue):  # What is no data that we know is not told.
                log_input(data, context, name=name, run=self.run)

    def _own(self, key: str) -> str:
        return f"{self._training}.{key}"

    def _log(self, metrics: Mapping[str, object], step_of: Callable[[str], int]) -> None:
        told = self._told
        numbers = {
            key: metric_number(key, value)
            for key, value in metrics.items()
            if told.wants is None or told.wants(key)
        }
        for step, points in _by_step(numbers, step_of).items():
            self.run.log_inferred(points, step)
        told.metrics.update(numbers)
        if told.on_metrics is not None:
            told.on_metrics(numbers)


def _words(key: str) -> list[str]:
    """The words of a setting's own name, without that of what it is a field of."""
    name = key.rpartition(".")[2].lower().replace("learning_rate", "lr")
    return [word for word in name.split("_") if word]


def _is_one_name(one: list[str], other: list[str]) -> bool:
    """Whether both name one setting, where one may say more in front: ``optimizer_lr``."""
    length = min(len(one), len(other))
    return length > 0 and one[-length:] == other[-length:]


def _by_step(
    metrics: Mapping[str, float], step_of: Callable[[str], int]
) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for key, value in metrics.items():
        found.setdefault(step_of(key), {})[key] = value
    return found


def _shortened(value: object) -> object:
    if isinstance(value, (bool, int, float, type(None))):
        return value
    stored = param_value(value)
    if len(stored.text) <= _MAX_CHARS:
        return value
    return f"{stored.text[: _MAX_CHARS - 1]}…"

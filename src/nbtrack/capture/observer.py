"""One execution of a cell, from what the magic's line asks to what was recorded.

`CellObserver` reads the cell before it runs, watches it while it runs, and says
afterwards which names were parameters and which were metrics.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from nbtrack.capture.bindings import computed_lines
from nbtrack.capture.estimators import is_estimator
from nbtrack.capture.inference import Execution, Findings, infer, infer_given
from nbtrack.capture.inputs import InputReader
from nbtrack.capture.instrument import Probe, instrument
from nbtrack.capture.loops import Candidates
from nbtrack.capture.reads import closed_reads
from nbtrack.capture.scalars import (
    as_measurement,
    fields_of,
    has_fields,
    is_setting,
    loaded,
    numeric_list,
    to_number,
)
from nbtrack.capture.syntax import read_syntax
from nbtrack.capture.turns import LoopWatch
from nbtrack.capture.words import is_secret
from nbtrack.errors import InvalidCell

_MISSING = object()


@dataclass(frozen=True, slots=True)
class CellOptions:
    """What the magic's line asks for.

    ``overrides`` are its ``k=v``; ``metrics`` and ``params`` the names added by ``-m``
    and ``-p``; ``only_metrics`` and ``only_params`` restrict to some names, where not empty;
    ``artifacts`` are the objects to keep, by ``-a``.
    """

    overrides: Mapping[str, object] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    only_metrics: tuple[str, ...] = ()
    only_params: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    infer: bool = True
    seed: int | None = None


@dataclass(slots=True)
class Inferred:
    """What was read off a cell. ``notes`` are short phrases for people that say how."""

    params: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    candidates: tuple[Candidates, ...] = ()


class CellObserver:
    """Observes one execution of the cell ``source`` in ``namespace``.

    ``inputs`` are names that earlier runs recorded as metrics: read here, they are
    inputs, not parameters. ``on_turn`` takes the step and the metrics of each turn
    of a top-level loop. Raises `InvalidCell` for what the options ask and the cell
    cannot give; a cell with a syntax error is not looked at, Python will say so.
    """

    def __init__(
        self,
        source: str,
        namespace: dict[str, object],
        *,
        options: CellOptions,
        inputs: Collection[str] = (),
        on_turn: Callable[[int, Mapping[str, float]], None],
    ) -> None:
        self._namespace = namespace
        self._options = options
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            tree = ast.Module([], [])
        self._tree = tree
        self._syntax = read_syntax(tree)
        self._check(tree)
        self._execution = Execution(self._syntax, namespace, frozenset(inputs))
        next_steps: dict[str, int] = {}
        watches = [
            LoopWatch(loop, namespace, on_turn, self._is_unwanted, next_steps)
            for loop in self._syntax.loops
        ]
        self._probe = Probe(namespace, watches)

    def _check(self, tree: ast.Module) -> None:
        for name, line in computed_lines(tree, self._options.overrides).items():
            raise InvalidCell(
                f"{name}={self._options.overrides[name]!r} cannot hold: line {line} of the cell "
                f"computes {name}. Take it off the %%track line, or assign a constant there."
            )
        for name in self._options.metrics:
            if name in self._options.params:
                raise InvalidCell(f"-m {name} and -p {name}: a name is one or the other.")
        for flag, names in (
            ("-m", self._options.metrics),
            ("-p", self._options.params),
            ("-a", self._options.artifacts),
        ):
            for name in names:
                root = name.partition(".")[0]
                is_known = root in self._syntax.assigned or root in self._namespace
                if not is_known and root not in self._options.overrides:
                    raise InvalidCell(
                        f"{flag} {name}: there is no {root!r}, and the cell does not assign it."
                    )

    def _is_unwanted(self, name: str) -> bool:
        only = self._options.only_metrics
        is_left_out = bool(only and name not in (*only, *self._options.metrics))
        return self._execution.is_excluded(name) or is_left_out

    def input_reader(self) -> InputReader:
        """A reader of the data that the cell reads, itself and through the session's functions."""
        names = [
            name
            for name in closed_reads(self._syntax.reads, self._namespace)
            if name in self._namespace
        ]
        return InputReader(self._tree, names, self._namespace)

    # While the cell runs

    def start(self) -> None:
        """Set seeds and overrides, and remember what the names were before the cell."""
        if self._options.seed is not None:
            set_seeds(self._options.seed)
        self._namespace.update(self._options.overrides)
        self._execution.remember()
        if self._options.infer:
            infer_given(self._execution)
            self._execution.given.update(self._options.overrides)

    def transform(self, tree: ast.Module) -> ast.Module:
        """The tree as it is to run. It is changed in place."""
        self._probe.enter()
        return instrument(tree, self._probe, self._options.overrides, watch=self._options.infer)

    def finish(self, result: object, error: BaseException | None) -> Inferred:
        """What the cell was given and measured. ``result`` is the value of its last line."""
        for watch in self._probe.loops:
            watch.close()
        self._probe.leave()
        found = Findings()
        if self._options.infer:
            found = infer(self._execution, self._probe, result, error)
        found.params.update(self._options.overrides)
        notes = self._add_asked(found)
        secrets = [name for name, value in found.params.items() if is_secret(name, value)]
        for name in secrets:
            del found.params[name]
            notes.append(f"{name} not recorded: it looks like a secret")
        self._restrict(found)
        inferred = Inferred(found.params, found.metrics, found.curves)
        inferred.candidates = tuple(self._syntax.candidates)
        inferred.notes = (*self._notes(inferred), *notes)
        return inferred

    # What the line asks for

    def _add_asked(self, found: Findings) -> list[str]:
        """Add what ``-m`` and ``-p`` name. Returns what to say of those that cannot be had."""
        notes = []
        for name in self._options.metrics:
            value = self._value_of(name)
            numbers = numeric_list(value, allow_integers=True)
            number = to_number(as_measurement(value, allow_integer=True))
            if number is not None:
                found.metrics[name] = number
                found.params.pop(name, None)
            elif numbers is not None:
                found.curves[name] = numbers
            else:
                notes.append(f"{name} is not a number")
        for name in self._options.params:
            value = self._value_of(name)
            if value is _MISSING:
                notes.append(f"{name} is not there")
                continue
            found.metrics.pop(name, None)
            if not is_setting(value) and has_fields(value):
                found.params.update((f"{name}.{key}", each) for key, each in fields_of(value))
            else:
                found.params[name] = value
        return notes

    def kept_objects(self) -> dict[str, object]:
        """The objects that ``-a`` names, by name, those that are there."""
        values = {name: self._value_of(name) for name in self._options.artifacts}
        return {name: value for name, value in values.items() if value is not _MISSING}

    def models(self) -> dict[str, object]:
        """The estimators that the cell has assigned, by name."""
        assigned = (name for name in self._syntax.assigned if self._execution.was_assigned(name))
        found = {name: self._namespace.get(name) for name in assigned}
        return {name: value for name, value in found.items() if is_estimator(value)}

    def _value_of(self, dotted: str) -> object:
        root, *attributes = dotted.split(".")
        value = self._namespace.get(root, _MISSING)
        for attribute in attributes:
            try:
                value = value[attribute] if type(value) is dict else getattr(value, attribute)
            except Exception:  # noqa: BLE001 - a property of the user's own may raise anything
                return _MISSING
        return value

    def _restrict(self, found: Findings) -> None:
        only_metrics, only_params = self._options.only_metrics, self._options.only_params
        if only_metrics:
            keep = {*only_metrics, *self._options.metrics}
            found.metrics = {k: v for k, v in found.metrics.items() if k in keep}
            found.curves = {k: v for k, v in found.curves.items() if k in keep}
        if only_params:
            keep = {*only_params, *self._options.params, *self._options.overrides}
            found.params = {
                k: v for k, v in found.params.items() if k in keep or k.partition(".")[0] in keep
            }

    def _notes(self, inferred: Inferred) -> list[str]:
        notes: list[str] = []
        for function, names in self._execution.through.items():
            kept = [name for name in names if name in inferred.params]
            if kept:
                notes.append(f"{', '.join(kept[:4])} read by {function}()")
        for watch in self._probe.loops:
            if watch.thinned and watch.logged:
                thinned = ", ".join(list(watch.logged)[:3])
                notes.append(f"{thinned} thinned: `{watch.loop.label}` turns too fast to log each")
        for tried in inferred.candidates:
            values = ", ".join(str(value) for value in tried.values[:6])
            notes.append(f"tried {tried.name} = {values}")
        return notes


def set_seeds(seed: int) -> None:
    """Seed ``random``, and numpy and torch where they are loaded."""
    random.seed(seed)
    numpy, torch = loaded("numpy"), loaded("torch")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)
    if torch is not None:
        torch.manual_seed(seed)

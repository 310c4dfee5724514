"""One execution of a cell: what it was given, what it measured, and how that was told apart.

`CellObserver` reads the cell before it runs, watches it while it runs, and says
afterwards which names were parameters and which were metrics.
"""

from __future__ import annotations

import ast
import random
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from nbtrack.capture.estimators import chosen_params, is_estimator
from nbtrack.capture.instrument import PROBE, Probe, instrument
from nbtrack.capture.reads import closed_reads
from nbtrack.capture.scalars import (
    as_measurement,
    fields_of,
    has_fields,
    is_setting,
    numeric_list,
    to_number,
)
from nbtrack.capture.syntax import (
    Candidates,
    CellSyntax,
    callee,
    computed_lines,
    read_syntax,
    says_metric,
    states_metric,
)
from nbtrack.capture.turns import LoopWatch
from nbtrack.errors import InvalidCell

MAX_PARAMS = 200


@dataclass(frozen=True, slots=True)
class CellOptions:
    """What the magic's line asks for.

    ``overrides`` are its ``k=v``; ``metrics`` and ``params`` the names added by ``-m``
    and ``-p``; ``only_metrics`` and ``only_params`` restrict to some names, where not empty.
    """

    overrides: Mapping[str, object] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    only_metrics: tuple[str, ...] = ()
    only_params: tuple[str, ...] = ()
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
        self._inputs = frozenset(inputs)
        self._before: dict[str, object] = {}
        self._given: dict[str, object] = {}
        self._through: dict[str, list[str]] = {}
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            tree = ast.Module([], [])
        self._syntax: CellSyntax = read_syntax(tree)
        self._check(tree)
        next_steps: dict[str, int] = {}
        watches = [
            LoopWatch(loop, namespace, on_turn, self._is_unwanted, next_steps)
            for loop in self._syntax.loops
        ]
        self._probe = Probe(namespace, watches)

    def _check(self, tree: ast.Module) -> None:
        computed = computed_lines(tree, self._options.overrides)
        for name, line in computed.items():
            raise InvalidCell(
                f"{name}={self._options.overrides[name]!r} cannot hold: line {line} of the cell "
                f"computes {name}. Take it off the %%track line, or assign a constant there."
            )
        for flag, names in (("-m", self._options.metrics), ("-p", self._options.params)):
            for name in names:
                root = name.partition(".")[0]
                if root not in self._syntax.assigned and root not in self._namespace:
                    raise InvalidCell(
                        f"{flag} {name}: there is no {root!r}, and the cell does not assign it."
                    )

    # While the cell runs

    def start(self) -> None:
        """Set seeds and overrides, and remember what the names were before the cell."""
        namespace = self._namespace
        if self._options.seed is not None:
            set_seeds(self._options.seed)
        namespace.update(self._options.overrides)
        self._before = {name: namespace.get(name) for name in self._syntax.assigned}
        if self._options.infer:
            self._given = self._settings_read()

    def transform(self, tree: ast.Module) -> ast.Module:
        """The tree as it is to run. Where it cannot be watched, it runs as it is."""
        overrides = self._options.overrides
        self._namespace[PROBE] = self._probe
        return instrument(tree, self._probe, overrides, watch=self._options.infer)

    def finish(self, result: object, error: BaseException | None) -> Inferred:
        """What the cell was given and measured. ``result`` is the value of its last line."""
        for watch in self._probe.loops:
            watch.close()
        self._namespace.pop(PROBE, None)
        inferred = Inferred(candidates=tuple(self._syntax.candidates))
        self._find_params(inferred)
        if self._options.infer:
            self._find_metrics(inferred, result, error)
            self._find_curves(inferred)
        self._add_asked(inferred)
        self._restrict(inferred)
        inferred.notes = tuple(self._notes(inferred))
        return inferred

    # Parameters

    def _settings_read(self) -> dict[str, object]:
        """Scalars that the cell reads, at their value before it, and fields of what it reads."""
        found: dict[str, object] = {}
        namespace = self._namespace
        for name, function in closed_reads(self._syntax.reads, namespace).items():
            if name.startswith("_") or name in self._inputs or name not in namespace:
                continue
            value = namespace[name]
            if is_setting(value):
                if value is not None:
                    found[name] = value
                    if function:
                        self._through.setdefault(function, []).append(name)
            elif has_fields(value) and name not in self._syntax.filled:
                for key, setting in fields_of(value):
                    found[f"{name}.{key}"] = setting
            if len(found) >= MAX_PARAMS:
                break
        return found

    def _find_params(self, inferred: Inferred) -> None:
        params = inferred.params
        syntax, namespace = self._syntax, self._namespace
        if self._options.infer:
            params.update(
                (name, value)
                for name, value in syntax.constants.items()
                if not name.startswith("_") and is_setting(value) and value is not None
                if name not in syntax.filled and not states_metric(name, value)
            )
            params.update((k, v) for k, v in self._given.items() if k not in params)
            for name in syntax.computed:
                value = namespace.get(name)
                is_used = name in syntax.passed or name in syntax.looked_up
                is_passed = is_used and not says_metric(name)
                is_result = name in syntax.loop_targets or name in syntax.timed
                is_scalar = is_setting(value) and not isinstance(value, (str, tuple, type(None)))
                if is_passed and is_scalar and not is_result and not name.startswith("_"):
                    params.setdefault(name, value)
            self._find_estimators(params)
        params.update(self._options.overrides)

    def _find_estimators(self, params: dict[str, object]) -> None:
        for name in dict.fromkeys((*self._syntax.assigned, *sorted(self._syntax.fitted))):
            value = self._namespace.get(name)
            if name.startswith("_") or not is_estimator(value):
                continue
            if value is self._before.get(name) and name not in self._syntax.fitted:
                continue
            for key, setting in chosen_params(value):
                # `SGD(eta0=lr)`: what was handed on stands there under its own name already.
                leaf = key.rpartition("__")[2]
                handed = self._syntax.handed_on.get(leaf, set())
                if not (handed and handed <= params.keys()) and params.get(leaf) != setting:
                    params.setdefault(f"{name}.{key}", setting)

    # Metrics

    def _is_excluded(self, name: str) -> bool:
        syntax = self._syntax
        return name.startswith("_") or name in syntax.loop_targets or name in syntax.timed

    def _is_unwanted(self, name: str) -> bool:
        only = self._options.only_metrics
        return self._is_excluded(name) or bool(only and name not in (*only, *self._options.metrics))

    def _find_metrics(
        self, inferred: Inferred, result: object, error: BaseException | None
    ) -> None:
        syntax, namespace = self._syntax, self._namespace
        for name in syntax.computed:
            is_metric = says_metric(name)
            if self._is_excluded(name) or name in inferred.params or name not in namespace:
                continue
            if name in syntax.passed and not is_metric:
                continue
            value = namespace[name]
            if value is self._before.get(name) and (error is not None or isinstance(value, float)):
                continue  # Left over from before: the cell has not come to assign it.
            number = to_number(as_measurement(value, allow_integer=is_metric))
            if number is not None:
                inferred.metrics[name] = number
        for name, constant in syntax.constants.items():
            if states_metric(name, constant) and not self._is_excluded(name):
                inferred.metrics[name] = float(namespace.get(name, constant))  # type: ignore[arg-type]
        self._find_calls(inferred)
        if error is None:
            self._find_result(inferred, result)

    def _find_calls(self, inferred: Inferred) -> None:
        sites = self._probe.sites
        for number, value in self._probe.seen.items():
            site = sites[number]
            if site.target:
                if not self._is_excluded(site.target):
                    inferred.metrics.setdefault(site.target, value)
                continue
            key = site.name
            if key in inferred.metrics and site.receiver:
                key = f"{site.receiver}.{site.name}"
            base, again = key, 2
            while key in inferred.metrics:
                key, again = f"{base}_{again}", again + 1
            inferred.metrics[key] = value

    def _find_result(self, inferred: Inferred, result: object) -> None:
        last = self._syntax.last
        if isinstance(result, dict) and 0 < len(result) <= MAX_PARAMS:
            for key, value in result.items():
                number = to_number(as_measurement(value, allow_integer=says_metric(str(key))))
                if number is not None and not isinstance(value, bool):
                    inferred.metrics.setdefault(str(key), number)
            return
        if isinstance(last, ast.Call):
            name = callee(last)
            number = to_number(as_measurement(result, allow_integer=says_metric(name)))
            is_timed = name in ("time", "perf_counter", "monotonic")
            was_seen = number in self._probe.seen.values()
            if name and number is not None and not is_timed and not was_seen:
                inferred.metrics.setdefault(name, number)

    def _find_curves(self, inferred: Inferred) -> None:
        """Lists of numbers that the cell filled, and histories of training."""
        for name in dict.fromkeys((*self._syntax.assigned, *sorted(self._syntax.filled))):
            if name.startswith("_") or name in self._syntax.constants:
                continue
            value = self._namespace.get(name)
            history = getattr(type(value), "__name__", "") == "History" and vars(value).get(
                "history"
            )
            if isinstance(history, dict):
                for key, values in history.items():
                    if (numbers := numeric_list(values)) is not None:
                        inferred.curves[str(key)] = numbers
            elif name in self._syntax.filled or says_metric(name):
                numbers = numeric_list(value)
                if numbers is not None:
                    inferred.curves[name] = numbers

    # What the line asks for

    def _add_asked(self, inferred: Inferred) -> None:
        for name in self._options.metrics:
            number = to_number(as_measurement(self._value_of(name), allow_integer=True))
            if number is not None:
                inferred.metrics[name] = number
                inferred.params.pop(name, None)
        for name in self._options.params:
            value = self._value_of(name)
            if value is not None:
                inferred.params[name] = value
                inferred.metrics.pop(name, None)

    def _value_of(self, dotted: str) -> object:
        root, *attributes = dotted.split(".")
        value = self._namespace.get(root)
        for attribute in attributes:
            with suppress(Exception):
                value = value[attribute] if isinstance(value, dict) else getattr(value, attribute)
        return value

    def _restrict(self, inferred: Inferred) -> None:
        only_metrics, only_params = self._options.only_metrics, self._options.only_params
        if only_metrics:
            keep = {*only_metrics, *self._options.metrics}
            inferred.metrics = {k: v for k, v in inferred.metrics.items() if k in keep}
            inferred.curves = {k: v for k, v in inferred.curves.items() if k in keep}
        if only_params:
            keep = {*only_params, *self._options.params, *self._options.overrides}
            inferred.params = {k: v for k, v in inferred.params.items() if k in keep}

    def _notes(self, inferred: Inferred) -> list[str]:
        notes = []
        for function, read in self._through.items():
            kept = [name for name in read if name in inferred.params]
            if kept:
                notes.append(f"{', '.join(kept[:4])} read by {function}()")
        for watch in self._probe.loops:
            if watch.thinned and watch.logged:
                names = ", ".join(list(watch.logged)[:3])
                notes.append(f"{names} thinned: `{watch.loop.label}` turns too fast to log each")
        for found in inferred.candidates:
            values = ", ".join(str(value) for value in found.values[:6])
            notes.append(f"tried {found.name} = {values}")
        return notes


def set_seeds(seed: int) -> None:
    """Seed ``random``, and numpy and torch where they are loaded."""
    random.seed(seed)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)
    if torch is not None:
        torch.manual_seed(seed)


_MEASURING_CALLS = frozenset(
    """
    fit partial_fit fit_transform fit_predict train score backward evaluate cross_val_score
    cross_validate train_on_batch fit_generator minimize run_training
    """.split()
)


def measures(source: str) -> bool:
    """Whether a cell trains or measures something: not imports, definitions and plots."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

    def walk(node: ast.AST) -> bool:
        if isinstance(node, scopes):
            return False
        if isinstance(node, ast.Call):
            name = callee(node)
            if name in _MEASURING_CALLS or name.endswith(("_score", "_loss", "_error")):
                return True
        return any(walk(child) for child in ast.iter_child_nodes(node))

    if walk(tree):
        return True
    return any(says_metric(name) for loop in read_syntax(tree).loops for name in loop.names)

"""Which names of a cell that has run were parameters, which metrics, which curves.

The text says how a name was used, the namespace before and after what it was. A
name that still is the object it was before counts only where the text leaves no
doubt that the cell assigned it.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbtrack.capture.estimators import chosen_params, is_estimator
from nbtrack.capture.expressions import result_name
from nbtrack.capture.instrument import Probe
from nbtrack.capture.reads import closed_reads
from nbtrack.capture.scalars import (
    as_measurement,
    fields_of,
    has_fields,
    is_moment,
    is_setting,
    numeric_list,
    to_number,
)
from nbtrack.capture.syntax import CellSyntax
from nbtrack.capture.words import CLOCKS, says_metric, states_metric

MAX_PARAMS = 200
_MAX_LISTS = 50
_MISSING = object()


@dataclass(slots=True)
class Findings:
    """Parameters, last values of metrics, and whole curves, by name."""

    params: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)


@dataclass(slots=True)
class Execution:
    """A cell, the names it runs among, and what they were before.

    ``given`` are the settings that it reads, at their value before it; ``through`` tells
    which of them a function of the session reads for it.
    """

    syntax: CellSyntax
    namespace: dict[str, object]
    inputs: frozenset[str]
    given: dict[str, object] = field(default_factory=dict)
    through: dict[str, list[str]] = field(default_factory=dict)
    stopped_at: int | None = None  # the line that raised
    _before: dict[str, object] = field(default_factory=dict)

    def remember(self) -> None:
        """Keep what the names are now, before the cell."""
        found = ((name, self.namespace.get(name, _MISSING)) for name in self.syntax.assigned)
        self._before = {name: value for name, value in found if value is not _MISSING}

    def is_excluded(self, name: str) -> bool:
        """Whether a name can be no metric: private, a loop's variable, or a time."""
        syntax = self.syntax
        return name.startswith("_") or name in syntax.loop_targets or name in syntax.timed

    def was_assigned(self, name: str) -> bool:
        """Whether the cell has come to assign the name, as far as that can be told."""
        value = self.namespace.get(name, _MISSING)
        if value is _MISSING:
            return False
        if name not in self._before or value is not self._before[name]:
            return True
        if self.stopped_at is not None:
            # Small integers are one object each, so for them the line has to tell.
            return type(value) is int and self.syntax.assigned[name] < self.stopped_at
        return name in self.syntax.certain or type(value) is int

    def before(self, name: str) -> object:
        """What the name was before the cell, ``None`` if nothing."""
        return self._before.get(name)


def infer_given(execution: Execution) -> None:
    """Find what the cell reads: scalars, and fields of what it reads."""
    syntax, namespace, found = execution.syntax, execution.namespace, execution.given
    for name, function in closed_reads(syntax.reads, namespace).items():
        if name.startswith("_") or name in execution.inputs or name not in namespace:
            continue
        if name in syntax.computed and says_metric(name):
            continue  # `best_loss = min(best_loss, loss)` goes on with an earlier result.
        value = namespace[name]
        if is_setting(value):
            if value is not None and not is_moment(value):
                found[name] = value
                if function:
                    execution.through.setdefault(function, []).append(name)
        elif name not in syntax.filled and has_fields(value):
            for key, setting in fields_of(value):
                found[f"{name}.{key}"] = setting
                if len(found) >= MAX_PARAMS:
                    break
        if len(found) >= MAX_PARAMS:
            break


def infer(
    execution: Execution, probe: Probe, result: object, error: BaseException | None
) -> Findings:
    """What the cell was given and what it measured."""
    execution.stopped_at = _line_of(error, execution.namespace)
    found = Findings()
    found.params.update(_constants(execution))
    found.params.update((k, v) for k, v in execution.given.items() if k not in found.params)
    measured = {probe.sites[site].target for site in probe.seen}
    for name, value in _handed_on(execution):
        if name not in measured:
            found.params.setdefault(name, value)
    _add_estimators(found.params, execution)
    found.metrics.update(_computed(execution, found.params))
    _add_calls(found.metrics, execution, probe)
    if error is None:
        _add_result(found.metrics, execution, probe, result)
    found.curves.update(_curves(execution))
    return found


# Parameters


def _constants(execution: Execution) -> Iterator[tuple[str, object]]:
    """Settings that the cell assigns from a constant, where it came to do so."""
    syntax = execution.syntax
    for name, values in syntax.constants.items():
        value = execution.namespace.get(name, _MISSING)
        is_its_own = any(type(value) is type(each) and value == each for each in values)
        if name.startswith("_") or name in syntax.filled or not is_its_own:
            continue
        if not execution.was_assigned(name) and execution.stopped_at is not None:
            continue
        # `best = None` says that there is nothing yet, unless somebody is told so.
        is_told = value is not None or name in syntax.passed
        if is_told and is_setting(value) and not states_metric(name, value):
            yield name, value


def _handed_on(execution: Execution) -> Iterator[tuple[str, object]]:
    """Computed numbers that the cell passes to a call, or took out of a configuration."""
    syntax = execution.syntax
    for name in syntax.computed:
        is_used = name in syntax.passed or name in syntax.looked_up
        if not is_used or says_metric(name) or execution.is_excluded(name):
            continue
        value = execution.namespace.get(name)
        is_scalar = is_setting(value) and not issubclass(type(value), (str, tuple, type(None)))
        if is_scalar and execution.was_assigned(name):
            yield name, value


def _add_estimators(params: dict[str, object], execution: Execution) -> None:
    syntax = execution.syntax
    for name in dict.fromkeys((*syntax.assigned, *sorted(syntax.fitted))):
        value = execution.namespace.get(name)
        if name.startswith("_") or not is_estimator(value):
            continue
        if name not in syntax.fitted and value is execution.before(name):
            continue
        for key, setting in chosen_params(value):
            # `SGD(eta0=lr)`: what was handed on stands there under its own name already.
            leaf = key.rpartition("__")[2]
            handed = syntax.handed_on.get(leaf, set())
            if not (handed and handed <= params.keys()) and params.get(leaf) != setting:
                params.setdefault(f"{name}.{key}", setting)


# Metrics


def _computed(execution: Execution, params: dict[str, object]) -> Iterator[tuple[str, float]]:
    """Numbers that the cell computed and kept, and results written down as constants."""
    syntax, namespace = execution.syntax, execution.namespace
    for name in syntax.computed:
        is_metric = says_metric(name)
        if execution.is_excluded(name) or name in params:
            continue
        if name in syntax.passed and not is_metric:
            continue
        if execution.was_assigned(name):
            number = to_number(as_measurement(namespace[name], allow_integer=is_metric))
            if number is not None:
                yield name, number
    for name in syntax.constants:
        value = namespace.get(name)
        is_stated = states_metric(name, value) and not execution.is_excluded(name)
        if is_stated and execution.was_assigned(name) and isinstance(value, float):
            yield name, value


def _add_calls(metrics: dict[str, float], execution: Execution, probe: Probe) -> None:
    """Results of measuring calls, under the name they were assigned to or the function's."""
    for number, value in probe.seen.items():
        site = probe.sites[number]
        if site.target:
            if not execution.is_excluded(site.target):
                metrics.setdefault(site.target, value)
            continue
        key = site.name
        if key in metrics and site.receiver:
            key = f"{site.receiver}.{site.name}"
        base, again = key, 2
        while key in metrics:
            key, again = f"{base}_{again}", again + 1
        metrics[key] = value


def _add_result(
    metrics: dict[str, float], execution: Execution, probe: Probe, result: object
) -> None:
    """The last expression, if it is a number or a dict of numbers."""
    last = execution.syntax.last
    if type(result) is dict and 0 < len(result) <= MAX_PARAMS:
        for key, value in result.items():
            number = to_number(as_measurement(value, allow_integer=says_metric(str(key))))
            if number is not None:
                metrics.setdefault(str(key), number)
        return
    name = result_name(last) if last is not None else ""
    if not name or name in CLOCKS or execution.is_excluded(name):
        return
    number = to_number(as_measurement(result, allow_integer=says_metric(name)))
    is_known = name in metrics or (isinstance(last, ast.Name) and name in execution.syntax.reads)
    if number is not None and not is_known and number not in probe.seen.values():
        metrics[name] = number


# Curves


def _curves(execution: Execution) -> Iterator[tuple[str, list[float]]]:
    """Lists of numbers that the cell filled, and histories of training."""
    syntax = execution.syntax
    for name in dict.fromkeys((*syntax.assigned, *sorted(syntax.filled))):
        if name.startswith("_") or name in syntax.constants or name in syntax.loop_targets:
            continue
        value = execution.namespace.get(name)
        is_metric, is_filled = says_metric(name), name in syntax.filled
        lists = _history(value) if value is not execution.before(name) else None
        if lists is None and is_filled and type(value) is dict and len(value) <= _MAX_LISTS:
            lists = value
        if lists is not None:
            for key, values in lists.items():
                numbers = numeric_list(values, allow_integers=says_metric(str(key)))
                if numbers is not None:
                    yield str(key), numbers
        elif is_filled or (is_metric and execution.was_assigned(name)):
            curve = numeric_list(value, allow_integers=is_metric)
            if curve is not None:
                yield name, curve


def _history(value: object) -> dict[object, object] | None:
    """The lists of what Keras' ``fit`` returns."""
    if type(value).__name__ != "History":
        return None
    try:
        history = vars(value).get("history")
    except TypeError:
        return None
    return history if type(history) is dict else None


def _line_of(error: BaseException | None, namespace: dict[str, object]) -> int | None:
    """The line of the cell that raised."""
    trace: types.TracebackType | None = error.__traceback__ if error is not None else None
    line = None if error is None else 0
    while trace is not None:
        if trace.tb_frame.f_globals is namespace and trace.tb_frame.f_code.co_name == "<module>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line

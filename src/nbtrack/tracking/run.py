"""A run while it lives: parameters, metrics, tags and texts go in, nothing is read back.

A log call ends in one ``write`` to the journal of this process; no database is
opened and no lock between processes is taken. Any thread may log.
"""

from __future__ import annotations

import html
import os
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from nbtrack.errors import InvalidValue, ParamConflict, RunIsOver
from nbtrack.events import (
    InputRead,
    ParamsLogged,
    ParamValue,
    RunEnded,
    Status,
    TextsKept,
)
from nbtrack.tracking.handle import RunHandle, check_run_name
from nbtrack.tracking.values import check_key, check_step, metric_number, param_value

if TYPE_CHECKING:
    from nbtrack.store import JournalWriter, Store

# What `JournalWriter.frame` gives: a function of values, step, and time in µs or None.
Frame = Callable[[Sequence[float], int, int | None], None]

_ENDINGS = ("finished", "failed", "killed")


class Run(RunHandle):
    """A run that is open for logging, made by `nbtrack.run` or `nbtrack.start_run`.

    As a context manager it ends with the block: *finished*, or *failed* with the
    traceback if the block raises, or *killed* if it is interrupted.
    """

    def __init__(
        self,
        store: Store,
        run_id: str,
        *,
        name: str,
        experiment: str,
        params: Mapping[str, ParamValue] | None = None,
        on_end: Callable[[Run], None] | None = None,
        elapsed_s: float = 0.0,
        last_steps: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(store, run_id)
        self._name = name
        self._experiment = experiment
        self._owner = os.getpid()
        self._status: Status = "running"
        self._on_end = on_end
        self._params: dict[str, ParamValue] = dict(params or {})
        self._series: dict[str, int] = {}
        self._frames: dict[tuple[str, ...], Frame] = {}
        self._inferred: set[str] = set()
        self._last_steps: dict[str, int] = dict(last_steps or {})
        self._elapsed_s = elapsed_s
        self._since = time.monotonic()

    @property
    def name(self) -> str:
        """The run's memorable name."""
        return self._name

    @property
    def experiment(self) -> str:
        """The experiment to which the run belongs."""
        return self._experiment

    @property
    def status(self) -> Status:
        """``running`` until the run ends; then how it ended."""
        return self._status

    @property
    def duration_s(self) -> float:
        """Seconds for which the run has been open, on the monotonic clock."""
        if self._status != "running":
            return self._elapsed_s
        return self._elapsed_s + time.monotonic() - self._since

    @property
    def params(self) -> dict[str, str]:
        """The parameters logged so far through this object, as text."""
        return {key: value.text for key, value in self._params.items()}

    @property
    def logged_keys(self) -> frozenset[str]:
        """Keys of the metrics that the user logged (not those that were inferred)."""
        return frozenset(self._series.keys() - self._inferred)

    # Metrics

    def log(
        self,
        mapping: Mapping[str, object] | None = None,
        /,
        *,
        step: int | None = None,
        **metrics: object,
    ) -> None:
        """Log metrics of one step: ``run.log(loss=.3)`` or ``run.log({"val/loss": .3}, step=7)``.

        Without ``step`` the values go one step past the last one logged under
        any of these keys, beginning at 0. Values are single numbers; NaN and
        infinities are kept. Raises `InvalidValue`, and then logs none of them.
        """
        if mapping is not None:
            metrics = {**mapping, **metrics}
        # A loop logs the same keys over and over: one lookup finds how they are written.
        keys = tuple(metrics)
        frame = self._frames.get(keys) or self._open_frame(metrics)
        values: tuple[Any, ...] = tuple(metrics.values())
        for value in values:
            if type(value) is not float:
                values = tuple([metric_number(key, value) for key, value in metrics.items()])
                break
        last_steps = self._last_steps
        if step is None:
            step = max([last_steps.get(key, -1) for key in keys], default=-1) + 1
        elif type(step) is not int or not -(2**63) <= step < 2**63:
            step = check_step(step)
        frame(values, step, None)
        for key in keys:
            last_steps[key] = step

    def log_metric(
        self,
        key: str,
        value: object,
        step: int | None = None,
        synchronous: bool | None = None,  # noqa: ARG002 - MLflow's; every call here is durable at once
        timestamp: int | None = None,
    ) -> None:
        """Log one metric. ``timestamp`` is in milliseconds since 1970, as in MLflow."""
        if timestamp is None:
            self.log({key: value}, step=step)
        else:
            self._log_at({key: value}, step, timestamp)

    def log_metrics(
        self,
        metrics: Mapping[str, object],
        step: int | None = None,
        synchronous: bool | None = None,  # noqa: ARG002
        timestamp: int | None = None,
    ) -> None:
        """Log several metrics of one step."""
        if timestamp is None:
            self.log(metrics, step=step)
        else:
            self._log_at(metrics, step, timestamp)

    def next_step(self, key: str) -> int:
        """One past the last step that was logged under ``key``, 0 where there is none."""
        return self._last_steps.get(key, -1) + 1

    def log_inferred(self, metrics: Mapping[str, object], step: int | None = None) -> None:
        """Log what was read off a cell or a library, under keys that the user has not logged."""
        taken = self.logged_keys
        chosen = {key: value for key, value in metrics.items() if key not in taken}
        if chosen:
            self._inferred.update(chosen.keys() - self._series.keys())
            self.log(chosen, step=step)

    def log_curve(self, key: str, steps: Iterable[int], values: Iterable[object]) -> None:
        """Log a whole curve at once: one value per step, in order."""
        for step, value in zip(steps, values, strict=True):
            self.log({key: value}, step=step)

    def _log_at(self, metrics: Mapping[str, object], step: int | None, timestamp_ms: int) -> None:
        frame = self._open_frame(metrics)
        values = tuple([metric_number(key, value) for key, value in metrics.items()])
        if step is None:
            step = max((self._last_steps.get(key, -1) for key in metrics), default=-1) + 1
        step = check_step(step)
        frame(values, step, int(timestamp_ms) * 1000)
        self._last_steps.update(dict.fromkeys(metrics, step))

    def _open_frame(self, metrics: Mapping[str, object]) -> Frame:
        """How points of these keys are written. Values are checked first: refused, none opens."""
        self._must_be_open()
        for key, value in metrics.items():
            metric_number(check_key(key, "metric"), value)
        writer = self._writer
        for key in metrics:
            if key not in self._series:
                self._series[key] = writer.open_series(self._id, key)
        frame = writer.frame(tuple([self._series[key] for key in metrics]))
        self._frames[tuple(metrics)] = frame
        return frame

    # Parameters, tags, texts

    def log_param(self, key: str, value: object, synchronous: bool | None = None) -> object:  # noqa: ARG002
        """Log one parameter, and hand its value back."""
        self.log_params({key: value})
        return value

    def log_params(self, params: Mapping[str, object], synchronous: bool | None = None) -> None:  # noqa: ARG002
        """Log parameters. Raises `ParamConflict` if one already has another value."""
        self._must_be_open()
        if not isinstance(params, Mapping):
            raise InvalidValue(f"log_params takes a mapping, got {type(params).__name__}.")
        fresh: dict[str, ParamValue] = {}
        for key, value in params.items():
            stored = param_value(value)
            known = self._params.get(check_key(key, "param"))
            if known is None:
                fresh[key] = stored
            elif known != stored:
                raise ParamConflict(
                    f"Param {key!r} of run {self._name!r} is already {known.text!r}, and cannot "
                    f"become {stored.text!r}; log it under another name or start another run."
                )
        if fresh:
            self._params.update(fresh)
            writer = self._writer
            writer.append(ParamsLogged(writer.now_us(), self._id, fresh))

    def replace_params(self, params: Mapping[str, object]) -> None:
        """Log parameters, also those that have another value already: the last one holds."""
        self._must_be_open()
        stored = {check_key(key, "param"): param_value(value) for key, value in params.items()}
        if stored:
            self._params.update(stored)
            writer = self._writer
            writer.append(ParamsLogged(writer.now_us(), self._id, stored))

    def keep_text(self, role: str, text: str) -> None:
        """Keep a longer text with the run, such as its ``source`` or ``stdout``."""
        self.keep_texts({role: text})

    def keep_texts(self, texts: Mapping[str, str]) -> None:
        """Keep several texts by role. Each is stored once, however many runs have the same."""
        writer = self._writer
        digests = {role: writer.store_text(text) for role, text in texts.items()}
        if digests:
            writer.append(TextsKept(writer.now_us(), self._id, digests))

    def keep_inputs(self, inputs: Iterable[InputRead]) -> None:
        """Record data that the run has read; run and time of the events are set here."""
        writer = self._writer
        now_us = writer.now_us()
        made = [msgspec.structs.replace(each, run=self._id, ts=now_us) for each in inputs]
        writer.append(*made)

    def rename(self, name: str) -> None:
        """Give the run another name."""
        super().rename(check_run_name(name))
        self._name = name

    def move(self, experiment: str) -> None:
        """Put the run into another experiment."""
        super().move(experiment)
        self._experiment = experiment

    # The end

    def end(self, status: str = "finished", error: BaseException | str | None = None) -> None:
        """End the run as ``finished``, ``failed`` or ``killed``; ending it twice changes nothing.

        ``error`` is the exception, or the text of its traceback, and is kept.
        """
        ending = status.lower()
        if ending not in _ENDINGS:
            raise InvalidValue(f"A run ends as one of {', '.join(_ENDINGS)}, got {status!r}.")
        if self._status != "running":
            return
        if error is not None:
            self.keep_text("traceback", error if isinstance(error, str) else _traceback_text(error))
        self._elapsed_s = self.duration_s
        self._status = ending  # type: ignore[assignment]
        # Without a frame at hand, the next log call takes the slow path, and is told.
        self._frames = {}
        # In a forked child the run is the parent's: it is the parent that ends it.
        if self._owner == os.getpid():
            writer = self._writer
            writer.append(RunEnded(writer.now_us(), self._id, self._status, self._elapsed_s))
        if self._on_end is not None:
            self._on_end(self)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
            self.end()
        elif isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            self.end("killed", error)
        else:
            self.end("failed", error)

    def after_fork(self) -> None:
        """In a forked child: log through the child's own journal from here on."""
        self._series, self._frames = {}, {}

    @property
    def _writer(self) -> JournalWriter:
        return self._store.writer()

    def _must_be_open(self) -> None:
        if self._status != "running":
            raise RunIsOver(
                f"Run {self._name!r} is already {self._status}; resume it with "
                f"nbtrack.start_run(run_id={self.short_id!r}) or start another."
            )

    # How it shows

    def __repr__(self) -> str:
        return (
            f"<Run {self._name} ({self.short_id}) {self._status}, experiment {self._experiment!r}>"
        )

    def _repr_html_(self) -> str:
        return (
            f"<b>{html.escape(self._name)}</b> <code>{self.short_id}</code> "
            f"{self._status} · {html.escape(self._experiment)}"
        )


def _traceback_text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))

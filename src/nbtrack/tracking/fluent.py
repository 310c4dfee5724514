"""Logging to the active run by function, as in MLflow; where none is active, one is started."""

from __future__ import annotations

from collections.abc import Mapping

from nbtrack.tracking.active import active_run, start_run
from nbtrack.tracking.run import Run


def log(
    mapping: Mapping[str, object] | None = None,
    /,
    *,
    step: int | None = None,
    **metrics: object,
) -> None:
    """Log metrics of one step to the active run; see `Run.log`."""
    _current().log(mapping, step=step, **metrics)


def log_metric(
    key: str,
    value: object,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
) -> None:
    """Log one metric to the active run; see `Run.log_metric`."""
    _current().log_metric(key, value, step, synchronous, timestamp)


def log_metrics(
    metrics: Mapping[str, object],
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
) -> None:
    """Log several metrics of one step to the active run."""
    _current().log_metrics(metrics, step, synchronous, timestamp)


def log_param(key: str, value: object, synchronous: bool | None = None) -> object:
    """Log one parameter to the active run, and hand its value back."""
    return _current().log_param(key, value, synchronous)


def log_params(params: Mapping[str, object], synchronous: bool | None = None) -> None:
    """Log parameters to the active run; see `Run.log_params`."""
    _current().log_params(params, synchronous)


def set_tag(key: str, value: object) -> None:
    """Set a tag of the active run."""
    _current().set_tag(key, value)


def set_tags(tags: Mapping[str, object]) -> None:
    """Set tags of the active run."""
    _current().set_tags(tags)


def delete_tag(key: str) -> None:
    """Remove a tag of the active run."""
    _current().delete_tag(key)


def set_note(note: str) -> None:
    """Replace the note of the active run (markdown)."""
    _current().set_note(note)


def _current() -> Run:
    return active_run() or start_run()

"""Weights & Biases' module on our store: change the import line, and a script's run is ours.

::

    import nbtrack.integrations.wandb as wandb

Functions and classes bear W&B's names. A project is an experiment, tags, ``group`` and
``job_type`` are tags, ``notes`` the note, ``config`` parameters. Nothing is sent anywhere; what
is printed and how busy the machine is are not recorded. Read runs with `nbtrack.search_runs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nbtrack.errors import NbtrackError as Error
from nbtrack.integrations.wandb.artifact import Artifact
from nbtrack.integrations.wandb.logged_run import Run
from nbtrack.integrations.wandb.media import Audio, Histogram, Html, Image, Table
from nbtrack.integrations.wandb.starting import (
    Settings,
    current_run,
    finish,
    init,
    login,
    needed_run,
)

__all__ = [
    "Artifact",
    "Audio",
    "Error",
    "Histogram",
    "Html",
    "Image",
    "Run",
    "Settings",
    "Table",
    "alert",
    "define_metric",
    "finish",
    "init",
    "log",
    "log_artifact",
    "log_code",
    "login",
    "save",
    "unwatch",
    "watch",
]


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """Log a row of the current run; see `Run.log`."""
    needed_run("log").log(data, step, commit)


def _of_run(name: str) -> Callable[..., Any]:
    """The method of the current run, as a function of the module."""

    def call(*args: Any, **options: Any) -> Any:
        return getattr(needed_run(name), name)(*args, **options)

    call.__name__, call.__doc__ = name, f"`Run.{name}` of the current run."
    return call


alert = _of_run("alert")
define_metric = _of_run("define_metric")
log_artifact = _of_run("log_artifact")
log_code = _of_run("log_code")
save = _of_run("save")
unwatch = _of_run("unwatch")
watch = _of_run("watch")


def __getattr__(name: str) -> Any:
    if name == "run":
        return current_run()
    if name in ("config", "summary"):
        return getattr(needed_run(name), name)
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"nbtrack has no wandb.{name}: it tracks runs (init, log, config, summary, Table, Image, "
        "Histogram, Audio, Html, Artifact, save, watch), and reads them with nbtrack.search_runs."
    )

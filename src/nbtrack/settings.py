"""What the user configured, read in one place.

A value comes from the first of: an argument, the environment, the notebook's
configuration (``c.NBTrack.store = …`` in ``ipython_config.py``), the default.
This module is the one reader of ``os.environ`` for configuration.

=====================  ================  ==========================================
environment            configuration     meaning
=====================  ================  ==========================================
NBTRACK_STORE          c.NBTrack.store   the store's folder
NBTRACK_ARTIFACTS      .artifacts        where runs keep files, an fsspec address
NBTRACK_EXPERIMENT     .experiment       experiment of runs that name none
NBTRACK_USER           .user             who runs and decides; default, JupyterHub's
                                         user, else the one who is logged in
NBTRACK_ALL_RANKS      .all_ranks        1: every process of a distributed job logs
=====================  ================  ==========================================
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

STORE_FOLDER = ".nbtrack"

_configured: dict[str, object] = {}

# Where launchers say which process of a distributed job this is.
_RANK_VARIABLES = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")


def configure(values: Mapping[str, object]) -> None:
    """Take the notebook's configuration (the ``NBTrack`` section of IPython's)."""
    _configured.clear()
    _configured.update(values)


def find_store(start: Path | None = None) -> Path:
    """The folder of the store for work done in ``start`` (default: the current folder).

    The configured store if there is one; else the nearest ``.nbtrack`` in
    ``start`` or above it; else ``.nbtrack`` at the root of the git checkout;
    else ``.nbtrack`` in ``start``. Nothing is created.
    """
    chosen = _text("NBTRACK_STORE", "store")
    if chosen:
        return Path(chosen).expanduser().absolute()
    start = (start or Path.cwd()).absolute()
    folders = (start, *start.parents)
    for folder in folders:
        if (folder / STORE_FOLDER).is_dir():
            return folder / STORE_FOLDER
    for folder in folders:
        if (folder / ".git").exists():
            return folder / STORE_FOLDER
    return start / STORE_FOLDER


def default_experiment() -> str | None:
    """The experiment that the user configured, if any."""
    return _text("NBTRACK_EXPERIMENT", "experiment")


def user() -> str | None:
    """Who works here, where that is told: in a container all are logged in as the same."""
    return _text("NBTRACK_USER", "user") or os.environ.get("JUPYTERHUB_USER") or None


def artifacts_place() -> str | None:
    """Where the user configured that new files of runs go, if he did."""
    return _text("NBTRACK_ARTIFACTS", "artifacts")


def told_mlflow(name: str) -> str | None:
    """What the user has told MLflow's own clients, as ``TRACKING_TOKEN``: we are one of them."""
    return os.environ.get(f"MLFLOW_{name}") or None


def told_wandb(name: str) -> str | None:
    """What a variable of W&B's says, by the name behind ``WANDB_``: scripts for it expect it."""
    return os.environ.get(f"WANDB_{name}") or None


def quiet_rank() -> int | None:
    """This process's rank where a distributed job's other processes should stay quiet.

    ``None`` where this process logs: it is rank 0, no launcher says a rank, or
    the user asked that all ranks log.
    """
    if (_text("NBTRACK_ALL_RANKS", "all_ranks") or "").lower() in ("1", "true", "yes", "on"):
        return None
    for variable in _RANK_VARIABLES:
        rank = os.environ.get(variable, "")
        if rank.isdecimal():
            return int(rank) or None
    return None


def _text(variable: str, name: str) -> str | None:
    value = os.environ.get(variable) or _configured.get(name)
    return None if value is None or value == "" else str(value)

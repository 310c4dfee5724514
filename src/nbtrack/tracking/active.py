"""Which run is current, and how runs begin and end.

Each thread has its own stack of open runs. A thread that has started none logs
to the newest run of the process, so that a data loader's threads, or a callback,
find the run that the main thread opened.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nbtrack import settings
from nbtrack.capture.program import is_in_shell, running_program
from nbtrack.errors import InvalidValue, NbtrackError
from nbtrack.events import (
    NoteSet,
    ParamsLogged,
    ParamValue,
    RunResumed,
    RunStarted,
    TagsSet,
    new_run_id,
)
from nbtrack.tracking.author import author_at
from nbtrack.tracking.files.places import ask_for_place
from nbtrack.tracking.handle import check_run_name
from nbtrack.tracking.names import memorable_name
from nbtrack.tracking.run import Run
from nbtrack.tracking.silent import SilentStore
from nbtrack.tracking.values import check_key, param_value

if TYPE_CHECKING:
    from nbtrack.store import Store

_open: dict[str, Run] = {}
# Runs that are nobody's current one.
_apart: dict[str, Run] = {}
_threads = threading.local()
_experiment: str | None = None
_stores: dict[Path, Store] = {}
_chosen_store: Path | None = None


# The store


def current_store(place: str | os.PathLike[str] | None = None) -> Store:
    """The store in ``place``, else the one chosen by `set_store`, else the default one.

    The default is found once, from the folder in which the process first asks,
    so that a later ``os.chdir`` does not split a session over two stores.
    """
    global _chosen_store
    if place is not None:
        path = Path(place).expanduser().absolute()
    else:
        if _chosen_store is None:
            _chosen_store = settings.find_store()
        path = _chosen_store
    if path not in _stores:
        from nbtrack.store import Store

        _stores[path] = Store(path)
    return _stores[path]


def set_store(
    place: str | os.PathLike[str], *, artifacts: str | os.PathLike[str] | None = None
) -> Path:
    """Use the store in the folder ``place`` from now on; it is made when first needed.

    ``artifacts`` is where its runs keep files from now on: a folder, or an fsspec address
    such as ``s3://bucket/folder``. The store remembers it, for every process; what it
    kept elsewhere before is still found.
    """
    global _chosen_store
    _chosen_store = Path(place).expanduser().absolute()
    if artifacts is not None:
        from nbtrack.artifacts import check_address

        ask_for_place(_chosen_store, check_address(artifacts))
    return _chosen_store


# The experiment


def set_experiment(experiment_name: str) -> str:
    """Runs that name no experiment belong to this one from now on."""
    global _experiment
    _experiment = check_key(experiment_name, "experiment")
    return _experiment


def chosen_experiment() -> str | None:
    """The experiment that the user chose, by `set_experiment` or by configuration."""
    return _experiment or settings.default_experiment()


def current_experiment() -> str:
    """The experiment of a run that names none: the chosen one, else the program's name."""
    return chosen_experiment() or running_program().title


# The current run


def active_run() -> Run | None:
    """The run to which this thread logs, or ``None``."""
    return _own_run() or next(reversed(list(_open.values())), None)


def run(
    name: str | None = None,
    /,
    *,
    experiment: str | None = None,
    tags: Mapping[str, object] | None = None,
    note: str | None = None,
    store: str | os.PathLike[str] | None = None,
    **params: object,
) -> Run:
    """Start a run: ``with nbtrack.run("rf", lr=.1) as run: …``. Inside another run it is its child.

    Parameters
    ----------
    name : a memorable name is given where there is none.
    experiment : default, the current one (see `set_experiment`).
    tags, note : as `Run.set_tags`, `Run.set_note`.
    store : the store's folder, if not the default one.
    **params : logged as parameters; use `Run.log_params` for the names above.
    """
    parent = active_run()
    return _enter(
        _begin(
            name=name,
            experiment=experiment,
            parent=parent.id if parent else None,
            tags=tags,
            note=note,
            params=params,
            store=store,
        )
    )


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, object] | None = None,
    description: str | None = None,
    *,
    experiment: str | None = None,
    store: str | os.PathLike[str] | None = None,
) -> Run:
    """Start a run, or resume the one that ``run_id`` names. Arguments as MLflow's.

    ``run_id`` is a name, an id or a unique part of one. ``experiment_id`` and
    ``experiment`` both take an experiment's name. Raises `InvalidValue` if a run
    is active in this thread and ``nested`` is false.
    """
    stack_top = _own_run()
    if stack_top is not None and not nested and run_id != stack_top.id:
        raise InvalidValue(
            f"Run {stack_top.name!r} is still active; end it with nbtrack.end_run(), "
            "or pass nested=True to start a child of it."
        )
    if run_id is not None:
        return _enter(_resume(run_id, store))
    parent = parent_run_id or (stack_top.id if stack_top is not None and nested else None)
    return _enter(
        _begin(
            name=run_name,
            experiment=experiment or experiment_id,
            parent=parent,
            tags=tags,
            note=description,
            params={},
            store=store,
        )
    )


def start_apart(
    run_id: str | None = None,
    *,
    run_name: str | None = None,
    experiment: str | None = None,
    parent_run_id: str | None = None,
    store: str | os.PathLike[str] | None = None,
) -> Run:
    """Start or resume a run that does not become the active one; whoever holds it logs to it.

    Other runs that begin meanwhile are no children of it. It ends with the process, as
    others do.
    """
    if run_id is not None:
        run = _resume(run_id, store)
    else:
        run = _begin(
            name=run_name,
            experiment=experiment,
            parent=parent_run_id,
            tags=None,
            note=None,
            params={},
            store=store,
        )
    _install_hooks()
    _apart[run.id] = run
    return run


def end_run(status: str = "FINISHED") -> None:
    """End the active run, if there is one."""
    run = active_run()
    if run is not None:
        run.end(status)


def open_runs() -> list[Run]:
    """The runs of this process that have not ended, oldest first; those apart come last."""
    return [*_open.values(), *_apart.values()]


def _begin(
    *,
    name: str | None,
    experiment: str | None,
    parent: str | None,
    tags: Mapping[str, object] | None,
    note: str | None,
    params: Mapping[str, object],
    store: str | os.PathLike[str] | None,
) -> Run:
    place = _store_for_logging(store)
    writer = place.writer()
    run_name = check_run_name(name) if name is not None else memorable_name()
    run_experiment = check_key(experiment, "experiment") if experiment else current_experiment()
    stored = {check_key(key, "param"): param_value(value) for key, value in params.items()}
    run_id = new_run_id()
    author = author_at(place.path)
    now = writer.now_us()
    writer.append(
        RunStarted(
            now,
            run_id,
            run_name,
            run_experiment,
            parent=parent,
            user=author.user,
            host=author.host,
            source=author.source,
        ),
        *([ParamsLogged(now, run_id, stored)] if stored else []),
        *(
            [TagsSet(now, run_id, {check_key(k, "tag"): str(v) for k, v in tags.items()})]
            if tags
            else []
        ),
        *([NoteSet(now, run_id, note)] if note else []),
    )
    return Run(
        place, run_id, name=run_name, experiment=run_experiment, params=stored, on_end=_leave
    )


def _resume(reference: str, store: str | os.PathLike[str] | None) -> Run:
    place = _store_for_logging(store)
    if isinstance(place, SilentStore):
        return Run(place, reference, name=reference, experiment="", on_end=_leave)
    from nbtrack.store import find_run, run_detail

    run_id = find_run(place, reference)
    if run_id in _open:
        return _open[run_id]
    past = run_detail(place, run_id)
    writer = place.writer()
    writer.append(RunResumed(writer.now_us(), run_id))
    return Run(
        place,
        run_id,
        name=past.name,
        experiment=past.experiment,
        params={p.key: ParamValue(p.type, p.value) for p in past.params},
        elapsed_s=past.duration_s or 0.0,
        last_steps={m.key: m.step for m in past.metrics},
        on_end=_leave,
    )


def _enter(run: Run) -> Run:
    _install_hooks()
    _open[run.id] = run
    _stack().append(run)
    return run


def _leave(run: Run) -> None:
    _open.pop(run.id, None)
    _apart.pop(run.id, None)


def _store_for_logging(place: str | os.PathLike[str] | None) -> Store:
    store = current_store(place)
    if settings.quiet_rank() is not None:
        return cast("Store", SilentStore(store.path))
    return store


def _own_run() -> Run | None:
    """The newest run that this thread itself has opened, and that is still open."""
    stack = _stack()
    while stack and stack[-1].status != "running":
        stack.pop()
    return stack[-1] if stack else None


def _stack() -> list[Run]:
    stack: list[Run] | None = getattr(_threads, "stack", None)
    if stack is None:
        stack = _threads.stack = []
    return stack


# The end of the process


@cache
def _install_hooks() -> None:
    atexit.register(_end_open_runs)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget_parents_end)


def _end_open_runs() -> None:
    """End what the program left open: *failed* if an exception ended it, else *finished*."""
    # In a shell the last exception is the last failed cell's, and did not end anything.
    error = None if is_in_shell() else getattr(sys, "last_value", None)
    for run in open_runs():
        with suppress(NbtrackError, OSError):
            run.end("failed" if error else "finished", error)


def _forget_parents_end() -> None:
    for run in open_runs():
        run.after_fork()

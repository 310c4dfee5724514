"""Runs that were recorded: found, read, asked about, deleted, brought back and purged."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from types import FrameType
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.events import ExperimentRenamed, RunDeleted
from nbtrack.tracking.active import chosen_experiment, current_store, open_runs
from nbtrack.tracking.answers import Answer, to_pandas
from nbtrack.tracking.files.places import freeing
from nbtrack.tracking.stored import StoredRun
from nbtrack.tracking.values import check_key

if TYPE_CHECKING:
    from nbtrack.store import Store

Place = str | PathLike[str] | None

_VIEW_TYPES = {1: "active", 2: "deleted", 3: "all"}  # MLflow's ViewType
_FRAME_LIBRARIES = ("pandas", "polars", "pyarrow")


def get_run(run_id: str, *, store: Place = None) -> StoredRun:
    """The run with that name, id, or unique part of an id (at least four characters).

    Raises `RunNotFound`, with the closest name, or `AmbiguousRun`, with the candidates.
    Runs in the trash are found too.
    """
    from nbtrack.store import find_run

    place = current_store(store)
    return StoredRun(place, find_run(place, run_id, lifecycle="all"))


def search_runs(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: int = 1,
    max_results: int = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: str = "pandas",
    search_all_experiments: bool = False,
    experiment_names: Sequence[str] | None = None,
    *,
    store: Place = None,
) -> Any:
    """Runs that fit a filter, one row each, with MLflow's arguments and column names.

    ``filter_string`` is MLflow's grammar with OR, NOT and parentheses added:
    ``"metrics.acc > .9 and (params.model = 'rf' or tags.team = 'vision')"``.
    Both ``experiment_ids`` and ``experiment_names`` take names; without them the
    experiment chosen by `set_experiment` is searched, or all if none was chosen.
    ``output_format`` is ``pandas``, ``polars``, ``arrow`` or ``list`` (of `StoredRun`).
    """
    from nbtrack.store import RunQuery, run_frame

    if isinstance(experiment_ids, str):
        raise InvalidValue(
            "The first argument of search_runs is a list of experiments; "
            f"pass the filter as filter_string={experiment_ids!r}."
        )
    names = [*(experiment_ids or ()), *(experiment_names or ())]
    if not names and not search_all_experiments and (chosen := chosen_experiment()):
        names = [chosen]
    if run_view_type not in _VIEW_TYPES:
        raise InvalidValue(
            f"run_view_type is 1 (active), 2 (deleted) or 3 (all), got {run_view_type!r}."
        )
    query = RunQuery(
        filter=filter_string or "",
        order_by=tuple(order_by or ()),
        experiments=tuple(names) or None,
        lifecycle=_VIEW_TYPES[run_view_type],  # type: ignore[arg-type]
    )
    place = current_store(store)
    table = run_frame(place, query, limit=max_results)
    converters: dict[str, Callable[[], object]] = {
        "pandas": lambda: to_pandas(table),
        "polars": lambda: Answer(table).pl(),
        "arrow": lambda: table,
        "list": lambda: [StoredRun(place, run_id) for run_id in table["run_id"].to_pylist()],
    }
    if output_format not in converters:
        raise InvalidValue(
            f"output_format is one of {', '.join(converters)}, got {output_format!r}."
        )
    return converters[output_format]()


def sql(query: str, parameters: Sequence[object] = (), *, store: Place = None) -> Answer:
    """Ask the store in SQL; the answer shows as a table and converts to a DataFrame.

    The views are ``runs``, ``params``, ``metrics``, ``latest_metrics``, ``tags``,
    ``facts``, ``texts``, ``boards``, ``experiments``, ``logged_models`` and ``all_runs`` (with
    deleted runs); of registered models
    ``registered_models``, ``model_versions``, ``model_tags``, ``model_aliases``, ``model_history``,
    ``model_requests``, ``models_in_production``, ``production_approvals``, ``production_data``,
    ``production_changes`` and ``model_versions_by_data``. DataFrames of the caller (pandas,
    polars, pyarrow) can be joined by their variable's name.
    ``parameters`` fill ``?`` placeholders. Reading only: nothing can be changed.
    """
    frame = inspect.currentframe()
    frames = _frames_named(query, frame.f_back if frame else None)
    return Answer(current_store(store).query(query, tuple(parameters), frames=frames))


def sql_in(query: str, namespace: Mapping[str, object], *, store: Place = None) -> Answer:
    """As `sql`, with the DataFrames of ``namespace`` by name."""
    return Answer(current_store(store).query(query, frames=_named_frames(query, namespace)))


def list_experiments(*, store: Place = None) -> Answer:
    """Every experiment that has runs: its name, how many, and when the last one began."""
    from nbtrack.store import experiment_table

    return Answer(experiment_table(current_store(store)))


def rename_experiment(old: str, new: str, *, store: Place = None) -> None:
    """Give an experiment another name; if ``new`` exists already, the two become one."""
    writer = current_store(store).writer()
    _check_experiment(old, store)
    writer.append(ExperimentRenamed(writer.now_us(), old, check_key(new, "experiment")))


def delete_experiment(experiment: str, *, store: Place = None) -> int:
    """Send every run of an experiment to the trash; how many there were."""
    return _set_deleted(_runs_of(experiment, deleted=False, store=store), True, store)


def restore_experiment(experiment: str, *, store: Place = None) -> int:
    """Bring every run of an experiment back from the trash; how many there were."""
    return _set_deleted(_runs_of(experiment, deleted=True, store=store), False, store)


def delete_run(run_id: str, *, store: Place = None) -> None:
    """Send a run to the trash. `restore_run` brings it back, `purge` removes it for good."""
    get_run(run_id, store=store).delete()


def restore_run(run_id: str, *, store: Place = None) -> None:
    """Bring a run back from the trash."""
    get_run(run_id, store=store).restore()


def purge(*run_ids: str, store: Place = None) -> int:
    """Remove runs for good, from the database and the journals; how many were removed.

    For a secret that was logged by mistake. There is no way back.
    """
    from nbtrack.store import needed_digests, run_artifacts

    place = current_store(store)
    ids = [get_run(run_id, store=store).id for run_id in run_ids]
    for run in open_runs():
        if run.id in ids:
            raise InvalidValue(f"Run {run.name!r} is still running here; end it before purging it.")
    _expect_unregistered(place, ids)
    kept = {artifact.digest for run_id in ids for artifact in run_artifacts(place, run_id)}
    purged = place.purge(ids)
    if kept:
        with freeing(place) as artifacts:
            artifacts.remove(kept.difference(*needed_digests(place)))
    return purged


def _expect_unregistered(place: Store, run_ids: Sequence[str]) -> None:
    named = place.query(
        "SELECT name, version FROM model_versions "
        "WHERE run_id IN (SELECT unnest($runs::VARCHAR[])::UUID) ORDER BY ALL LIMIT 3",
        {"runs": list(run_ids)},
    ).to_pylist()
    if named:
        versions = ", ".join(f"{row['name']} {row['version']}" for row in named)
        raise InvalidValue(
            f"Registered versions are made of what you purge ({versions}); delete them first, with "
            "nbtrack.Registry().delete_model_version(name, version)."
        )


def _set_deleted(run_ids: Sequence[str], deleted: bool, store: Place) -> int:
    writer = current_store(store).writer()
    writer.append(*(RunDeleted(writer.now_us(), run_id, deleted) for run_id in run_ids))
    return len(run_ids)


def _runs_of(experiment: str, *, deleted: bool, store: Place) -> list[str]:
    from nbtrack.store import runs_of_experiment

    ids = runs_of_experiment(current_store(store), experiment, deleted=deleted)
    if not ids:
        _check_experiment(experiment, store)
    return ids


def _check_experiment(experiment: str, store: Place) -> None:
    names = [row["experiment"] for row in list_experiments(store=store)]
    if experiment not in names:
        known = ", ".join(repr(name) for name in names[:5]) or "none yet"
        raise InvalidValue(f"There is no experiment {experiment!r} (there are: {known}).")


def _frames_named(query: str, caller: FrameType | None) -> dict[str, object]:
    if caller is None:
        return {}
    return _named_frames(query, {**caller.f_globals, **caller.f_locals})


def _named_frames(query: str, namespace: Mapping[str, object]) -> dict[str, object]:
    """The DataFrames of ``namespace`` whose names occur in the query as words."""
    words = set(re.findall(r"\w+", query))
    named = {word: namespace[word] for word in words if _is_frame(namespace.get(word))}
    # An answer may itself come from the store, which cannot be read while it is being read.
    return {n: f.arrow() if isinstance(f, Answer) else f for n, f in named.items()}


def _is_frame(value: object) -> bool:
    library = type(value).__module__.partition(".")[0]
    return isinstance(value, Answer) or (
        library in _FRAME_LIBRARIES and library in sys.modules and hasattr(value, "columns")
    )

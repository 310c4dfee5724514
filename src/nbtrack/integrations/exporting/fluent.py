"""Writing runs as others read them: a function for each kind of target."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from nbtrack.integrations.exporting.chosen import chosen_runs
from nbtrack.integrations.report import Report
from nbtrack.tracking.active import current_store

AnyPath = str | os.PathLike[str]


def export_parquet(
    directory: AnyPath,
    *,
    filter_string: str = "",
    experiments: Sequence[str] = (),
    artifacts: bool = False,
    store: AnyPath | None = None,
) -> Report:
    """Write runs as Parquet: ``runs``, ``params``, ``tags``, ``metrics``, ``facts``, ``texts``, …

    All runs that are not in the trash, or those that fit. ``run_id`` joins the files. What an
    earlier export wrote there is replaced. With ``artifacts`` the runs' files are written, too.
    """
    from nbtrack.integrations.exporting.parquet import export_tables

    place = current_store(store)
    run_ids = chosen_runs(place, filter_string, experiments, deleted=False)
    return export_tables(place, Path(directory), run_ids, artifacts=artifacts)


def export_mlflow(
    tracking_uri: AnyPath,
    *,
    filter_string: str = "",
    experiments: Sequence[str] = (),
    registry: bool = True,
    store: AnyPath | None = None,
) -> Report:
    """Write runs, with all they have, experiments and registered models into a store of MLflow's.

    ``tracking_uri`` is a folder or a database (``sqlite:///file``; needs ``nbtrack[mlflow]``),
    which are made if need be, or a server (told who asks by MLFLOW_TRACKING_TOKEN, or _USERNAME
    and _PASSWORD). All runs, also those in the trash, or those that fit. A run that is there
    already is left as it is; what came from MLflow is there again as it was, but that a server
    gives ids and times of its own.
    """
    from nbtrack.integrations.exporting.mlflow import export_runs, open_target

    place = current_store(store)
    uri = os.fspath(tracking_uri)
    target = open_target(uri)
    run_ids = chosen_runs(place, filter_string, experiments, deleted=True)
    return export_runs(
        place,
        target,
        f"MLflow's {uri}",
        run_ids,
        is_all=not filter_string and not experiments,
        registry=registry,
    )

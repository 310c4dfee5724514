"""Bringing in what was tracked elsewhere: a function for each kind of source.

One for each, not one for all: what may be said of a CSV file means nothing to an MLflow
server, and a name that ends in what one has is found by typing ``nbtrack.import_``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from nbtrack.integrations.importing.importer import Import, import_source
from nbtrack.integrations.report import Report
from nbtrack.tracking.active import current_store

AnyPath = str | os.PathLike[str]


def import_table(
    path: AnyPath,
    *,
    experiment: str | None = None,
    metrics: Sequence[str] = (),
    params: Sequence[str] = (),
    tags: Sequence[str] = (),
    ignore: Sequence[str] = (),
    run: str | None = None,
    step: str | None = None,
    time: str | None = None,
    metric: str | None = None,
    value: str | None = None,
    store: AnyPath | None = None,
) -> Report:
    """Bring in a CSV or Parquet file whose rows are runs, or steps of runs.

    What the columns are is guessed by their names and types, and told in the report. Rows with
    a ``step``, or with a ``metric`` and its ``value``, are points of the run that the column
    ``run`` names. Importing a file again adds the runs that it has more.

    Parameters
    ----------
    experiment : of runs for which no column tells one; by default, the file's name.
    metrics, params, tags, ignore : columns that are that, whatever they look like.
    run, step, time, metric, value : the column that has it.
    """
    from nbtrack.integrations.importing.tables import TableFile

    source = TableFile(
        Path(path),
        experiment=experiment,
        said={"metrics": metrics, "params": params, "tags": tags, "ignore": ignore},
        roles={"run": run, "step": step, "time": time, "metric": metric, "value": value},
    )
    return import_source(current_store(store), source)


def import_mlflow(
    tracking_uri: AnyPath,
    *,
    artifacts: bool = True,
    registry: bool = True,
    store: AnyPath | None = None,
) -> Report:
    """Bring in what MLflow keeps: runs with all they have, and registered models.

    ``tracking_uri`` is what ``mlflow.set_tracking_uri`` takes: a folder ``mlruns``, a database
    (``sqlite:///mlflow.db``; any other through SQLAlchemy) or a server (``http://…``, which is
    told who asks by MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD). MLflow itself is not
    needed. Runs and versions that are here already are left as they are, but for runs that had
    not ended when they were brought in: what was logged since is added.

    Parameters
    ----------
    artifacts : copy the runs' files. Versions of models are files of runs.
    registry : bring in registered models, with versions, tags, aliases and stages.
    """
    from nbtrack.integrations.importing.mlflow.experiments import import_experiments
    from nbtrack.integrations.importing.mlflow.registry import RegistryImport
    from nbtrack.integrations.importing.mlflow.runs import MlflowSource
    from nbtrack.integrations.importing.mlflow.stores import open_store

    into = current_store(store)
    found, address = open_store(os.fspath(tracking_uri))
    source = MlflowSource(found, f"MLflow's {address}", artifacts=artifacts)

    def experiments(report: Report) -> None:
        import_experiments(into, found.experiments(), report)

    def models(on_its_way: Import) -> None:
        on_its_way.models(source.models_of_no_run())
        if registry:
            RegistryImport(on_its_way).all_models(found.registered_models())

    return import_source(into, source, first=experiments, then=models)


def import_tensorboard(
    logdir: AnyPath, *, experiment: str | None = None, store: AnyPath | None = None
) -> Report:
    """Bring in what TensorBoard shows of a folder: each folder in it with event files is a run.

    Scalars become metrics and hparams parameters; images and sounds are kept as files, texts
    and histograms as tables of a row a step (``run.load_table("text/<tag>.json")``).
    ``experiment`` is the folder's name where none is given. Needs ``nbtrack[tensorboard]``.
    """
    from nbtrack.integrations.importing.tensorboard.source import EventFolder

    source = EventFolder(Path(logdir), experiment=experiment)
    return import_source(current_store(store), source)


def import_wandb(
    folder: AnyPath, *, experiment: str | None = None, store: AnyPath | None = None
) -> Report:
    """Bring in what W&B left in a folder: offline runs, and what was exported from its pages.

    Offline runs are files ``.wandb``, also such as were being written when their process died;
    exported ones folders with a summary or a history, or a table of runs (``.csv``). The
    experiment is W&B's project where none is given. W&B itself is not needed.
    """
    from nbtrack.integrations.importing.wandb.source import WandbFolder

    return import_source(current_store(store), WandbFolder(Path(folder), experiment=experiment))

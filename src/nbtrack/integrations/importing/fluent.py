"""Bringing in what was tracked elsewhere: a function for each kind of source.

One for each, not one for all: what may be said of a CSV file means nothing to an MLflow
server, and a name that ends in what one has is found by typing ``nbtrack.import_``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from nbtrack.integrations.importing.importer import import_source
from nbtrack.integrations.importing.report import ImportReport
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
) -> ImportReport:
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

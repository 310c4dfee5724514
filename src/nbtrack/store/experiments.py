"""Experiments: names that runs have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store.store import Store


def experiment_table(store: Store) -> pyarrow.Table:
    """Every experiment with runs that are not in the trash, the latest first.

    Columns: ``experiment``, ``runs``, ``last_started`` (UTC).
    """
    return store.query(
        "SELECT experiment, count(*) AS runs, max(started) AS last_started "
        "FROM main.runs GROUP BY experiment ORDER BY last_started DESC"
    )


def runs_of_experiment(store: Store, experiment: str, *, deleted: bool) -> list[str]:
    """Full ids of an experiment's runs: those in the trash, or the others."""
    found = store.query(
        "SELECT replace(run_id::VARCHAR, '-', '') AS run_id FROM main.all_runs "
        "WHERE experiment = ? AND deleted = ?",
        (experiment, deleted),
    )
    ids: list[str] = found["run_id"].to_pylist()
    return ids

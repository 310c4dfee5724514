"""Stores with more runs than anybody would log in a test, written straight into the tables."""

from __future__ import annotations

from pathlib import Path

import duckdb

from nbtrack.store import Store
from nbtrack.tracking import active
from nbtrack.tracking.active import run

_ID = (
    "(printf('%012x', 1700000000000 + i) || '7000' || "
    "printf('%016x', 9223372036854775808 + i))::UUID"
)


def fill(place: Path, runs: int) -> Store:
    """A store in ``place`` with ``runs`` finished runs: three parameters, a metric, a short curve.

    Run ``i`` is called ``many-i`` and has the accuracy ``i / runs``.
    """
    store = active.current_store(place)
    # Makes the database, and the journal's first events.
    with run("seed", store=place, model="linear", lr=0.1, depth=3) as seed:
        seed.log(accuracy=0.0)
    store.fold()
    many = f"FROM range({runs}) AS r(i)"
    with duckdb.connect(str(place / "store.duckdb")) as database:
        started = "TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND"
        database.execute(
            f"INSERT INTO base.runs SELECT {_ID}, NULL, 'many-' || i, 'many', {started}, "
            f"'', '', '', 'bulk' {many}"
        )
        database.execute(
            "INSERT INTO base.run_changes BY NAME SELECT run_id, started AS ts, "
            "'finished' AS status, 2.5 AS duration_s FROM base.runs WHERE journal = 'bulk'"
        )
        for key, value, type_ in (
            ("model", "['forest', 'linear', 'boosting'][1 + i % 3]", "str"),
            ("lr", "['0.1', '0.01', '0.001'][1 + i % 3]", "float"),
            ("depth", "(i % 12)::VARCHAR", "int"),
        ):
            database.execute(
                f"INSERT INTO base.params SELECT {_ID}, {started}, '{key}', {value}, '{type_}', "
                f"try_cast({value} AS DOUBLE) {many}"
            )
        value = f"i / {runs}.0"
        database.execute(
            f"INSERT INTO base.summary SELECT {_ID}, 'accuracy', 3, 0, {started}, {started}, 2, "
            f"{value}, 0.0, 0, {value}, 2, {started} {many}"
        )
        database.execute(
            f"INSERT INTO base.points SELECT {_ID}, 'accuracy', step, {started}, "
            f"{value} * step / 2 {many}, range(3) AS s(step) ORDER BY ALL"
        )
    return store

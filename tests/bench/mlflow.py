"""What MLflow's clients wait for on a store of ours, beside MLflow's SQLite store."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.figure import Figure
from tests.models.other_python import CHECKOUT, mlflow_python

RUNS, TIMES = 10_000, 7
_KEYS = 5
_FILTER = "metrics.m1 > 100 AND params.p1 = '3'"


def bench_under_mlflow() -> list[Figure]:
    """Create, log, read and search among 10,000 runs, on our store and on MLflow's."""
    command = [str(mlflow_python().executable), "-W", "ignore", "-m", "tests.bench.mlflow"]
    environment = {**os.environ, "PYTHONPATH": f"{CHECKOUT / 'src'}{os.pathsep}{CHECKOUT}"}
    with tempfile.TemporaryDirectory(prefix="nbtrack-bench-") as folder:
        done = subprocess.run(
            [*command, folder], env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    told = json.loads(done.stdout.splitlines()[-1])
    return [Figure(f"MLflow's {name}", *told[name], "ms", "") for name in told]


def main(folder: Path) -> None:
    """Print a line of JSON: of each call the median with our store, and with MLflow's."""
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    from nbtrack.integrations.mlflow.tracking_store import NbtrackStore

    ours = NbtrackStore(f"nbtrack://{folder}/.nbtrack")
    theirs = SqlAlchemyStore(f"sqlite:///{folder}/mlflow.db", str(folder))
    for store in (ours, theirs):
        assert store.create_experiment("bench") == "1"
    for number in range(RUNS):
        tags = [RunTag("team", f"t{number % 7}")]
        run_id = ours.create_run("1", "ann", number, tags, f"run {number}").info.run_id
        params = [Param(f"p{key}", str(number % 11)) for key in range(_KEYS)]
        ours.log_batch(
            run_id, [Metric(f"m{k}", number + k, 0, 0) for k in range(_KEYS)], params, []
        )
    _fill(theirs)
    batch = [Metric(f"b{number}", number, 0, 0) for number in range(1000)]
    ids = {
        store: [r.info.run_id for r in store.search_runs(["1"], "", 1, 100)]
        for store in (ours, theirs)
    }
    made: dict[Any, Any] = {}

    def create(store: Any) -> None:
        made[store] = store.create_run("1", "ann", 2 * RUNS, [], "made").info.run_id

    calls: dict[str, Callable[[Any, int], object]] = {
        "create_run": lambda store, _: create(store),
        "log_metric": lambda store, turn: store.log_metric(
            made[store], Metric("m", turn, turn, turn)
        ),
        "log_batch of 1,000": lambda store, _: store.log_batch(made[store], batch, [], []),
        "get_run": lambda store, turn: store.get_run(ids[store][turn]),
        "search_runs, 100 of 10,000": lambda store, _: store.search_runs(["1"], "", 1, 100),
        "search_runs, two conditions": lambda store, _: store.search_runs(["1"], _FILTER, 1, 100),
    }
    told: dict[str, tuple[float, float]] = {}
    for name, call in calls.items():
        taken: dict[Any, list[float]] = {ours: [], theirs: []}
        for turn in range(TIMES):
            # By turns, so that what else the machine does meets both.
            for store, times in taken.items():
                if name.startswith("log_batch"):
                    create(store)
                begun = time.perf_counter()
                call(store, turn)
                times.append((time.perf_counter() - begun) * 1e3)
        told[name] = (statistics.median(taken[ours]), statistics.median(taken[theirs]))
    print(json.dumps(told))


def _fill(store: Any) -> None:
    """The same runs in MLflow's tables, at once, since what is measured is reading."""
    import sqlalchemy
    from mlflow.store.tracking.dbmodels import models

    rows: dict[Any, list[dict[str, Any]]] = {
        table: []
        for table in (
            models.SqlRun,
            models.SqlParam,
            models.SqlMetric,
            models.SqlLatestMetric,
            models.SqlTag,
        )
    }
    for number in range(RUNS):
        run = {"run_uuid": uuid.uuid4().hex}
        about = {"experiment_id": 1, "name": f"run {number}", "user_id": "ann"}
        state = {"start_time": number, "status": "RUNNING", "lifecycle_stage": "active"}
        rows[models.SqlRun].append({**run, **about, **state, "artifact_uri": f"/x/{number}"})
        for key in range(_KEYS):
            point = {
                "key": f"m{key}",
                "value": number + key,
                "timestamp": 0,
                "step": 0,
                "is_nan": False,
            }
            rows[models.SqlMetric].append({**run, **point})
            rows[models.SqlLatestMetric].append({**run, **point})
            rows[models.SqlParam].append({**run, "key": f"p{key}", "value": str(number % 11)})
        rows[models.SqlTag].append({**run, "key": "team", "value": f"t{number % 7}"})
        rows[models.SqlTag].append({**run, "key": "mlflow.runName", "value": f"run {number}"})
    with store.engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(sqlalchemy.insert(table), values)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What it costs that libraries are watched: switched on for a cell, and while they train."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import lightgbm
import numpy
import xgboost
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

import nbtrack
from nbtrack.integrations.autologging.switch import CellTraining, begin_cell, end_cell
from tests.bench.figure import Figure

TRIES = 7
ROUNDS = 300


def bench_switching() -> Figure:
    """Turn autologging on and off for a cell, with scikit-learn and two boosters loaded"""
    with _store():
        run = nbtrack.start_run()
        took = []
        for _ in range(30):
            began = time.perf_counter()
            end_cell(_begin(run))
            took.append(time.perf_counter() - began)
        run.end()
    return Figure("a cell's autologging, on and off", statistics.median(took) * 1e3, None, "ms", "")


def bench_trainings() -> list[Figure]:
    """Train in a tracked cell, beside the same training without"""
    x, y = make_classification(5_000, 20, random_state=0)
    train, test = xgboost.DMatrix(x[:4000], y[:4000]), xgboost.DMatrix(x[4000:], y[4000:])
    settings = {"objective": "binary:logistic", "nthread": 1}
    trained = lightgbm.Dataset(x[:4000], y[:4000], free_raw_data=False)
    tested = lightgbm.Dataset(x[4000:], y[4000:], reference=trained, free_raw_data=False)
    quiet = {"objective": "binary", "num_threads": 1, "verbose": -1}
    return [
        _beside(
            f"XGBoost, {ROUNDS} rounds",
            lambda: xgboost.train(
                settings, train, ROUNDS, evals=[(test, "test")], verbose_eval=False
            ),
        ),
        _beside(
            f"LightGBM, {ROUNDS} rounds",
            lambda: lightgbm.train(quiet, trained, ROUNDS, valid_sets=[tested]),
        ),
        _beside("a linear model of 4,000 rows", lambda: LogisticRegression().fit(x, y)),
    ]


def _beside(name: str, train: Callable[[], object]) -> Figure:
    """The median with autologging, above that without; tries of both take turns."""
    watched, plain = [], []
    with _store():
        for _ in range(TRIES):
            plain.append(_took(train))
            run = nbtrack.start_run()
            cell = _begin(run)
            watched.append(_took(train))
            end_cell(cell)
            run.end()
    figure, floor = (float(numpy.median(each)) * 1e3 for each in (watched, plain))
    return Figure(f"{name}, autologged", figure, floor, "ms", "")


def _took(train: Callable[[], object]) -> float:
    began = time.perf_counter()
    train()
    return time.perf_counter() - began


def _begin(run: nbtrack.Run) -> CellTraining:
    return begin_cell(
        run, wants=lambda key: True, on_metrics=lambda metrics: None, trouble=_unexpected
    )


def _unexpected(doing: str, error: Exception) -> None:
    raise AssertionError(doing) from error


@contextmanager
def _store() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        nbtrack.set_store(folder)
        yield

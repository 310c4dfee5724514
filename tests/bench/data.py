"""What fingerprints of data cost: numbers, texts, what is small, and what is no data."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl

from nbtrack.capture.data import Fingerprint, fingerprint, is_data
from tests.bench.figure import Figure

_ROUNDS = 5
_GIGABYTE = 125_000_000
_TEXTS = 2_000_000


def bench_small() -> list[Figure]:
    """Look at what is small, as it is done before a cell."""
    array = np.random.default_rng(0).random(128)
    table = pd.DataFrame(np.random.default_rng(0).random((100, 10)))
    return [
        Figure("an array of 1 kB", _each_us(lambda: fingerprint(array)), None, "µs", "<= 50"),
        Figure("a table of 10 columns", _each_us(lambda: fingerprint(table)), None, "µs", ""),
        Figure("is a word data?", _each_us(lambda: is_data("adam")), None, "µs", ""),
    ]


def bench_gigabyte() -> list[Figure]:
    """Read a gigabyte of numbers; the floor is one pass through it."""
    numbers = np.random.default_rng(0).random(_GIGABYTE)
    floor = _ms(numbers.max)
    matrix = numbers.reshape(12_500, 10_000)
    figures = [
        Figure("1 GB of floats", _whole_ms(numbers), floor, "ms", "<= 1000"),
        Figure("the same, transposed", _whole_ms(matrix.T), floor, "ms", "<= 1000"),
        Figure("the same, every second", _whole_ms(matrix[:, ::2]), floor, "ms", "<= 1000"),
    ]
    table = pd.DataFrame(numbers.reshape(-1, 100))
    figures.append(Figure("100 columns of pandas", _whole_ms(table), floor, "ms", "<= 1000"))
    del table
    by_rows = pd.DataFrame(numbers.reshape(-1, 100), copy=False)
    figures.append(Figure("the same, laid out by rows", _whole_ms(by_rows), floor, "ms", "<= 1000"))
    polars = pl.DataFrame(numbers.reshape(100, -1), orient="col")
    figures.append(Figure("100 columns of polars", _whole_ms(polars), floor, "ms", "<= 1000"))
    numbers[::1000] = np.nan
    figures.append(Figure("1 GB with NaN all over", _whole_ms(numbers), floor, "ms", "<= 1000"))
    return figures


def bench_texts() -> list[Figure]:
    """Read texts, in millions a second."""
    texts = [f"text number {place}" for place in range(_TEXTS)]
    values = {
        "texts of polars": pl.DataFrame({"t": texts}),
        "texts of pandas": pd.DataFrame({"t": pd.Series(texts, dtype="str")}),
        "texts of pandas, as objects": pd.DataFrame({"t": pd.Series(texts, dtype=object)}),
        "texts of numpy": np.array(texts),
        "texts of numpy, as objects": np.array(texts, dtype=object),
    }
    return [
        Figure(name, _TEXTS / 1e3 / _ms(lambda value=value: _seen(value)), None, "M/s", "")
        for name, value in values.items()
    ]


def _whole_ms(value: object) -> float:
    assert not _seen(value).is_sampled
    return _ms(lambda: _seen(value))


def _seen(value: object) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    assert found.digest, found.note
    return found


def _ms(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e3


def _each_us(call: Callable[[], object], times: int = 1000) -> float:
    return _ms(lambda: [call() for _ in range(times)]) * 1e3 / times

"""What a model costs beside the model itself: one row served, and a large one logged."""

from __future__ import annotations

import hashlib
import http.client
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

import nbtrack
from tests.bench.figure import Figure
from tests.models.other_python import mlflow_python
from tests.models.test_serving import served
from tests.models.zoo import TABLE, ZOO

_ROWS = 400
_LARGE_BYTES = 100_000_000
_TIMES = 5


def bench_one_row_served() -> list[Figure]:
    """Score one row over HTTP, here and by MLflow's server, beside the model's own predict."""
    [estimator] = [s.make() for s in ZOO if s.name == "sklearn"]
    row = TABLE.head(1)
    own = _median_ms(lambda: estimator.predict(row), _ROWS)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "m"
        nbtrack.save_model(estimator, bundle, input_example=row, pip_requirements=[])
        here = [sys.executable, "-m", "nbtrack", "models", "serve", "-m", str(bundle)]
        there = [str(mlflow_python().executable), "-m", "uvicorn"]
        there.append("mlflow.pyfunc.scoring_server.app:app")
        with (
            served(here) as ours,
            served(there, {"__pyfunc_model_path__": str(bundle)}) as theirs,
        ):
            # By turns, so that what else the machine does meets both.
            asked = [(_ask_ms(ours), _ask_ms(theirs)) for _ in range(2)]
    mine, other = (min(each) for each in zip(*asked, strict=True))
    return [
        Figure("one row served", mine, own, "ms", f"<= {2 * own + 2:.2f}"),
        Figure("one row served by MLflow", other, own, "ms", ""),
    ]


def bench_log_a_large_model() -> Figure:
    """Log a model of 100 MB, beside writing it as its library does, and hashing that."""
    import skops.io
    from sklearn.neighbors import KNeighborsRegressor

    data = np.random.default_rng(0).normal(size=(_LARGE_BYTES // 80, 10))
    model = KNeighborsRegressor(algorithm="brute").fit(data, data[:, 0])
    # What it holds is what it was given, without a copy.
    held = model._fit_X
    with tempfile.TemporaryDirectory() as folder:
        nbtrack.set_store(Path(folder) / ".nbtrack")
        floor, figure = [], []
        with nbtrack.run("large"):
            for i in range(_TIMES):
                # Other bytes each time, or the store would have them already.
                held[0, 0] = i
                floor.append(
                    _seconds(lambda: _write_and_hash(skops.io.dump, model, Path(folder) / "alone"))
                )
                figure.append(
                    _seconds(
                        lambda i=i: nbtrack.log_model(  # type: ignore[misc]
                            model, f"m{i}", pip_requirements=[]
                        )
                    )
                )
    least = statistics.median(floor) * 1000
    return Figure(
        "a model of 100 MB logged",
        statistics.median(figure) * 1000,
        least,
        "ms",
        f"<= {1.3 * least:.0f}",
    )


def _write_and_hash(dump: Callable[..., object], model: object, file: Path) -> None:
    dump(model, file)
    with file.open("rb") as stream:
        hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=32))
    file.unlink()


def _ask_ms(address: str) -> float:
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    body = json.dumps({"dataframe_split": TABLE.head(1).to_dict(orient="split")})

    def ask() -> None:
        connection.request("POST", "/invocations", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status == 200, told

    return _median_ms(ask, _ROWS)


def _median_ms(call: Callable[[], object], times: int) -> float:
    for _ in range(20):
        call()
    return statistics.median(_seconds(call) for _ in range(times)) * 1000


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started

"""The scoring server over real HTTP, held against MLflow's own on the same bundle."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.errors import MissingExtra
from nbtrack.models.serving.app import scoring_app
from tests.models.other_python import Python
from tests.models.scoring_server import served
from tests.models.zoo import TABLE, ZOO

JSON = "application/json"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "m"
    # XGBoost's, since importing skops takes seconds in each process.
    [estimator] = [s.make() for s in ZOO if s.name == "xgboost"]
    nbtrack.save_model(estimator, path, input_example=TABLE.head(2), pip_requirements=[])
    return path


@pytest.fixture(scope="module")
def ours(bundle: Path) -> Iterator[str]:
    with served([sys.executable, "-m", "nbtrack", "models", "serve", "-m", str(bundle)]) as address:
        yield address


@pytest.fixture(scope="module")
def theirs(bundle: Path, mlflow: Python) -> Iterator[str]:
    command = [str(mlflow.executable), "-m", "uvicorn", "mlflow.pyfunc.scoring_server.app:app"]
    with served(command, {"__pyfunc_model_path__": str(bundle)}) as address:
        yield address


ROWS = TABLE.head(3)
SPLIT = ROWS.to_dict(orient="split")
RECORDS = ROWS.to_dict(orient="records")
GOOD: dict[str, Any] = {
    "dataframe_split": {"dataframe_split": SPLIT},
    "dataframe_records": {"dataframe_records": RECORDS},
    "instances by name": {"instances": RECORDS},
    "inputs by name": {"inputs": ROWS.to_dict(orient="list")},
    "whole numbers": {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1, 2, 3]]}},
    "other order": {"dataframe_split": {"columns": ["c", "a", "b"], "data": [[1.0, 2.0, 3.0]]}},
    "more columns": {"dataframe_records": [{**RECORDS[0], "z": 1}]},
}
BAD: dict[str, tuple[bytes, str]] = {
    "no json": (b"{", JSON),
    "not utf-8": (b'"\xff"', JSON),
    "a list": (b"[1]", JSON),
    "none of the forms": (b'{"data": 1}', JSON),
    "two of the forms": (b'{"inputs": [1], "instances": [1]}', JSON),
    "a column less": (b'{"dataframe_records": [{"a": 1.0, "b": 2.0}]}', JSON),
    "text for a number": (b'{"dataframe_records": [{"a": "x", "b": 2.0, "c": 1.0}]}', JSON),
    "a ragged row": (
        b'{"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1, 2]]}}',
        JSON,
    ),
    "xml": (b"<a/>", "text/xml"),
    "latin-1": (b"a,b,c\n1,2,3", "text/csv; charset=latin-1"),
    "unknown parameter": (b"{}", "application/json; boundary=x"),
    "a csv that lacks a column": (b"a,b\n1,2\n", "text/csv"),
}


def post(address: str, body: bytes, content_type: str = JSON) -> httpx.Response:
    headers = {"content-type": content_type}
    return httpx.post(f"{address}/invocations", content=body, headers=headers, timeout=60)


@pytest.mark.parametrize("name", GOOD)
def test_each_form_of_request_is_answered_as_by_mlflow(name: str, ours: str, theirs: str) -> None:
    body = json.dumps(GOOD[name]).encode()
    mine, other = post(ours, body), post(theirs, body)
    assert mine.status_code == other.status_code == 200, mine.text + other.text
    assert mine.json() == other.json()
    assert mine.headers["content-type"] == other.headers["content-type"] == JSON


def test_csv_and_parquet_are_answered_as_by_mlflow(ours: str, theirs: str) -> None:
    csv = ROWS.to_csv(index=False).encode()
    held = io.BytesIO()
    ROWS.to_parquet(held)
    for body, media_type in (
        (csv, "text/csv"),
        (csv, "text/csv; charset=utf-8"),
        (held.getvalue(), "application/vnd.apache.parquet"),
    ):
        mine, other = post(ours, body, media_type), post(theirs, body, media_type)
        assert mine.status_code == other.status_code == 200, mine.text
        assert mine.json() == other.json()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_as_by_mlflow_and_says_why(
    name: str, ours: str, theirs: str
) -> None:
    mine, other = post(ours, *BAD[name]), post(theirs, *BAD[name])
    assert mine.status_code == other.status_code
    assert (
        mine.headers["content-type"].partition(";")[0]
        == other.headers["content-type"].partition(";")[0]
    )
    if mine.status_code == 400:
        assert mine.json().keys() == {"error_code", "message"}
        assert mine.json()["error_code"] == "BAD_REQUEST"
    assert "Traceback" not in mine.text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a column less", "The input lacks columns that the model takes: c: double (got: a, b)."),
        ("text for a number", "column 'a': expected double, got str."),
        ("two of the forms", "with exactly one of dataframe_split, dataframe_records, instances"),
        ("a ragged row", "a row that is not of that length: [1, 2]"),
    ],
)
def test_a_refusal_names_what_is_wrong(name: str, message: str, ours: str) -> None:
    assert message in post(ours, *BAD[name]).json()["message"]


def test_the_server_says_that_it_lives_and_what_it_is(ours: str) -> None:
    for path in ("ping", "health"):
        answer = httpx.get(f"{ours}/{path}")
        assert (answer.status_code, answer.text) == (200, "\n")
    assert httpx.get(f"{ours}/version").text == nbtrack.__version__
    assert httpx.get(f"{ours}/invocations").status_code == 405


def ask(model: Any, told: Any, **options: Any) -> httpx.Response:
    """The app's answer to one request, without a server around it."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(scoring_app(model, **options))
        async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
            return await client.post("/invocations", json=told)

    return asyncio.run(asked())


def function_of(tmp_path: Path, function: Any, example: Any) -> Any:
    nbtrack.save_model(function, tmp_path / "f", input_example=example, pip_requirements=[])
    return nbtrack.pyfunc.load_model(tmp_path / "f", trusted=True)


def test_parameters_reach_the_model_and_wrong_ones_are_told(tmp_path: Path) -> None:
    model = function_of(
        tmp_path, lambda data, params: data * params["k"], (np.ones((2, 2)), {"k": 2.0})
    )
    assert ask(model, {"inputs": [[1, 2]]}).json() == {"predictions": [[2.0, 4.0]]}
    answer = ask(model, {"inputs": [[1, 2]], "params": {"k": 3}})
    assert answer.json() == {"predictions": [[3.0, 6.0]]}
    answer = ask(model, {"inputs": [[1, 2]], "params": {"q": 3}})
    assert answer.status_code == 400
    assert answer.json()["message"] == "The model takes no parameter 'q' (it takes: k)."


def test_arrays_by_name_are_put_together_from_instances(tmp_path: Path) -> None:
    model = function_of(
        tmp_path, lambda data: data["x"] + data["y"], {"x": np.ones(2), "y": np.ones(2)}
    )
    told = {"instances": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}
    assert ask(model, told).json() == {"predictions": [3.0, 7.0]}
    answer = ask(model, {"instances": [{"x": 1, "y": 2}, {"x": 3}]})
    assert "have not all the same names" in answer.json()["message"]


def test_what_json_cannot_hold_becomes_null_and_tables_become_rows(tmp_path: Path) -> None:
    def spread(data: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"n": [1, 2], "x": [float("nan"), 1.5], "at": pd.Timestamp(2024, 1, 2)})

    model = function_of(tmp_path, spread, pd.DataFrame({"a": [1]}))
    rows = ask(model, {"dataframe_records": [{"a": 1}]}).json()["predictions"]
    assert rows == [
        {"n": 1, "x": None, "at": "2024-01-02T00:00:00"},
        {"n": 2, "x": 1.5, "at": "2024-01-02T00:00:00"},
    ]


def test_a_model_that_fails_tells_its_error_but_not_its_trace(tmp_path: Path) -> None:
    def fail(data: pd.DataFrame) -> pd.DataFrame:
        if data["a"][0] == 0:
            raise ZeroDivisionError("nothing to divide by")
        return data

    model = function_of(tmp_path, fail, pd.DataFrame({"a": [1]}))
    answer = ask(model, {"dataframe_records": [{"a": 0}]})
    assert answer.status_code == 400
    assert answer.json()["message"] == "The model failed: ZeroDivisionError: nothing to divide by"


def test_a_model_that_takes_too_long_is_a_timeout(tmp_path: Path) -> None:
    def slow(data: pd.DataFrame) -> pd.DataFrame:
        time.sleep(data["a"][0])
        return data

    model = function_of(tmp_path, slow, pd.DataFrame({"a": [0.0]}))
    answer = ask(model, {"dataframe_records": [{"a": 0.5}]}, timeout_s=0.05)
    assert answer.status_code == 504
    assert "longer than 0.05 s" in answer.json()["message"]


def test_serving_without_starlette_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    with pytest.raises(MissingExtra, match=r"pip install 'nbtrack\[serve\]'"):
        scoring_app(None)  # type: ignore[arg-type]


def test_a_file_is_scored_on_the_command_line(bundle: Path, tmp_path: Path) -> None:
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    command = [sys.executable, "-m", "nbtrack", "models", "predict", "-m", str(bundle), "-t", "csv"]
    done = subprocess.run(
        [*command, "-i", str(tmp_path / "rows.csv")], capture_output=True, text=True, check=True
    )
    expected = nbtrack.load_model(bundle).predict(ROWS).tolist()
    assert json.loads(done.stdout) == {"predictions": expected}
    refused = subprocess.run(command, input="a,b\n1,2\n", capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.startswith("nbtrack: The input lacks columns that the model takes: c")

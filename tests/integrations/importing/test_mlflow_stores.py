"""MLflow's stores that are old, damaged, none at all or moody: each ends in one sentence."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, SourceUnavailable

# Old and damaged databases


def _database(file: Path, *tables: str) -> str:
    with sqlite3.connect(file) as connection:
        for table in tables:
            connection.execute(table)
    connection.close()
    return f"sqlite:///{file}"


_OLD = (
    "CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT)",
    "INSERT INTO experiments VALUES (0, 'Default', 'active')",
    "CREATE TABLE runs (run_uuid TEXT, name TEXT, user_id TEXT, status TEXT, start_time BIGINT,"
    " end_time BIGINT, lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER)",
    "INSERT INTO runs VALUES ('ab', '', 'ada', 'FINISHED', 1500000000000, 1500000001000,"
    " 'active', './mlruns/0/ab/artifacts', 0)",
    "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT)",
    "INSERT INTO params VALUES ('lr', '0.1', 'ab')",
    "CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT)",
    "CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT)",
    "INSERT INTO metrics VALUES ('loss', 0.5, 1500000000500, 'ab')",
)


def test_database_of_mlflows_first_version_is_read(tmp_path: Path, place: Path) -> None:
    # Without steps, NaN, registered models, data sets and logged models.
    report = nbtrack.import_mlflow(_database(tmp_path / "old.db", *_OLD))
    assert (report.runs, report.carried["points"]) == (1, 1)


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (_OLD[:2], "its table 'runs' has no"),
        (("CREATE TABLE experiments (id INTEGER)",), "has no experiment_id, name"),
    ],
)
def test_database_that_is_none_is_told_in_a_sentence(
    tables: tuple[str, ...], told: str, tmp_path: Path, place: Path
) -> None:
    with pytest.raises(InvalidValue, match=told):
        nbtrack.import_mlflow(_database(tmp_path / "none.db", *tables))
    assert not place.exists()


def test_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path, place: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)
    with pytest.raises(InvalidValue, match="not a database"):
        nbtrack.import_mlflow(f"sqlite:///{tmp_path}/x.db")


def test_any_database_is_read_through_sqlalchemy(tmp_path: Path, place: Path) -> None:
    uri = _database(tmp_path / "old.db", *_OLD)
    from nbtrack.integrations.importing.mlflow import sql_store

    # The path that PostgreSQL and MySQL take, with the driver that is here.
    tables = sql_store._AnyTables(uri)
    [run] = tables.rows("runs", "run_uuid", ["ab"])
    assert (run["status"], run["start_time"]) == ("FINISHED", 1500000000000)
    assert list(tables.tuples("metrics", ["key", "value"], "run_uuid", ["ab"])) == [("loss", 0.5)]
    assert tables.columns("model_versions") == []


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("htp://x", "no address of MLflow's"),
        ("/nowhere/mlruns", "There is no folder"),
        ("sqlite:////nowhere/ml.db", "There is no file"),
    ],
)
def test_wrong_address_is_told_in_a_sentence(uri: str, told: str, place: Path) -> None:
    with pytest.raises(InvalidValue, match=told):
        nbtrack.import_mlflow(uri)


# A server that has its moods


class _Moody(BaseHTTPRequestHandler):
    """Answers what ``answers`` has next for a path; a number is a status, and None hangs up."""

    answers: dict[str, list[object]]
    asked: list[tuple[str, str | None]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].removeprefix("/api/2.0/mlflow/")
        self.asked.append((name, self.headers.get("Authorization")))
        left = self.answers.get(name, [b"{}"])
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer if isinstance(answer, int) else 200)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else b'{"message": "no"}')

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def moody(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A server; its handler's ``answers`` are the test's to set."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    handler = type("Handler", (_Moody,), {"answers": {}, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


_EXPERIMENTS = b'{"experiments": [{"experiment_id": "1", "name": "iris"}]}'
_PAGE = (
    b'{"runs": [{"info": {"run_id": "ab", "status": "FINISHED", "start_time": 1700000000000}}],'
    b' "next_page_token": "more"}'
)


def _uri(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_server_that_stops_answering_keeps_what_came(
    moody: ThreadingHTTPServer, place: Path
) -> None:
    answers = moody.RequestHandlerClass.answers  # type: ignore[attr-defined]
    answers["experiments/search"] = [_EXPERIMENTS]
    answers["runs/search"] = [_PAGE, None]
    with pytest.raises(SourceUnavailable, match="the same call goes on"):
        nbtrack.import_mlflow(_uri(moody))
    assert len(nbtrack.search_runs()) == 1
    answers["runs/search"] = [_PAGE, b'{"runs": []}']
    assert nbtrack.import_mlflow(_uri(moody)).already_there == 1


def test_passing_refusals_are_waited_out(moody: ThreadingHTTPServer, place: Path) -> None:
    answers = moody.RequestHandlerClass.answers  # type: ignore[attr-defined]
    answers["experiments/search"] = [503, _EXPERIMENTS]
    answers["runs/search"] = [None, b"{}"]
    assert nbtrack.import_mlflow(_uri(moody)).runs == 0


def test_server_is_told_who_asks(
    moody: ThreadingHTTPServer, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = moody.RequestHandlerClass.asked  # type: ignore[attr-defined]
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    nbtrack.import_mlflow(_uri(moody))
    assert {told for _, told in asked} == {"Bearer secret"}
    moody.RequestHandlerClass.answers["experiments/search"] = [401]  # type: ignore[attr-defined]
    with pytest.raises(SourceUnavailable, match="MLFLOW_TRACKING_TOKEN") as told:
        nbtrack.import_mlflow(_uri(moody).replace("://", "://ada:secret@"))
    assert "secret" not in str(told.value)


def test_patience_that_is_no_number_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "long")
    with pytest.raises(InvalidValue, match="MLFLOW_HTTP_REQUEST_TIMEOUT is a number"):
        nbtrack.import_mlflow("http://127.0.0.1:1")


def test_address_that_is_no_tracking_server_is_told(
    moody: ThreadingHTTPServer, place: Path
) -> None:
    moody.RequestHandlerClass.answers["experiments/search"] = [b"<html>"]  # type: ignore[attr-defined]
    with pytest.raises(SourceUnavailable, match="does not answer as a tracking server"):
        nbtrack.import_mlflow(_uri(moody))

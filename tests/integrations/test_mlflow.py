"""What MLflow has made arrives, from each of its stores the same, and goes back as it was.

All that needs the real MLflow stands in this file: its process is started once for it.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import nbtrack
from nbtrack.events import InputRead, ModelChanged, ModelLogged, ModelMeasured, new_run_id
from nbtrack.integrations.importing.mlflow.runs import MlflowSource
from nbtrack.integrations.importing.mlflow.stores import open_store
from nbtrack.integrations.importing.source import RunSource
from nbtrack.store import Store
from nbtrack.tracking import active
from tests.integrations.importing.conformance import PROMISES, MakeSource, content
from tests.integrations.importing.mlflow_made import MlflowMade


@pytest.mark.parametrize("kind", ["files", "sqlite", "server"])
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_store_is_a_source_like_any(
    promise: Callable[[MakeSource, Path], None],
    kind: str,
    made_by_mlflow: MlflowMade,
    tmp_path: Path,
) -> None:
    uri = made_by_mlflow.uris[kind]

    def make() -> RunSource:
        return MlflowSource(open_store(uri)[0], kind, artifacts=True)

    promise(make, tmp_path)


@pytest.mark.parametrize("kind", ["files", "sqlite", "server"])
def test_all_that_mlflow_made_arrives(kind: str, made_by_mlflow: MlflowMade, place: Path) -> None:
    report = nbtrack.import_mlflow(made_by_mlflow.uris[kind])
    assert report.runs == 5
    assert "1 had not ended" in report.remarks[-1]
    assert not +report.not_carried
    runs = {run["name"]: run for run in nbtrack.sql("SELECT * FROM all_runs").arrow().to_pylist()}
    assert {name: run["status"] for name, run in runs.items()} == {
        "one": "finished",
        "child": "failed",
        "going on": "running",
        "gone": "finished",
        "thrown": "finished",
    }
    assert runs["gone"]["deleted"]
    assert runs["child"]["parent_id"] == runs["one"]["run_id"]
    one = nbtrack.get_run("one")
    assert (runs["one"]["user"], runs["one"]["source"]) == ("ada", "train.py")
    assert (one.experiment, one.note) == ("iris", "a *note*")
    assert runs["one"]["duration_s"] == 9.0
    assert dict(one.params) == {
        "lr": 0.1,
        "depth": 3,
        "name": "x y",
        "flag": True,
        "a/b c": 0.001,
    }
    # The text is MLflow's still: 0.10 is no other number, but another text.
    texts = nbtrack.sql("SELECT value FROM params WHERE key = 'lr'").arrow()
    assert texts["value"].to_pylist() == ["0.10"]
    metrics = dict(one.metrics)
    assert math.isnan(metrics["nan"])
    assert (metrics["inf"], metrics["m/low"], metrics["loss"]) == (math.inf, -math.inf, 0.2)
    # Of two points of one moment the greater is the last, as in MLflow.
    assert metrics["again"] == 2.0
    steps = nbtrack.sql("SELECT DISTINCT step FROM metrics WHERE key = 'loss' ORDER BY 1").arrow()
    assert steps["step"].to_pylist() == [-1, 0, 1, 2, 3, 4]
    assert one.tags["team"] == "red"
    data, other = one.inputs
    assert (data.name, data.digest, data.context) == ("train", "abc123", "training")
    assert (data.source, data.schema) == ('{"uri": "/data/train.csv"}', '{"a": "long"}')
    assert (other.name, other.digest) == ("train", "def456")
    assert one.load_text("notes/a.txt") == "hello"
    assert {"classic/MLmodel", "model/MLmodel"} <= one.artifacts.keys()


@pytest.mark.parametrize("kind", ["files", "sqlite", "server"])
def test_registered_models_arrive_once(kind: str, made_by_mlflow: MlflowMade, place: Path) -> None:
    report = nbtrack.import_mlflow(made_by_mlflow.uris[kind])
    assert report.carried["versions"] == 3
    registry = nbtrack.Registry()
    model = registry.get_registered_model("reg")
    assert (model.description, model.tags, model.aliases) == (
        "described",
        {"k": "v"},
        {"champion": 2},
    )
    second, third = registry.get_model_version("reg", 2), registry.get_model_version("reg", 3)
    assert (second.path, second.stage, second.description) == ("model", "None", "second")
    assert second.tags == {"q": "w"}
    assert (third.path, third.stage) == ("classic", "Production")
    before = len(registry.history("reg"))
    again = nbtrack.import_mlflow(made_by_mlflow.uris[kind])
    assert not again.carried["versions"]
    assert len(registry.history("reg")) == before


def test_server_tells_what_its_database_holds(
    made_by_mlflow: MlflowMade, place: Path, tmp_path: Path
) -> None:
    found = []
    for kind in ("sqlite", "server"):
        store = Store(tmp_path / kind)
        nbtrack.import_mlflow(made_by_mlflow.uris[kind], store=store.path)
        told = content(store)
        # What is deleted of logged models a server does not tell.
        told["logged_models"] = [row for row in told["logged_models"] if "'bad'" not in row]
        found.append(told)
    assert found[0] == found[1]


def test_imported_store_is_to_mlflow_what_it_was(made_by_mlflow: MlflowMade, place: Path) -> None:
    nbtrack.import_mlflow(made_by_mlflow.uris["sqlite"])
    before = made_by_mlflow.show(made_by_mlflow.uris["sqlite"])
    shown = made_by_mlflow.show(f"nbtrack://{place}")
    # Runs have ids of ours; where files went that are here now stands in a tag.
    for told in (before, shown):
        told["ids"] = {k: v for k, v in told["ids"].items() if not k.startswith("run ")}
        told["experiments"]["iris"][1:] = []
    assert shown == before


def test_store_of_files_that_was_moved_has_its_artifacts(
    made_by_mlflow: MlflowMade, place: Path, tmp_path: Path
) -> None:
    moved = shutil.copytree(made_by_mlflow.folder / "mlruns", tmp_path / "moved" / "mlruns")
    for file in moved.rglob("meta.yaml"):
        text = file.read_text().replace(str(made_by_mlflow.folder), "/gone")
        file.write_text(text)
    for folder in moved.glob("*/*/params"):
        (folder.parent / "artifacts").mkdir(exist_ok=True)
        (folder.parent / "artifacts" / "here.txt").write_text("still here")
    nbtrack.import_mlflow(moved.parent)
    assert nbtrack.get_run("one").load_text("here.txt") == "still here"


# And back


def test_round_trip_over_a_folder_is_the_identity(
    made_by_mlflow: MlflowMade, place: Path, tmp_path: Path
) -> None:
    before = made_by_mlflow.show(made_by_mlflow.uris["files"])
    assert set(before["runs"]) == {"one", "child", "going on", "gone", "thrown"}
    nbtrack.import_mlflow(made_by_mlflow.uris["files"])
    report = nbtrack.export_mlflow(tmp_path / "out")
    assert (report.runs, report.carried["versions"], report.remarks) == (5, 3, [])
    assert not +report.not_carried
    assert made_by_mlflow.show(f"file://{tmp_path}/out") == before
    again = nbtrack.export_mlflow(tmp_path / "out")
    assert (again.runs, again.already_there, again.carried["versions"]) == (0, 5, 0)
    assert made_by_mlflow.show(f"file://{tmp_path}/out") == before


def test_round_trip_over_a_server_is_the_identity_but_for_ids(
    made_by_mlflow: MlflowMade, place: Path
) -> None:
    target = made_by_mlflow.uris["empty server"]
    before = made_by_mlflow.show(made_by_mlflow.uris["sqlite"])
    nbtrack.import_mlflow(made_by_mlflow.uris["sqlite"])
    report = nbtrack.export_mlflow(target)
    assert (report.runs, report.carried["versions"], report.remarks) == (5, 3, [])
    again = nbtrack.export_mlflow(target)
    assert (again.runs, again.already_there, again.carried["versions"]) == (0, 5, 0)
    after = made_by_mlflow.show(target, ours=True)
    for run in before["runs"].values():
        run["tags"].pop("mlflow.log-model.history", None)
    # It takes a logged model as a version from those alone who tell its id, and notes that there.
    assert after["logged"]["model"]["tags"].pop("mlflow.modelVersions")
    for told in (before, after):
        told["models"]["reg"]["versions"][0][6] = "model"
    del before["experiments"]["Default"]
    # The server gives ids and times of its own.
    for what in ("ids", "times"):
        del before[what], after[what]
    assert after == before


def test_round_trip_over_a_database_is_the_identity(
    made_by_mlflow: MlflowMade, place: Path, tmp_path: Path
) -> None:
    target = f"sqlite:///{tmp_path}/out.db"
    before = made_by_mlflow.show(made_by_mlflow.uris["sqlite"])
    nbtrack.import_mlflow(made_by_mlflow.uris["sqlite"])
    told = made_by_mlflow.export(place, target)
    assert told == {"runs": 5, "there": 0, "remarks": [], "versions": 3}
    assert made_by_mlflow.show(target) == before
    again = made_by_mlflow.export(place, target)
    assert again == {"runs": 0, "there": 5, "remarks": [], "versions": 0}
    assert made_by_mlflow.show(target) == before


def test_run_of_ours_is_at_home_in_mlflow(
    made_by_mlflow: MlflowMade, place: Path, tmp_path: Path
) -> None:
    with nbtrack.run("ours", lr=0.1, nothing=None, experiment="forest") as run:
        run.log({"loss": 0.5, "odd ∆ key": 1.0, "../up": 2.0}, step=3)
        run.log_text("hello", "a/b.txt")
        run.set_tags({"team": "red"})
        # As a run under MLflow logs a model.
        run.log_text("flavors: {}", "kept/MLmodel")
        run.judge("clean")
        writer, model = active.current_store().writer(), new_run_id()
        now = writer.now_us()
        writer.append(
            ModelLogged(now, model, "forest", "forest", run.id, path="kept", params={"k": "v"}),
            ModelChanged(now, model, status="ready"),
            ModelMeasured(now, model, run.id, "loss", "0.5", 3, now),
            InputRead(
                now,
                run.id,
                "wine",
                "dataset",
                "d1",
                source="s3://data",
                source_type="s3",
                profile=json.dumps({"schema": "{}", "profile": '{"num_rows": 7}'}),
            ),
        )
    report = nbtrack.export_mlflow(tmp_path / "out")
    left = {what: count for what, count in report.not_carried.items() if count and what != "facts"}
    assert left == {"verdicts": 1}
    assert len(report.remarks) == 2
    [(name, shown)] = made_by_mlflow.show(f"file://{tmp_path}/out")["runs"].items()
    assert (name, shown["about"][0], shown["about"][5]) == ("ours", "FINISHED", "forest")
    assert shown["params"] == {"lr": "0.1", "nothing": "None"}
    assert shown["tags"]["team"] == "red"
    assert set(shown["history"]) == {"loss", "odd _ key", "_/up"}
    assert shown["files"] == [["a/b.txt", 5]]
    [[data, _]] = shown["inputs"]
    told = {
        "source_type": "s3",
        "source": "s3://data",
        "schema": "{}",
        "profile": '{"num_rows": 7}',
    }
    assert data == {"name": "wine", "digest": "d1", **told}
    logged = made_by_mlflow.show(f"file://{tmp_path}/out")["logged"]["forest"]
    assert (logged["about"][0], logged["params"]) == ("READY", {"k": "v"})
    assert len(logged["metrics"]) == 1


# The last: it changes what MLflow has made


@pytest.mark.parametrize("kind", ["files", "sqlite"])
def test_run_that_went_on_is_brought_up_to_date_once(
    kind: str, made_by_mlflow: MlflowMade, place: Path
) -> None:
    uri, run_id = made_by_mlflow.uris[kind], made_by_mlflow.run_ids[kind]["going on"]
    nbtrack.import_mlflow(uri)
    made_by_mlflow.go_on(uri, run_id)
    report = nbtrack.import_mlflow(uri)
    assert (report.runs, report.updated, report.already_there) == (0, 1, 4)
    assert +report.carried == {"params": 1, "tags": 1, "points": 5, "files": 1, "logged models": 1}
    run = nbtrack.get_run("going on")
    assert (run.status, run.params["late"], run.load_text("late.txt")) == ("finished", 1, "late")
    whole = content(active.current_store())
    again = nbtrack.import_mlflow(uri)
    assert (again.updated, again.already_there) == (0, 5)
    assert content(active.current_store()) == whole

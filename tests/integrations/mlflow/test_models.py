"""Files, logged models and data: through MLflow, and as nbtrack has them then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    Metric,
    Param,
    RunStatus,
    RunTag,
)
from mlflow.exceptions import MlflowException

import nbtrack
from nbtrack.events import RunEnded, RunStarted, new_run_id
from tests.integrations.mlflow.both import Both, Id, Refused


@pytest.fixture(scope="module")
def both(sqlite_uri: str, nbtrack_uri: str) -> Both:
    return Both(MlflowClient(sqlite_uri, sqlite_uri), MlflowClient(nbtrack_uri, nbtrack_uri))


@pytest.fixture
def run(both: Both) -> Id:
    answer = both.ask("create_run", "0", 1_700_000_000_000, {}, "of models")
    return both.know("run", *(each.info.run_id for each in answer))


def test_files_of_a_run_are_kept_listed_and_fetched(
    both: Both, run: Id, tmp_path: Path, nbtrack_uri: str
) -> None:
    client, run_id = both.ours, both.ids[run][1]
    folder = tmp_path / "given"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.bin").write_bytes(b"\0" * 100)
    client.log_artifacts(run_id, str(folder), "out")
    client.log_artifact(run_id, str(folder / "a.txt"))
    client.log_text(run_id, "é", "texts/c.txt")
    client.log_dict(run_id, {"x": 1}, "d.json")
    client.log_image(run_id, np.zeros((2, 2, 3), np.uint8), "e.png")
    listed = [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id)]
    assert [each for each in listed if each[0] != "e.png"] == [
        ("a.txt", False, 1),
        ("d.json", False, 12),
        ("out", True, None),
        ("texts", True, None),
    ]
    assert [f.path for f in client.list_artifacts(run_id, "out")] == ["out/a.txt", "out/sub"]
    assert client.list_artifacts(run_id, "a.txt") == []
    fetched = Path(client.download_artifacts(run_id, "out", str(tmp_path)))
    assert (fetched / "sub" / "b.bin").read_bytes() == b"\0" * 100
    uri = client.get_run(run_id).info.artifact_uri
    assert uri == f"{nbtrack_uri}/0/{run_id}/artifacts"
    assert mlflow.artifacts.load_text(f"{uri}/texts/c.txt") == "é"
    with pytest.raises(MlflowException):
        client.download_artifacts(run_id, "none.txt", str(tmp_path))
    with pytest.raises(MlflowException, match="nvalid"):
        client.log_artifact(run_id, str(folder / "a.txt"), "../out")
    ours = nbtrack.get_run(run_id, store=nbtrack_uri.removeprefix("nbtrack://"))
    assert ours.load_text("texts/c.txt") == "é"
    assert sorted(ours.artifacts) == [
        "a.txt", "d.json", "e.png", "out/a.txt", "out/sub/b.bin", "texts/c.txt"
    ]  # fmt: skip


def test_logged_models_have_the_same_outcomes(both: Both, run: Id) -> None:
    experiments = both.ask("create_experiment", "of models")
    experiment = both.know("experiment", *experiments)
    models: list[Id] = []
    for number in range(3):
        answer = both.ask(
            "create_logged_model",
            experiment,
            f"net{number}",
            run if number else None,
            {"a": str(number), "team": "x"},
            {"lr": "0.1"} if number else None,
            "classifier" if number == 2 else None,
        )
        models.append(both.know("model", *(each.model_id for each in answer)))
    first, second, third = models
    both.ask("finalize_logged_model", first, LoggedModelStatus.READY)
    both.ask("finalize_logged_model", second, LoggedModelStatus.FAILED)
    both.ask("set_logged_model_tags", first, {"a": "A", "é": "x"})
    both.ask("delete_logged_model_tag", first, "team")
    assert isinstance(both.ask("delete_logged_model_tag", first, "none"), Refused)
    store = "_tracking_client.store"
    both.ask(f"{store}.log_logged_model_params", first, [LoggedModelParameter("depth", "3")])
    for model, value, data in ((first, 0.9, "train"), (second, 0.5, "test"), (third, 0.7, "test")):
        both.ask("log_metric", run, "acc", value, 1_700_000_000_000, 1,
                 model_id=model, dataset_name=data, dataset_digest="d")  # fmt: skip
    for model in models:
        both.ask("get_logged_model", model)
    for filter in (
        None, "name = 'net1'", "name LIKE 'net%'", "metrics.acc > 0.6", "params.lr = '0.1'",
        "tags.a = 'A'", "tags.team != 'y' AND metrics.acc >= 0.7", "nonsense",
        "model_type = 'classifier'",
    ):  # fmt: skip
        both.ask("search_logged_models", [experiment], filter)
    orders: list[dict[str, Any]] = [
        {"field_name": "metrics.acc", "ascending": False},
        {"field_name": "name"},
        {"field_name": "metrics.acc", "dataset_name": "test", "dataset_digest": "d"},
        {"field_name": "metrics.acc", "dataset_digest": "d", "ascending": False},
        {"field_name": "metrics.acc", "dataset_digest": "none"},
        {"field_name": "none"},
        {"field_name": "params.lr"},
    ]
    for order in orders:
        both.ask("search_logged_models", [experiment], None, None, 2, [order])
    for datasets in ([{"dataset_name": "test"}], [{"dataset_name": "none"}], [{}]):
        both.ask("search_logged_models", [experiment], "metrics.acc > 0.6", datasets)
    both.ask("delete_logged_model", third)
    assert isinstance(both.ask("get_logged_model", third), Refused)
    both.ask("search_logged_models", [experiment])
    assert isinstance(both.ask("get_logged_model", "m-" + "0" * 32), Refused)
    assert isinstance(both.ask("create_logged_model", experiment, "a/b"), Refused)
    for client, ids in zip(
        (both.theirs, both.ours), zip(*both.ids.values(), strict=True), strict=True
    ):
        by_id = dict(zip(both.ids, ids, strict=True))
        client.log_outputs(by_id[run], [LoggedModelOutput(by_id[first], 2)])
        client.log_inputs(by_id[run], models=[LoggedModelInput(by_id[second])])
    both.ask("get_run", run)


def test_data_that_a_run_read_comes_back_as_it_was_told(
    both: Both, run: Id, nbtrack_uri: str
) -> None:
    schema = '{"mlflow_colspec": [{"type": "double", "name": "x", "required": true}]}'
    told = [
        DatasetInput(
            Dataset(name, digest, "local", '{"uri": "a.csv"}', schema, '{"num_rows": 7}'),
            [InputTag("mlflow.data.context", context), InputTag("own", "1")],
        )
        for name, digest, context in (
            ("iris", "d1", "train"),
            ("iris", "d2", "test"),
            ("iris", "d1", "again"),
            ("other", "d1", "test"),
        )
    ]
    both.ask("log_inputs", run, told)
    both.ask("log_inputs", run, told[:1])
    both.ask("get_run", run)
    for filter in (
        "dataset.name = 'iris'", "dataset.digest = 'd2'", "dataset.context = 'test'",
        "dataset.name LIKE 'oth%' AND dataset.context != 'x'", "dataset.name = 'none'",
    ):  # fmt: skip
        both.ask("search_runs", ["0"], filter)
    inputs = nbtrack.get_run(both.ids[run][1], store=nbtrack_uri.removeprefix("nbtrack://")).inputs
    assert [(each.name, each.shape, each.schema, each.context) for each in inputs] == [
        ("iris", "(7, 1)", '{"x": "double"}', "train"),
        ("iris", "(7, 1)", '{"x": "double"}', "test"),
        ("other", "(7, 1)", '{"x": "double"}', "test"),
    ]


def test_what_mlflow_logs_by_itself_and_a_model_are_there_for_both(
    nbtrack_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.linear_model import LogisticRegression

    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(nbtrack_uri)
    mlflow.set_experiment("autologged")
    mlflow.sklearn.autolog(log_models=False)
    try:
        table = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]})
        with mlflow.start_run(run_name="auto") as begun:
            estimator = LogisticRegression(C=0.5).fit(table, [0, 0, 1, 1])
            # Without a list of requirements MLflow would look for them in another process.
            mlflow.sklearn.log_model(estimator, name="net", pip_requirements=[])
    finally:
        mlflow.sklearn.autolog(disable=True)
    run = mlflow.get_run(begun.info.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["C"] == "0.5"
    assert "training_accuracy_score" in run.data.metrics
    [made] = run.outputs.model_outputs
    model = mlflow.get_logged_model(made.model_id)
    assert (model.status, model.source_run_id) == (LoggedModelStatus.READY, begun.info.run_id)
    loaded = mlflow.sklearn.load_model(f"models:/{made.model_id}")
    assert loaded.predict(table).tolist() == [0, 0, 1, 1]
    version = mlflow.register_model(f"models:/{made.model_id}", "auto")
    assert mlflow.sklearn.load_model(f"models:/auto/{version.version}").C == 0.5

    place = nbtrack_uri.removeprefix("nbtrack://")
    ours = nbtrack.get_run(begun.info.run_id, store=place)
    assert (ours.name, ours.status, ours.params["C"]) == ("auto", "finished", 0.5)
    assert f"{model.name}/MLmodel" in ours.artifacts
    assert [each.context for each in ours.inputs] == ["train"]
    nbtrack.set_store(place)
    again = nbtrack.load_model(f"runs:/{begun.info.run_id}/{model.name}", trusted=True)
    assert again.predict(table).tolist() == [0, 0, 1, 1]
    assert nbtrack.Registry(place).get_model_version("auto", 1).path == model.name


def test_a_run_of_nbtrack_looks_at_home_in_mlflow(nbtrack_uri: str, tmp_path: Path) -> None:
    place = nbtrack_uri.removeprefix("nbtrack://")
    nbtrack.set_store(place)
    with nbtrack.run("native", experiment="of nbtrack", note="**seen**", lr=0.1, deep=None) as made:
        made.log(loss=float("inf"))
        made.log(loss=0.5)
        made.set_tag("team", "x")
        made.observe({"git.commit": "abc"})
        made.log_text("hello", "a/b.txt")
        with nbtrack.run("child", experiment="of nbtrack", nested=True):
            pass
    client = MlflowClient(nbtrack_uri, nbtrack_uri)
    experiment = client.get_experiment_by_name("of nbtrack")
    assert experiment is not None
    child, parent = client.search_runs([experiment.experiment_id])
    assert parent.info.run_name == "native"
    assert parent.data.params == {"lr": "0.1", "deep": "None"}
    assert parent.data.metrics == {"loss": 0.5}
    tags = parent.data.tags
    assert (tags["team"], tags["mlflow.note.content"]) == ("x", "**seen**")
    assert tags["mlflow.source.git.commit"] == "abc"
    assert tags["mlflow.user"] == parent.info.user_id != ""
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    found = client.search_runs(
        [experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    )
    assert [run.info.run_name for run in found] == ["child"]
    values = [p.value for p in client.get_metric_history(parent.info.run_id, "loss")]
    assert values == [1.7976931348623157e308, 0.5]
    assert mlflow.artifacts.load_text(f"{parent.info.artifact_uri}/a/b.txt") == "hello"
    assert Path(client.download_artifacts(parent.info.run_id, "a", str(tmp_path))).is_dir()


def test_what_mlflows_gc_removes_is_gone_for_good(nbtrack_uri: str) -> None:
    client = MlflowClient(nbtrack_uri, nbtrack_uri)
    store = client._tracking_client.store
    experiment = client.create_experiment("to go")
    run, other = (client.create_run(experiment).info.run_id for _ in range(2))
    model = client.create_logged_model(experiment, "alone").model_id
    client.log_text(run, "a", "a.txt")
    client.delete_run(run)
    assert run in store._get_deleted_runs()
    assert run not in store._get_deleted_runs(older_than=3_600_000)
    store._hard_delete_run(run)
    with pytest.raises(MlflowException, match="not found"):
        client.get_run(run)
    client.delete_logged_model(model)
    assert model in store._get_deleted_logged_models()
    store._hard_delete_logged_model(model)
    assert model not in store._get_deleted_logged_models()
    with pytest.raises(MlflowException, match="No Experiment"):
        store._hard_delete_experiment(experiment)
    client.delete_experiment(experiment)
    store._hard_delete_experiment(experiment)
    assert client.get_experiment_by_name("to go") is None
    with pytest.raises(MlflowException, match="not found"):
        client.get_run(other)


def test_a_parameter_without_a_value_is_refused_before_anything_is_logged(
    both: Both, run: Id
) -> None:
    store = "_tracking_client.store"
    nothing = Param("nothing", None)
    assert both.ask(f"{store}.log_param", run, nothing) == Refused("BAD_REQUEST")
    points, tags = [Metric("a", 1.0, 1, 0)], [RunTag("b", "c")]
    asked = both.ask(f"{store}.log_batch", run, points, [Param("d", "e"), nothing], tags)
    assert asked == Refused("BAD_REQUEST")
    found = both.ours.get_run(both.ids[run][1]).data
    assert (found.metrics, found.params, "b" in found.tags) == ({}, {}, False)


def test_an_end_is_kept_of_a_run_that_goes_on(both: Both, run: Id) -> None:
    update = "_tracking_client.store.update_run_info"
    for status, end in (
        (None, 1_700_000_005_000),
        (RunStatus.RUNNING, 1_700_000_006_000),
        (RunStatus.FINISHED, 1_700_000_007_000),
        (RunStatus.RUNNING, None),
        (RunStatus.SCHEDULED, 1_700_000_008_000),
    ):
        both.ask(update, run, status, end, None)
        both.ask("get_run", run)


def test_times_are_told_in_milliseconds_that_have_passed(nbtrack_uri: str) -> None:
    from nbtrack.tracking import active

    client = MlflowClient(nbtrack_uri, nbtrack_uri)
    writer = active.current_store(Path(nbtrack_uri.removeprefix("nbtrack://"))).writer()
    made, at_us = new_run_id(), 1_700_000_000_123_900
    writer.append(
        RunStarted(at_us, made, "just", "of times", attended=False),
        RunEnded(at_us + 1_000, made, "finished"),
    )
    info = client.get_run(made).info
    assert (info.start_time, info.end_time) == (1_700_000_000_123, 1_700_000_000_124)
    found = client.search_runs([info.experiment_id], "end_time = 1700000000124")
    assert [each.info.run_id for each in found] == [made]


def test_what_is_not_kept_is_listed_as_none_and_refused_in_one_sentence(nbtrack_uri: str) -> None:
    client = MlflowClient(nbtrack_uri, nbtrack_uri)
    store = client._tracking_client.store
    assert store.search_traces(["0"]) == ([], None)
    assert store.search_datasets(experiment_ids=["0"]) == []
    assert store.query_trace_metrics(["0"], None, "traces", []).token is None
    for call in (
        lambda: store.start_trace(None),
        lambda: store.log_spans("0", []),
        lambda: store.create_dataset("d"),
        lambda: client._get_registry_client().store.create_webhook("w", "https://x", []),
    ):
        with pytest.raises(MlflowException, match="is not supported by the nbtrack store") as told:
            call()
        assert told.value.error_code == "NOT_IMPLEMENTED"

"""Experiments have numbers that stay; what else is told of them, and of logged models."""

from using_store import end_run, rows, start_run

from nbtrack.events import (
    ExperimentChanged,
    ExperimentRenamed,
    ModelChanged,
    ModelLogged,
    ModelMeasured,
    ModelUsed,
    RunEnded,
    RunResumed,
    RunStarted,
    new_run_id,
)
from nbtrack.store import Store

NUMBERED = "SELECT number, name, deleted FROM experiments ORDER BY number"


def test_experiments_are_numbered_as_runs_come_to_name_them(tmp_path):
    store = Store(tmp_path)
    for experiment in ("vision", "Default", "vision", "text"):
        end_run(store, start_run(store, experiment=experiment))
    expected = [(0, "Default", False), (1, "vision", False), (2, "text", False)]
    assert rows(store, NUMBERED) == expected
    other = Store(tmp_path)
    start_run(other, experiment="sound")
    start_run(other, experiment="text")
    assert rows(store, NUMBERED) == [*expected, (3, "sound", False)]
    store.compact()
    assert rows(store, NUMBERED) == [*expected, (3, "sound", False)]


def test_a_number_follows_its_experiment_to_another_name_that_is_free(tmp_path):
    store = Store(tmp_path)
    for experiment in ("a", "b"):
        start_run(store, experiment=experiment)
    store.fold()
    writer = store.writer()
    writer.append(ExperimentRenamed(writer.now_us(), "a", "c"))
    assert rows(store, NUMBERED) == [(1, "c", False), (2, "b", False)]
    writer.append(ExperimentRenamed(writer.now_us(), "c", "b"))
    assert rows(store, NUMBERED) == [(1, "c", False), (2, "b", False)]
    assert rows(store, "SELECT DISTINCT experiment FROM runs") == [("b",)]


def test_what_is_decided_of_experiments_is_kept_together(tmp_path):
    store = Store(tmp_path)
    with store.deciding() as decision:
        decision.say(
            ExperimentChanged(5, 1, "made", location="s3://b", tags={"team": "x", "odd": "y"}),
            ExperimentChanged(7, 1, deleted=True, tags={"odd": None}),
        )
    assert rows(store, "SELECT number, name, deleted, location FROM experiments") == [
        (1, "made", True, "s3://b")
    ]
    assert rows(store, "SELECT * FROM experiment_tags") == [(1, "team", "x")]
    store.purge([], experiments=[1])
    assert rows(store, "SELECT * FROM experiments") == rows(store, "FROM experiment_tags") == []


def test_a_deleted_experiment_comes_back_with_a_run_that_names_it(tmp_path):
    store = Store(tmp_path)
    end_run(store, start_run(store, experiment="again"))
    writer = store.writer()
    store.fold()
    with store.deciding() as decision:
        decision.say(ExperimentChanged(writer.now_us(), 1, deleted=True))
    assert rows(store, NUMBERED) == [(1, "again", True)]
    writer.append(RunStarted(1, new_run_id(), "older", "again", attended=False))
    assert rows(store, NUMBERED) == [(1, "again", True)]
    end_run(store, start_run(store, experiment="again"))
    assert rows(store, NUMBERED) == [(1, "again", False)]


def test_a_run_that_is_not_attended_outlives_the_process_that_wrote_of_it(tmp_path):
    store = Store(tmp_path)
    writer = store.writer()
    begun = new_run_id()
    writer.append(RunStarted(writer.now_us(), begun, "elsewhere", "exp", attended=False))
    left = start_run(store, "left")
    taken_up = start_run(store, "taken up")
    end_run(store, taken_up)
    writer.append(RunResumed(writer.now_us(), taken_up, attended=False, status="scheduled"))
    store.close()
    later = Store(tmp_path)
    later.fold()
    assert dict(rows(later, "SELECT replace(run_id::VARCHAR, '-', ''), status FROM runs")) == {
        begun: "running",
        left: "killed",
        taken_up: "scheduled",
    }
    assert rows(later, "SELECT ended FROM runs WHERE status = 'scheduled'") == [(None,)]
    writer = later.writer()
    writer.append(RunEnded(writer.now_us(), begun, "failed", 1.0, ended=1_500_000))
    sql = "SELECT status, epoch_us(ended) FROM runs WHERE name = 'elsewhere'"
    assert rows(later, sql) == [("failed", 1_500_000)]


def test_logged_models_are_kept_with_what_was_said_of_them_since(tmp_path):
    store = Store(tmp_path)
    run, other = start_run(store), start_run(store)
    of_run, alone = new_run_id(), new_run_id()
    writer = store.writer()

    def say(kind, *fields, **named):
        writer.append(kind(writer.now_us(), *fields, **named))

    say(ModelLogged, of_run, "net", "exp", run, path="net", params={"lr": "1"}, tags={"a": "b"})
    say(ModelLogged, alone, "base", "elsewhere", tags={"a": "b"})
    say(ModelChanged, of_run, "ready", params={"depth": "2"}, tags={"a": None})
    say(ModelMeasured, of_run, run, "loss", "nan", 3, 1_000)
    say(ModelUsed, run, of_run, "output", 3)
    say(ModelUsed, other, of_run, "input")
    end_run(store, run)
    end_run(store, other)
    sql = "SELECT name, experiment, status, deleted FROM logged_models ORDER BY name"
    assert rows(store, sql) == [
        ("base", "elsewhere", "pending", False),
        ("net", "exp", "ready", False),
    ]
    assert rows(store, "SELECT name FROM experiments ORDER BY number") == [("exp",), ("elsewhere",)]
    assert rows(store, "SELECT count(*), count(DISTINCT key) FROM base.logged_model_params") == [
        (2, 2)
    ]
    store.purge([run])
    assert [name for name, *_ in rows(store, sql)] == ["base"]
    for table in ("changes", "params", "metrics", "uses"):
        assert rows(store, f"SELECT count(*) FROM base.logged_model_{table}") == [(0,)]
    store.purge([], models=[alone])
    assert rows(store, sql) == []
    assert rows(store, "SELECT count(*) FROM base.logged_model_tags") == [(0,)]
    store.close()

"""The life of a run in one process: started, logged to, nested, resumed, ended."""

import math
import threading

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, ParamConflict, RunIsOver, RunNotFound

pytestmark = pytest.mark.usefixtures("place")


def test_a_run_comes_back_as_it_was_logged():
    with nbtrack.run("forest", depth=3, lr=0.1, name_of="x", flag=True, nothing=None) as run:
        run.log(loss=0.5, acc=float("nan"))
        run.log({"val/loss": math.inf, "损失": -1})
        run.set_tag("team", "vision")
        run.set_note("**good**")
    back = nbtrack.get_run("forest")
    assert back.id == run.id
    assert back.status == "finished"
    assert back.params == {"depth": 3, "lr": 0.1, "name_of": "x", "flag": True, "nothing": None}
    metrics = back.metrics
    assert math.isnan(metrics.pop("acc"))
    assert metrics == {"loss": 0.5, "val/loss": math.inf, "损失": -1.0}
    assert back.tags == {"team": "vision"}
    assert back.note == "**good**"
    assert back.duration_s == pytest.approx(run.duration_s)


def test_steps_count_up_where_none_is_given():
    with nbtrack.run() as run:
        run.log(loss=3)
        run.log(loss=2, acc=0.1)
        run.log(loss=1, step=10)
        run.log(loss=0)
    assert nbtrack.get_run(run.id).history("loss")["step"] == [0, 1, 10, 11]


def test_points_are_ordered_by_step_then_by_when_they_were_logged():
    with nbtrack.run() as run:
        for step, value in [(5, 1.0), (-3, 2.0), (5, 3.0), (2**63 - 1, 4.0), (-(2**63), 5.0)]:
            run.log_metric("m", value, step=step)
    history = nbtrack.get_run(run.id).history("m")
    assert list(zip(history["step"], history["value"], strict=True)) == [
        (-(2**63), 5.0),
        (-3, 2.0),
        (5, 1.0),
        (5, 3.0),
        (2**63 - 1, 4.0),
    ]


def test_a_refused_call_logs_nothing_of_it():
    with nbtrack.run() as run:
        with pytest.raises(InvalidValue, match="'b'"):
            run.log(a=1, b="high")
        with pytest.raises(InvalidValue, match="step"):
            run.log(a=1, step=2**63)
        run.log(c=1)
    assert nbtrack.get_run(run.id).metrics == {"c": 1.0}


def test_an_exception_in_the_block_fails_the_run_and_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), nbtrack.run() as run:
        run.log(a=1)
        1 / 0  # noqa: B018
    back = nbtrack.get_run(run.id)
    assert back.status == "failed"
    assert "ZeroDivisionError: division by zero" in back.text("traceback")
    assert back.metrics == {"a": 1.0}


def test_an_interrupt_kills_the_run():
    with pytest.raises(KeyboardInterrupt), nbtrack.run() as run:
        raise KeyboardInterrupt
    assert nbtrack.get_run(run.id).status == "killed"


@pytest.mark.parametrize(("code", "status"), [(None, "finished"), (0, "finished"), (1, "failed")])
def test_sys_exit_is_told_by_its_code(code, status):
    with pytest.raises(SystemExit), nbtrack.run() as run:
        raise SystemExit(code)
    assert nbtrack.get_run(run.id).status == status


def test_a_run_inside_a_run_is_its_child():
    with nbtrack.run("outer") as outer:
        with nbtrack.run("inner") as inner:
            assert nbtrack.active_run() is inner
        assert nbtrack.active_run() is outer
    rows = nbtrack.sql("SELECT name, parent_id::VARCHAR AS parent FROM runs ORDER BY started")
    parents = {row["name"]: row["parent"] for row in rows}
    assert parents["outer"] is None
    assert parents["inner"].replace("-", "") == outer.id


def test_start_run_asks_for_nested_where_a_run_is_active():
    with nbtrack.start_run(run_name="outer") as outer:
        with pytest.raises(InvalidValue, match="nested=True"):
            nbtrack.start_run()
        with nbtrack.start_run(nested=True) as inner:
            pass
    assert nbtrack.active_run() is None
    assert inner.id != outer.id


def test_a_thread_without_a_run_logs_to_the_one_that_is_open():
    with nbtrack.run() as run:
        threads = [
            threading.Thread(target=nbtrack.log, kwargs={f"m{i}": i, "step": 0}) for i in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert nbtrack.get_run(run.id).metrics == {f"m{i}": float(i) for i in range(8)}


def test_two_threads_each_log_to_their_own_run():
    ids = {}
    start = threading.Barrier(2)

    def train(name):
        with nbtrack.run(name) as run:
            start.wait()
            nbtrack.log(mine=len(name))
            start.wait()
        ids[name] = run.id

    threads = [threading.Thread(target=train, args=(name,)) for name in ("a", "bb")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: nbtrack.get_run(ids[name]).metrics for name in ids} == {
        "a": {"mine": 1.0},
        "bb": {"mine": 2.0},
    }


def test_a_param_keeps_its_first_value():
    with nbtrack.run(lr=0.1) as run:
        run.log_param("lr", 0.1)
        with pytest.raises(ParamConflict, match=r"already '0\.1'.*cannot become '0\.2'"):
            run.log_param("lr", 0.2)
    assert nbtrack.get_run(run.id).params == {"lr": 0.1}


def test_a_run_that_is_over_takes_no_more():
    with nbtrack.run("done") as run:
        run.log(a=1)
    for call in (lambda: run.log(a=2), lambda: run.log_param("p", 1), lambda: run.log(b=1)):
        with pytest.raises(RunIsOver, match="already finished"):
            call()
    run.end("failed")
    assert nbtrack.get_run(run.id).status == "finished"


def test_a_resumed_run_goes_on_where_it_stopped():
    with nbtrack.run("long", lr=0.1) as first:
        first.log(loss=3)
        first.log(loss=2)
    with nbtrack.start_run(run_id=first.short_id) as second:
        assert second.id == first.id
        assert nbtrack.get_run(first.id).status == "running"
        second.log(loss=1)
        with pytest.raises(ParamConflict):
            second.log_param("lr", 0.2)
    back = nbtrack.get_run(first.id)
    assert back.status == "finished"
    assert back.history("loss")["step"] == [0, 1, 2]
    assert back.duration_s >= first.duration_s


def test_logging_without_a_run_starts_one_as_mlflow_does():
    nbtrack.log_metric("acc", 0.5)
    nbtrack.log_param("lr", 1)
    run = nbtrack.active_run()
    nbtrack.end_run()
    assert nbtrack.get_run(run.id).metrics == {"acc": 0.5}
    assert nbtrack.active_run() is None


def test_an_empty_run_is_a_run():
    with nbtrack.run("empty"):
        pass
    back = nbtrack.get_run("empty")
    assert (back.params, back.metrics, back.tags) == ({}, {}, {})


def test_log_metric_takes_mlflows_timestamp():
    with nbtrack.run() as run:
        run.log_metric("m", 1.0, step=0, timestamp=1_700_000_000_123)
    (when,) = nbtrack.get_run(run.id).history("m")["ts"]
    assert when.isoformat() == "2023-11-14T22:13:20.123000"


def test_names_are_changed_moved_and_annotated_after_the_end():
    with nbtrack.run("old", experiment="a") as run:
        run.set_tags({"x": 1, "y": 2})
    past = nbtrack.get_run("old")
    past.rename("new")
    past.move("b")
    past.set_note("later")
    past.delete_tag("x")
    back = nbtrack.get_run("new")
    assert (back.id, back.experiment, back.note, back.tags) == (run.id, "b", "later", {"y": "2"})
    with pytest.raises(RunNotFound):
        nbtrack.get_run("old")


def test_a_one_megabyte_text_and_tag_come_back():
    long = "ä" * 1_000_000
    with nbtrack.run() as run:
        run.set_tag("long", long)
        run.keep_text("stdout", long + "\n")
    back = nbtrack.get_run(run.id)
    assert back.tags["long"] == long
    assert back.text("stdout") == long + "\n"


def test_seeds_of_the_user_are_left_alone():
    import random

    random.seed(7)
    expected = random.Random(7).random()
    with nbtrack.run():
        assert random.random() == expected

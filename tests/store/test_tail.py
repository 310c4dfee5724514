"""Points read off the journals: only while nothing else has changed, and never one twice."""

import numpy as np
import pytest
from using_store import end_run, log, rows, start_run

from nbtrack.events import TagsSet
from nbtrack.store import PointsTail, Store
from nbtrack.store import tail as tail_module


@pytest.fixture
def run(store):
    run = start_run(store)
    log(store, run, 0, loss=1.0, acc=0.5)
    return run


@pytest.fixture
def tail(store, run):
    tail = PointsTail(store)
    go_on(store, tail)
    return tail


def go_on(store, tail):
    """Ask the database, and go on from there; how many points it told of."""
    with store.settled():
        ((count,),) = rows(store, "SELECT count(*) FROM metrics")
        tail.begin()
    return count


def told(tail):
    found = tail.read()
    if found is None:
        return None
    return {
        key: list(zip(points["step"].tolist(), points["value"].tolist(), strict=True))
        for (_, key), points in found.items()
    }


def test_what_was_logged_since_the_last_time(store, run, tail):
    assert told(tail) == {}
    log(store, run, 1, loss=0.5, acc=0.6)
    log(store, run, 2, loss=np.nan)
    found = told(tail)
    assert found["acc"] == [(1, 0.6)]
    assert repr(found["loss"]) == "[(1, 0.5), (2, nan)]"
    assert told(tail) == {}
    log(store, run, 3, acc=0.7)
    assert told(tail) == {"acc": [(3, 0.7)]}


def test_the_time_is_that_of_the_database(store, run, tail):
    log(store, run, 1, loss=0.5)
    ((_, points),) = tail.read().items()
    assert rows(store, "SELECT epoch_us(max(ts)) FROM metrics") == [(int(points["ts"][0]),)]


def test_anything_else_ends_it(store, run, tail):
    writer = store.writer()
    writer.append(TagsSet(writer.now_us(), run, {"a": "b"}))
    log(store, run, 1, loss=0.5)
    assert told(tail) is None
    # Also afterwards: what came in between was told to nobody.
    log(store, run, 2, loss=0.25)
    assert told(tail) is None
    assert go_on(store, tail) == 4
    log(store, run, 3, loss=0.1)
    assert told(tail) == {"loss": [(3, 0.1)]}


def test_a_series_that_begins_ends_it(store, run, tail):
    log(store, run, 1, other=1.0)
    assert told(tail) is None


def test_a_run_that_ends_ends_it(store, run, tail):
    log(store, run, 1, loss=0.5)
    end_run(store, run)
    assert told(tail) is None


def test_a_fold_by_somebody_else_ends_it(store, run, tail, folder):
    log(store, run, 1, loss=0.5)
    Store(folder).fold()
    assert told(tail) is None


def test_another_journal_ends_it(store, run, tail, program):
    program("run = start('other'); print('ready', flush=True); sys.stdin.readline()")
    ready = program("run = start('another'); print('ready', flush=True); sys.stdin.readline()")
    assert ready.stdout.readline() == "ready\n"
    assert told(tail) is None


def test_another_segment_ends_it(store, run, tail):
    store.writer().rotate()
    assert told(tail) is None


def test_there_is_no_place_to_go_on_from_outside_of_settled(store, run):
    tail = PointsTail(store)
    rows(store, "SELECT 1")
    tail.begin()
    assert told(tail) is None


def test_journals_are_folded_in_the_end(store, run, tail, monkeypatch):
    monkeypatch.setattr(tail_module, "MAX_S", 0.0)
    assert go_on(store, tail) == 2
    log(store, run, 1, loss=0.5)
    assert told(tail) is None


def test_very_many_points_are_for_the_database(store, run, tail, monkeypatch):
    monkeypatch.setattr(tail_module, "MAX_POINTS", 100)
    for step in range(1, 200):
        log(store, run, step, loss=1.0)
    assert told(tail) is None

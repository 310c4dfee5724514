"""Values come back as they were."""

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from using_store import end_run, log, rows, start_run

from nbtrack.events import (
    ExperimentRenamed,
    ExperimentSet,
    FactsObserved,
    NoteSet,
    ParamsLogged,
    ParamValue,
    RunDeleted,
    RunEnded,
    RunRenamed,
    RunResumed,
    RunStarted,
    TagsSet,
    TextsKept,
    new_run_id,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SETTINGS = settings(max_examples=25)


@SETTINGS
@given(
    points=st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=True, allow_infinity=True, width=64),
        ),
        min_size=1,
        max_size=20,
    ),
    key=TEXT.filter(bool),
)
def test_points_come_back_bit_by_bit(store, points, key):
    run = start_run(store)
    for step, value in points:
        log(store, run, step, **{key: value})
    found = rows(
        store,
        "SELECT step, value FROM metrics WHERE run_id = ?::UUID AND key = ? ORDER BY ts",
        run,
        key,
    )
    assert [(step, repr(value)) for step, value in found] == [(s, repr(v)) for s, v in points]


@SETTINGS
@given(texts=st.dictionaries(TEXT.filter(bool), TEXT, min_size=1, max_size=5))
def test_texts_of_every_kind_come_back(store, texts):
    run = start_run(store)
    writer = store.writer()
    writer.append(
        ParamsLogged(writer.now_us(), run, {k: ParamValue("str", v) for k, v in texts.items()}),
        TagsSet(writer.now_us(), run, dict(texts)),
        FactsObserved(writer.now_us(), run, texts),
        TextsKept(writer.now_us(), run, {k: writer.store_text(v) for k, v in texts.items()}),
    )
    for view, column in (("params", "key"), ("tags", "key"), ("facts", "key"), ("texts", "role")):
        value = "text" if view == "texts" else "value"
        sql = f"SELECT {column}, {value} FROM {view} WHERE run_id = ?::UUID"
        assert dict(rows(store, sql, run)) == texts, view


def test_a_megabyte_of_text_and_a_hundred_thousand_keys(store):
    run = start_run(store, "x" * 1000)
    writer = store.writer()
    long = "ab\n\t\x00ü" * 200_000
    writer.append(
        TextsKept(writer.now_us(), run, {"stdout": writer.store_text(long)}),
        TagsSet(writer.now_us(), run, {"long": long}),
    )
    frame = writer.frame(tuple(writer.open_series(run, f"layer/{n}") for n in range(20_000)))
    frame((0.5,) * 20_000, 0, None)
    assert rows(store, "SELECT text FROM texts") == [(long,)]
    assert rows(store, "SELECT value FROM tags") == [(long,)]
    assert rows(store, "SELECT count(*), min(value), max(value) FROM metrics") == [
        (20_000, 0.5, 0.5)
    ]


def test_best_values_are_over_finite_ones_and_the_others_are_counted(store):
    run = start_run(store)
    for step, value in enumerate([1.0, math.nan, math.inf, -2.0, -math.inf, 0.5]):
        log(store, run, step, m=value)
    log(store, run, 0, only_nan=math.nan)
    store.fold()
    log(store, run, 6, m=9.0)
    log(store, run, 7, m=math.nan)
    found = rows(
        store,
        "SELECT key, value, step, count, not_finite, min, min_step, max, max_step "
        "FROM latest_metrics ORDER BY key",
    )
    assert repr(found) == repr(
        [
            ("m", math.nan, 7, 8, 4, -2.0, 3, 9.0, 6),
            ("only_nan", math.nan, 0, 1, 1, None, None, None, None),
        ]
    )


def test_a_value_logged_again_for_a_step_is_kept_and_the_later_one_is_last(store):
    run = start_run(store)
    log(store, run, 5, m=1.0)
    log(store, run, 5, m=2.0)
    log(store, run, 4, m=3.0)
    assert rows(store, "SELECT value, step, count FROM latest_metrics") == [(2.0, 5, 3)]


def test_an_empty_run_is_a_run(store):
    run = start_run(store, "empty")
    end_run(store, run)
    assert rows(store, "SELECT name, status, duration_s FROM runs") == [("empty", "finished", 1.0)]


def test_every_change_of_a_run_is_seen_and_the_last_one_holds(store):
    writer = store.writer()
    run, other = new_run_id(), new_run_id()
    for each, name in ((run, "first"), (other, "other")):
        writer.append(
            RunStarted(
                writer.now_us(),
                each,
                name,
                "exp",
                parent=None,
                user="u",
                host="h",
                source="s.ipynb",
            )
        )
    writer.append(
        RunRenamed(writer.now_us(), run, "second"),
        NoteSet(writer.now_us(), run, "*note*"),
        TagsSet(writer.now_us(), run, {"a": "1", "b": "2"}),
        TagsSet(writer.now_us(), run, {"a": None}),
    )
    columns = 'name, experiment, status, note, "user", host, source'
    assert rows(store, f"SELECT {columns} FROM runs WHERE run_id = ?::UUID", run) == [
        ("second", "exp", "running", "*note*", "u", "h", "s.ipynb")
    ]
    assert rows(store, "SELECT key, value FROM tags") == [("b", "2")]
    writer.append(
        RunEnded(writer.now_us(), run, "failed", 2.5),
        ExperimentSet(writer.now_us(), run, "moved"),
        RunRenamed(writer.now_us(), run, "third"),
    )
    assert rows(store, "SELECT name, experiment, status, duration_s FROM runs ORDER BY name") == [
        ("other", "exp", "running", None),
        ("third", "moved", "failed", 2.5),
    ]
    writer.append(RunResumed(writer.now_us(), run))
    assert rows(store, "SELECT status, ended FROM runs WHERE name = 'third'") == [("running", None)]
    writer.append(ExperimentRenamed(writer.now_us(), "exp", "renamed"))
    assert rows(store, "SELECT name, experiment FROM runs ORDER BY name") == [
        ("other", "renamed"),
        ("third", "moved"),
    ]
    writer.append(RunDeleted(writer.now_us(), run, True))
    assert rows(store, "SELECT name FROM runs") == [("other",)]
    writer.append(RunDeleted(writer.now_us(), run, False))
    assert rows(store, "SELECT count(*) FROM runs") == [(2,)]


def test_a_run_resumed_elsewhere_is_not_killed_with_its_first_process(store, program, folder):
    """Two processes die or end in any order: the run is what the last one made of it."""
    gone = program("print(start('r'), flush=True); os.kill(os.getpid(), 9)")
    run = gone.stdout.readline().strip()
    gone.wait()
    # Not folded yet: the first journal still has it open.
    writer = store.writer()
    writer.append(RunResumed(writer.now_us(), run))
    assert rows(store, "SELECT status FROM runs") == [("running",)]
    end_run(store, run)
    assert rows(store, "SELECT status FROM runs") == [("finished",)]


def test_times_increase_strictly_and_follow_the_wall_clock(store, monkeypatch):
    import time

    writer = store.writer()
    times = [writer.now_us() for _ in range(1000)]
    assert times == sorted(set(times))
    assert abs(times[-1] - time.time_ns() // 1000) < 1_000_000
    # After eight hours of sleep, in which the monotonic clock stood still.
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 8 * 3600 * 10**9)
    writer.follow_wall_clock()
    assert writer.now_us() - times[-1] > 7 * 3600 * 10**6
    # Set back, time does not go back.
    late = writer.now_us()
    monkeypatch.setattr(time, "time_ns", lambda: real() - 3600 * 10**9)
    writer.follow_wall_clock()
    assert writer.now_us() > late


def test_a_text_is_stored_once_and_again_after_a_segment(store):
    writer = store.writer()
    run = start_run(store)
    digests = {writer.store_text("same") for _ in range(3)}
    writer.rotate()
    digests.add(writer.store_text("same"))
    writer.append(TextsKept(writer.now_us(), run, {"source": digests.pop()}))
    assert not digests
    assert rows(store, "SELECT text FROM texts") == [("same",)]
    assert rows(store, "SELECT count(*) FROM base.texts") == [(1,)]


def test_a_frame_keeps_working_over_segments_and_after_close(store):
    run = start_run(store)
    writer = store.writer()
    frame = writer.frame((writer.open_series(run, "a"), writer.open_series(run, "b")))
    for step in range(30):
        frame((float(step), 0.0), step, None)
        if step % 10 == 3:
            writer.rotate()
        if step % 10 == 6:
            store.fold()
        if step % 10 == 8:
            store.close()
    assert rows(
        store, "SELECT key, count(*), count(DISTINCT step) FROM metrics GROUP BY key ORDER BY 1"
    ) == [
        ("a", 30, 30),
        ("b", 30, 30),
    ]
    assert rows(store, "SELECT status FROM runs") == [("running",)]
    with pytest.raises(struct.error):
        frame((1.0, 2.0), 2**63, None)

"""Curves of top-level loops, and that watching them changes nothing."""

import traceback

import pytest

from tests.capture.running import run_cell


def test_each_turn_of_a_for_is_a_step():
    seen = run_cell("for epoch in range(3):\n    loss = 1 / (epoch + 1)")
    assert seen.curve("loss") == [(0, 1.0), (1, 0.5), (2, 1 / 3)]


def test_each_turn_of_a_while_is_a_step():
    seen = run_cell("i = 0\nwhile i < 3:\n    i += 1\n    loss = 1 / i")
    assert seen.curve("loss") == [(0, 1.0), (1, 0.5), (2, 1 / 3)]


def test_each_turn_of_an_async_for_is_a_step():
    seen = run_cell("""
        async def batches():
            for i in range(3):
                yield i
        async for i in batches():
            loss = 1 / (i + 1)
    """)
    assert seen.error is None
    assert seen.curve("loss") == [(0, 1.0), (1, 0.5), (2, 1 / 3)]


def test_the_turn_of_a_break_counts_and_that_of_a_continue_logs_nothing_stale():
    seen = run_cell("""
        for i in range(9):
            if i == 1:
                continue
            loss = 1 / (i + 1)
            if i == 3:
                break
        after = 7.0
    """)
    assert [step for step, _ in seen.curve("loss")] == [0, 2, 3]


def test_what_is_assigned_after_the_loop_is_not_of_its_last_turn():
    seen = run_cell("for i in range(2):\n    acc = i / 2 + 0.1\nacc = 0.9 + 0.01 * i")
    assert len(seen.curve("acc")) == 2
    assert seen.metrics["acc"] == pytest.approx(0.91)


def test_an_exception_leaves_the_turns_before_it():
    seen = run_cell("for i in range(5):\n    loss = 1 / (3 - i)")
    assert isinstance(seen.error, ZeroDivisionError)
    assert [step for step, _ in seen.curve("loss")] == [0, 1, 2]


def test_a_loop_inside_with_if_and_try_is_watched_and_the_inner_one_is_not():
    seen = run_cell("""
        import contextlib
        with contextlib.nullcontext():
            if True:
                try:
                    for epoch in range(2):
                        for batch in range(10):
                            loss = epoch + batch / 10
                finally:
                    pass
    """)
    assert seen.curve("loss") == [(0, 0.9), (1, 1.9)]


def test_else_of_a_loop_runs_as_without_tracking():
    seen = run_cell("for i in range(2):\n    loss = i / 2\nelse:\n    done = 'yes'")
    assert seen.namespace["done"] == "yes"
    seen = run_cell("for i in range(2):\n    loss = i / 2\n    break\nelse:\n    done = 'yes'")
    assert "done" not in seen.namespace


def test_no_item_is_fetched_before_its_turn():
    seen = run_cell("""
        order = []
        def source():
            for i in range(3):
                order.append(f"make {i}")
                yield i
        for i in source():
            order.append(f"use {i}")
            loss = i / 2
    """)
    expected = [f"{verb} {i}" for i in range(3) for verb in ("make", "use")]
    assert seen.namespace["order"] == expected


def test_a_generator_is_closed_when_the_loop_breaks():
    seen = run_cell("""
        closed = []
        def source():
            try:
                while True:
                    yield 1
            finally:
                closed.append(True)
        for i in source():
            loss = i / 2
            break
        was_closed = list(closed)
    """)
    assert seen.namespace["was_closed"] == [True]


def test_an_exception_from_the_iterator_shows_no_frame_of_ours():
    seen = run_cell("""
        def source():
            yield 1
            raise ValueError("broken file")
        for i in source():
            loss = i / 2
    """)
    files = {frame.filename for frame in traceback.extract_tb(seen.error.__traceback__)}
    assert not [file for file in files if "nbtrack/capture" in file]


def test_line_numbers_are_the_users_own():
    seen = run_cell(
        "x = 1\nfor i in range(3):\n    loss = i / 2\n    if i == 1:\n        raise KeyError(i)"
    )
    assert traceback.extract_tb(seen.error.__traceback__)[-1].lineno == 5


def test_tensors_are_converted_later_and_all_of_them_arrive():
    class Scalar:
        shape = ()
        dtype = "float32"
        asked = 0

        def __init__(self, value):
            self.value = value

        def detach(self):
            return self

        def item(self):
            Scalar.asked += 1
            return self.value

    seen = run_cell("for i in range(10):\n    loss = Scalar(i / 2)", {"Scalar": Scalar})
    assert [value for _, value in seen.curve("loss")] == [i / 2 for i in range(10)]


def test_cheap_turns_are_thinned_after_the_first_thousand_and_the_last_one_is_kept():
    seen = run_cell("for i in range(300_000):\n    loss = i * 0.5")
    steps = [step for step, _ in seen.curve("loss")]
    assert steps[:1000] == list(range(1000))
    assert len(steps) < 20_000
    assert seen.curve("loss")[-1] == (299_999, 299_999 * 0.5)
    assert any("thinned" in note for note in seen.inferred.notes)


def test_a_loop_that_measures_nothing_is_left_alone():
    seen = run_cell("total = 0\nfor i in range(5):\n    total += i\n    _x = i / 2\n    n = i")
    assert seen.turns == []


def test_loop_variables_are_no_curves():
    seen = run_cell("for lr in [0.1, 0.2]:\n    for x in [0.5]:\n        loss = lr + x")
    assert {name for _, values in seen.turns for name in values} == {"loss"}


def test_a_second_loop_goes_on_where_the_first_left_a_name():
    seen = run_cell("""
        for i in range(2):
            loss = i / 2
        for i in range(2):
            loss = i / 4
            acc = i / 8
    """)
    assert seen.curve("loss") == [(0, 0.0), (1, 0.5), (2, 0.0), (3, 0.25)]

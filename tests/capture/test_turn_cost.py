"""What watching a loop costs, beside the same loop unwatched, and what it must not disturb."""

import ast
import signal
import sys
import time

import pytest

from nbtrack.capture import CellObserver, CellOptions
from tests.capture.running import run_cell


def duration_s(source, namespace, *, watched):
    """The processor time that the cell takes to run, the shortest of three."""
    shortest = float("inf")
    for _ in range(3):
        tree = ast.parse(source)
        observer = CellObserver(
            source, namespace, options=CellOptions(), on_turn=lambda step, metrics: None
        )
        observer.start()
        if watched:
            tree = observer.transform(tree)
        code = compile(tree, "<cell>", "exec")
        started = time.process_time()
        exec(code, namespace)
        shortest = min(shortest, time.process_time() - started)
        observer.finish(None, None)
    return shortest


@pytest.mark.parametrize(
    "source",
    [
        "for i in range(1_000_000):\n    loss = i * 0.5",
        "i = 0\nwhile i < 1_000_000:\n    i += 1\n    loss = i * 0.5",
    ],
    ids=["for", "while"],
)
def test_a_million_cheap_turns_take_a_few_times_as_long_at_most(source):
    # Alone on two cores: 1.4 for `for` (65 ns a turn), 2.0 for `while` (136 ns a turn); beside
    # others more than 3 was seen. To look at each turn takes more than ten.
    assert duration_s(source, {}, watched=True) < 8 * duration_s(source, {}, watched=False)


def test_turns_of_a_millisecond_cost_a_few_percent_at_most():
    # The spin is on the process's own clock, which a busy neighbour does not turn.
    source = """
for i in range(150):
    until = process_time() + 0.001
    while process_time() < until: pass
    loss = i * 0.5
    acc = i / 150
"""
    namespace = {"process_time": time.process_time}
    plain = duration_s(source, namespace, watched=False)
    assert duration_s(source, namespace, watched=True) < 1.1 * plain + 0.02


def test_the_same_object_again_leaves_a_gap_and_no_wrong_point():
    seen = run_cell("same = 0.5 + len('')\nfor i in range(3):\n    loss = same\n    acc = i / 2")
    assert seen.curve("loss") == [(0, 0.5)]
    assert seen.curve("acc") == [(0, 0.0), (1, 0.5), (2, 1.0)]


def test_a_progress_bar_counts_as_without_tracking(capsys):
    from tqdm import tqdm

    shown = []
    seen = run_cell(
        """
        bar = tqdm(range(4), file=stream, mininterval=0)
        for i in bar:
            loss = i / 2
            shown.append(bar.n)
        """,
        {"tqdm": tqdm, "shown": shown, "stream": sys.stderr},
    )
    assert shown == [0, 1, 2, 3]
    assert seen.namespace["bar"].n == 4
    assert len(seen.curve("loss")) == 4
    assert "4/4" in capsys.readouterr().err


def test_an_item_lives_no_longer_than_without_tracking():
    seen = run_cell(
        """
        import weakref
        class Batch: pass
        alive = []
        def batches():
            last = None
            for _ in range(3):
                alive.append(last is not None and last() is not None)
                batch = Batch()
                last = weakref.ref(batch)
                yield batch
                del batch
        for batch in batches():
            loss = len(alive) / 2
            del batch
        """
    )
    assert seen.error is None
    assert seen.namespace["alive"] == [False, False, False]


def test_a_while_that_is_left_by_an_exception_takes_nothing_of_the_handler():
    seen = run_cell(
        """
        i = 0
        try:
            while 1 / (3 - i):
                loss = i / 2
                i += 1
        except ZeroDivisionError:
            loss = 99.0 + i
        loss = 77.0 + i
        """
    )
    assert seen.error is None
    assert seen.curve("loss") == [(0, 0.0), (1, 0.5), (2, 1.0)]


def test_a_loop_never_reached_logs_nothing():
    seen = run_cell(
        "loss = 1 / 2\nif loss > 1:\n    while loss:\n        loss = loss / 2\nloss = 0.25 + loss"
    )
    assert seen.turns == []


def test_a_while_starts_from_what_stood_before_it():
    seen = run_cell(
        """
        i, loss = 0, 5.0
        while i < 4:
            i += 1
            if i == 1:
                continue
            loss = loss / 2
        """
    )
    assert seen.curve("loss") == [(1, 2.5), (2, 1.25), (3, 0.625)]


def test_a_walrus_in_the_test_of_a_while_is_of_the_turn_it_begins():
    seen = run_cell("n = [4]\nwhile (loss := n[0] / 2) > 0.5:\n    n[0] -= 1")
    assert seen.curve("loss")[:3] == [(0, 2.0), (1, 1.5), (2, 1.0)]


def test_the_last_step_of_a_thinned_while_is_its_last_turn():
    seen = run_cell("i = 0\nwhile i < 50_000:\n    i += 1\n    loss = i * 0.5")
    assert seen.curve("loss")[-1] == (49_999, 25_000.0)
    assert len(seen.turns) < 50_000


def test_loops_inside_match_and_else_are_watched():
    seen = run_cell(
        """
        match 1:
            case 1:
                for i in range(2):
                    loss = i / 2
        for i in range(1):
            pass
        else:
            for i in range(2):
                acc = i / 4
        """
    )
    assert seen.curve("loss") == [(0, 0.0), (1, 0.5)]
    assert seen.curve("acc") == [(0, 0.0), (1, 0.25)]


def test_an_interrupt_in_a_loop_is_not_lost():
    # A program that was started in the background ignores interrupts unless told otherwise.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        seen = run_cell(
            "import signal\nfor i in range(3):\n    loss = i / 2\n    if i: signal.raise_signal(2)"
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(seen.error, KeyboardInterrupt)
    assert seen.curve("loss") == [(0, 0.0), (1, 0.5)]

from __future__ import annotations

import subprocess
import sys
import threading

from nbtrack.magics.errand import Errand


def fail(error: Exception) -> None:
    raise AssertionError(error)


def test_an_answer_in_time_is_handed_out():
    assert Errand(lambda: 42, fail).answer(5) == 42


def test_nobody_waits_longer_than_asked():
    gate = threading.Event()
    errand = Errand(gate.wait, fail)
    assert errand.answer(0.01) is None
    assert not errand.is_done
    gate.set()
    assert errand.answer(5) is True


def test_a_late_answer_reaches_the_follower():
    gate, arrived = threading.Event(), threading.Event()
    answers: list[int] = []
    errand = Errand(lambda: gate.wait() and 7, fail)
    errand.then(lambda answer: (answers.append(answer), arrived.set()))
    gate.set()
    assert arrived.wait(5)
    assert answers == [7]


def test_a_follower_that_comes_late_is_called_at_once():
    errand = Errand(lambda: 7, fail)
    errand.answer(5)
    answers: list[int] = []
    errand.then(answers.append)
    assert answers == [7]


def test_a_failure_is_handed_over_and_answers_nothing():
    failures: list[Exception] = []
    handed = threading.Event()

    def work() -> int:
        raise OSError("gone")

    errand = Errand(work, lambda error: (failures.append(error), handed.set()))
    errand.then(fail)
    assert errand.answer(5) is None
    assert handed.wait(5)
    assert [str(error) for error in failures] == ["gone"]


def test_a_process_that_exits_waits_for_the_work(tmp_path):
    code = (
        "import time\nfrom pathlib import Path\nfrom nbtrack.magics.errand import Errand\n"
        f"Errand(lambda: (time.sleep(.3), Path({str(tmp_path / 'done')!r}).touch()), print)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "done").exists()

from __future__ import annotations

import warnings

import pytest

from nbtrack.magics.trouble import TrackingWarning, Trouble


def test_several_failures_are_one_warning_with_their_number():
    trouble = Trouble()
    for _ in range(3):
        with trouble.caught("writing"):
            raise OSError("disk full")
    with pytest.warns(TrackingWarning) as caught:
        trouble.tell()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trouble.tell()
    assert len(caught) == 1
    assert "while writing: OSError: disk full (and 2 more)" in str(caught[0].message)


def test_an_interrupt_is_not_a_failure_of_tracking():
    with pytest.raises(KeyboardInterrupt), Trouble().caught("writing"):
        raise KeyboardInterrupt


def test_without_failures_there_is_nothing_to_tell():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Trouble().tell()


def test_where_warnings_are_errors_the_cell_is_spared(capsys: pytest.CaptureFixture[str]):
    trouble = Trouble()
    trouble.add("writing", OSError("disk full"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trouble.tell()
    assert "disk full" in capsys.readouterr().err

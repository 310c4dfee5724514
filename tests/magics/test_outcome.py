from __future__ import annotations

import asyncio

import pytest

from nbtrack.magics.outcome import status_of, summary, user_traceback


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, "finished"),
        (SystemExit(), "finished"),
        (SystemExit(0), "finished"),
        (SystemExit(1), "failed"),
        (SystemExit("no data"), "failed"),
        (ValueError("x"), "failed"),
        (KeyboardInterrupt(), "killed"),
        (asyncio.CancelledError(), "killed"),
    ],
)
def test_how_a_cell_ended(error: BaseException | None, status: str):
    assert status_of(error) == status


def test_the_traceback_begins_in_the_users_code():
    machinery = compile("def run(f):\n    f()\n", "interactiveshell.py", "exec")
    scope = {"__name__": "IPython.core.interactiveshell"}
    exec(machinery, scope)

    def user_code() -> None:
        raise ValueError("wrong shape")

    with pytest.raises(ValueError, match="wrong shape") as caught:
        scope["run"](user_code)
    caught.value.__traceback__ = caught.tb.tb_next  # from the machinery on, as IPython sees it
    text = user_traceback(caught.value)
    assert "interactiveshell" not in text
    assert "user_code" in text
    assert text.endswith("ValueError: wrong shape\n")


def test_an_error_in_one_line():
    assert summary(ValueError("wrong shape")) == "ValueError: wrong shape"
    assert summary(KeyboardInterrupt()) == "KeyboardInterrupt"

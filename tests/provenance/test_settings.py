"""Cells taken apart: which settings they have, and cells with the settings of others."""

import pytest

from nbtrack.provenance.why.settings import (
    constants,
    line_settings,
    meaning,
    with_constants,
    with_line_of,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lr = 0.1\nfit(lr)", {"lr": "0.1"}),
        ("lr: float = 1e-3", {"lr": "1e-3"}),
        ("shape = (1,\n         2)", {"shape": "(1,\n         2)"}),
        ("x = -2 ** 3  # why", {"x": "-2 ** 3"}),
        ("é = 1; n = 'ü'; z = 3", {"é": "1", "n": "'ü'", "z": "3"}),
        ("lr = f()", {}),
        ("lr = 1\nlr = 2", {}),
        ("lr = 1\nfor lr in [1]: pass", {}),
        ("def f():\n    lr = 1", {}),
        ("a = b = 1", {}),
        ("%%track r lr=3\nlr = 1", {"lr": "1"}),
        ("!ls\nn = 2", {"n": "2"}),
        ("this is no Python =", {}),
        ("x = None\ny = True", {"x": "None", "y": "True"}),
    ],
)
def test_constants_that_are_assigned_once_are_settings(text, expected):
    assert constants(text) == expected


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("lr = 0.1\nfit(lr)", {"lr": "10"}, "lr = 10\nfit(lr)"),
        ("é = 1; z = 3", {"z": "(4, 5)", "é": "'ö'"}, "é = 'ö'; z = (4, 5)"),
        ("lr = 0.1", {"other": "1"}, "lr = 0.1"),
    ],
)
def test_a_constant_is_replaced_where_it_stands(text, values, expected):
    assert with_constants(text, values) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%%track r lr=0.1 n=3", {"lr": "0.1", "n": "3"}),
        ("# %track r lr=0.1", {"lr": "0.1"}),
        ("%%track --seed 3", {"--seed": "3"}),
        ("%%track --seed=3", {"--seed": "3"}),
        ("%%track r t='a b' u=[1, 2]", {"t": "'a b'", "u": "[1, 2]"}),
        ("%%track -t team=vision -e exp=1", {}),
        ("%%timeit lr=1", {}),
        ("lr = 1", {}),
    ],
)
def test_settings_on_the_magic_line(line, expected):
    assert line_settings(f"{line}\npass") == expected


def test_a_line_takes_over_single_settings_of_another():
    mine, theirs = "%%track a lr=1 n=2\nfit()", "%%track b lr=5 m=3\nfit(7)"
    values = line_settings(theirs)
    assert with_line_of(mine, mine, {"lr"}, values) == "%%track a n=2 lr=5\nfit()"
    assert with_line_of(mine, mine, {"n"}, values) == "%%track a lr=1\nfit()"
    assert with_line_of(mine, theirs, set(), values) == "%%track a lr=1 n=2\nfit(7)"
    assert with_line_of(mine, theirs, {"m"}, values) == "%%track a lr=1 n=2 m=3\nfit(7)"


def test_comments_and_the_magic_line_are_no_part_of_what_a_cell_means():
    assert meaning("%%track a\nx = 1  # one\n\n") == meaning("# %track b\nx = 1")
    assert meaning("x = 1") != meaning("x = 2")
    assert meaning("no Python at") == meaning("no Python at  ")

"""A run with some of what differs in another, on recipes written by hand."""

import json

import pytest

from nbtrack.provenance.why.mixture import Mixture
from tests.provenance.recipes import data, recipe


def mixture_of(a, b):
    """Two recipes from keyword arguments, and their mixture."""
    return Mixture(recipe("a", **a), recipe("b", **b))


def told(mixture):
    return [(part.kind, part.name) for part in mixture.parts]


def texts_of(mixture, *parts):
    return [cell.text for cell in mixture.recipe(parts).cells]


TRACKED = "%%track r\nloss = f()"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (["lr = 1", TRACKED], ["lr = 1", TRACKED], []),
        (["lr = 1", TRACKED], ["lr = 2", TRACKED], [("setting", "lr")]),
        (["lr = 1\ng(lr)", TRACKED], ["lr = 1\nh(lr)", TRACKED], [("cell", "lr = 1")]),
        (
            ["lr = 1\ng(lr)", TRACKED],
            ["lr = 2\ng(lr, 1)", TRACKED],
            [("setting", "lr"), ("cell", "lr = 2")],
        ),
        ([TRACKED], ["more_of_it()", TRACKED], [("cell", "more_of_it()")]),
        (["less_of_it()", TRACKED], [TRACKED], [("cell", "less_of_it()")]),
        (["one()", "other()", TRACKED], ["other()", "one()", TRACKED], [("order", "of the cells")]),
        (["%%track a lr=1\nf(lr)"], ["%%track b lr=2\nf(lr)"], [("setting", "lr")]),
        (["lr = 1", "%%track a\nf(lr)"], ["%%track b lr=2\nf(lr)"], [("setting", "lr")]),
        (["%%track a lr=1\nf(lr)"], ["lr = 2", "%%track b\nf(lr)"], [("setting", "lr")]),
        (["lr = 1", "%%track a\nf(lr)"], ["%%track b lr=1\nf(lr)"], []),
        (["%%track a\nf()  # one"], ["%%track b\nf()"], []),
        (["%%track a\nf(1)"], ["%%track b\nutterly_different"], [("cell", "utterly_different")]),
    ],
)
def test_parts_are_what_can_be_taken_over(a, b, expected):
    assert told(mixture_of({"cells": a}, {"cells": b})) == expected


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (["lr = 1", TRACKED], ["lr = 2\nmore()", TRACKED]),
        (["one()", "other()", TRACKED], ["other()", "third()", "one()", TRACKED]),
        (["%%track a lr=1 n=3\nf(lr)"], ["%%track b lr=2\nf(lr, 2)"]),
        (["lr = 1", "%%track a\nf(lr)"], ["%%track b lr=2\nf(lr)"]),
        (["%%track a lr=1\nf(lr)"], ["lr = 2", "%%track b\nf(lr)"]),
        (["x = (1, 2)\ny = f(x)", "gone()", TRACKED], ["x = (3,)\ny = g(x)", TRACKED]),
    ],
)
def test_none_of_them_is_a_and_all_of_them_mean_the_same_as_b(a, b):
    mixture = mixture_of({"cells": a}, {"cells": b})
    assert texts_of(mixture) == a
    both = mixture_of({"cells": texts_of(mixture, *mixture.parts)}, {"cells": b})
    assert both.parts == ()


def test_one_part_is_taken_alone():
    a, b = ["lr = 1\nn = 5", TRACKED], ["lr = 2\nn = 6", TRACKED]
    mixture = mixture_of({"cells": a}, {"cells": b})
    lr, n = mixture.parts
    assert texts_of(mixture, lr) == ["lr = 2\nn = 5", TRACKED]
    assert texts_of(mixture, n) == ["lr = 1\nn = 6", TRACKED]


def test_modules_files_variables_and_random_numbers_are_parts():
    a = {
        "cells": [TRACKED],
        "facts": {"git.commit": "1" * 40},
        "texts": {
            "module:m.py": "A = 1\n",
            "module:gone.py": "G = 1\n",
            "environment": json.dumps({"variables": {"OMP_NUM_THREADS": "1"}, "python": "3"}),
        },
    }
    b = {
        "cells": [TRACKED],
        "facts": {"git.commit": "2" * 40},
        "texts": {
            "module:m.py": "A = 2\n",
            "environment": json.dumps({"variables": {"OMP_NUM_THREADS": "2"}}),
            "random": "state",
            "git.diff": "diff --git a/data.csv b/data.csv\n+1\n",
        },
    }
    mixture = mixture_of(a, b)
    by_name = {part.name: part for part in mixture.parts}
    assert set(by_name) == {"m.py", "gone.py", "of the checkout", "OMP_NUM_THREADS", ""}
    assert mixture.recipe([by_name["m.py"]]).modules == {"m.py": "A = 2\n", "gone.py": "G = 1\n"}
    assert mixture.recipe([by_name["gone.py"]]).modules == {"m.py": "A = 1\n"}
    files = mixture.recipe([by_name["of the checkout"]])
    assert files.run.facts["git.commit"] == "2" * 40
    assert "data.csv" in files.texts["git.diff"]
    assert mixture.recipe([by_name["OMP_NUM_THREADS"]]).variables == {"OMP_NUM_THREADS": "2"}
    assert mixture.recipe([by_name[""]]).random == {1: "state"}
    assert mixture.recipe([]).texts == a["texts"]


def test_random_numbers_go_with_the_cells_that_draw_them():
    a = {
        "cells": ["x = rand()", "y = f(x)", TRACKED],
        "texts": {"random:1": "a1", "random": "a3"},
    }
    b = {
        "cells": ["import more_things", "x = rand()", "y = f(x)", TRACKED],
        "texts": {"random:1": "b1", "random:2": "b2", "random": "b4"},
    }
    mixture = mixture_of(a, b)
    by_kind = {part.kind: part for part in mixture.parts}
    assert set(by_kind) == {"cell", "random numbers"}
    assert mixture.recipe([]).random == {1: "a1", 3: "a3"}
    assert mixture.recipe([by_kind["random numbers"]]).random == {1: "b2", 3: "b4"}
    assert mixture.recipe([by_kind["cell"]]).random == {1: "b1", 2: "a1", 4: "a3"}
    assert mixture.recipe(mixture.parts).random == {1: "b1", 2: "b2", 4: "b4"}


def test_what_a_replay_cannot_change_is_said():
    source = data("X", "d1")
    a = recipe("a", cells=[TRACKED], texts={"packages": "numpy==1"}, inputs=[source])
    b = recipe("b", cells=[TRACKED], texts={"packages": "numpy==2"}, inputs=[data("X", "d2")])
    assert Mixture(a, b).parts == ()
    assert any("numpy 1 → 2" in reason for reason in Mixture(a, b).untried)

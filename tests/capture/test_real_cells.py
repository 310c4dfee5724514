"""Cells as people write them: what each was given, and what it measured."""

import sys
from dataclasses import dataclass, field

import pytest

from nbtrack.errors import InvalidCell
from tests.capture.running import run_cell

# name: (what ran before, the cell, parameters, metrics, curves of lists)
CELLS = {
    "a helper's helper reads a global": (
        "lr = 0.1\ndef step(): return lr * 2\ndef train(): return step()",
        "acc = train()",
        {"lr": 0.1},
        {"acc": 0.2},
        {},
    ),
    "a cached helper": (
        "import functools\nlr = 0.1\n@functools.lru_cache\ndef step(): return lr * 2",
        "acc = step()",
        {"lr": 0.1},
        {"acc": 0.2},
        {},
    ),
    "a decorated helper": (
        "import functools\nlr = 0.1\ndef quiet(f):\n    @functools.wraps(f)\n"
        "    def inner(*a): return f(*a)\n    return inner\n@quiet\ndef step(): return lr * 2",
        "acc = step()",
        {"lr": 0.1},
        {"acc": 0.2},
        {},
    ),
    "a method of the session's own class, inherited": (
        "lr = 0.1\nclass Base:\n    def fit(self): return lr * 2\nclass T(Base): pass\nt = T()",
        "acc = t.fit()",
        {"lr": 0.1},
        {"acc": 0.2},
        {},
    ),
    "a lambda's argument is no global": (
        "t = 3",
        "ranked = sorted([[2], [1]], key=lambda t: t[0])\nacc = len(ranked) / 4",
        {},
        {"acc": 0.5},
        {},
    ),
    "a lambda within a function": (
        "t, u = 3, 4",
        "def rank(rows):\n    return sorted(rows, key=lambda t: t * u)\nacc = rank([0.5, 1])[0]",
        {"u": 4},
        {"acc": 0.5},
        {},
    ),
    "imports inside a function are its own": (
        "math = 3",
        "def f():\n    import math\n    return math.sqrt(0.25)\nacc = f()",
        {},
        {"acc": 0.5},
        {},
    ),
    "a comprehension's variable": (
        "x = 7",
        "acc = sum(x for x in [0.25, 0.25])",
        {},
        {"acc": 0.5},
        {},
    ),
    "an exception's name": (
        "e = 3",
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    print(e)\nacc = 1 / 2",
        {},
        {"acc": 0.5},
        {},
    ),
    "a pattern's name": (
        "",
        'match {"lr": 0.1 + 0.1}:\n    case {"lr": lr}:\n        acc = lr * 2',
        {"lr": 0.2},
        {"acc": 0.4},
        {},
    ),
    "a constant of the branch taken": (
        "big = False",
        "if big:\n    depth = 100\nelse:\n    depth = 10\nacc = 1 / depth",
        {"big": False, "depth": 10},
        {"acc": 0.1},
        {},
    ),
    "a constant of the branch not taken": (
        "big = False",
        "if big:\n    depth = 100\nacc = 1 / 4",
        {"big": False},
        {"acc": 0.25},
        {},
    ),
    "None that somebody is told": (
        "def fit(depth): return 0.5",
        "max_depth = None\nbest = None\nacc = fit(max_depth)",
        {"max_depth": None},
        {"acc": 0.5},
        {},
    ),
    "a metric that goes on from the session": (
        "best_acc = 0.25",
        "acc = 1 / 2\nbest_acc = max(best_acc, acc)",
        {},
        {"acc": 0.5, "best_acc": 0.5},
        {},
    ),
    "a metric that stays as it was": (
        "best_acc = 0.75",
        "acc = 1 / 2\nbest_acc = max(best_acc, acc)",
        {},
        {"acc": 0.5, "best_acc": 0.75},
        {},
    ),
    "a clock under another name": (
        "",
        "from time import perf_counter as pc\nbegan = pc()\nacc = 1 / 2\n"
        "took = round(pc() - began, 2)",
        {},
        {"acc": 0.5},
        {},
    ),
    "datetime": (
        "import datetime as dt",
        "began = dt.datetime.now()\nacc = 1 / 2\n"
        "took = (dt.datetime.now() - began).total_seconds()",
        {},
        {"acc": 0.5},
        {},
    ),
    "a metric of a function that is told a time": (
        "def train(began): return 0.5",
        "import time\nbegan = time.time()\nacc = train(began)",
        {},
        {"acc": 0.5},
        {},
    ),
    "a dict of lists": (
        "",
        'history = {"loss": [], "n": []}\nfor i in range(3):\n'
        '    history["loss"].append(i / 2)\n    history["n"].append(i)',
        {},
        {},
        {"loss": [0.0, 0.5, 1.0]},
    ),
    "a list of integers without a metric's name": (
        "",
        "ids, hits = [], []\nfor i in range(3):\n    ids.append(i)\n    hits.append(i)",
        {},
        {},
        {"hits": [0.0, 1.0, 2.0]},
    ),
    "an attribute as the last line": (
        "class S: best_score_ = 0.5\nsearch = S()",
        "search.best_score_",
        {},
        {"best_score_": 0.5},
        {},
    ),
    "the last line rounded": ("def f1(): return 0.512", "round(f1(), 2)", {}, {"f1": 0.51}, {}),
    "the last line repeats a name": ("", "acc = 1 / 3\nround(acc, 2)", {}, {"acc": 1 / 3}, {}),
    "a session's metric shown": ("threshold = 0.5", "threshold", {"threshold": 0.5}, {}, {}),
    "a bool is no metric": ("def ok(): return True", "is_better = ok()\nok()", {}, {}, {}),
    "star arguments and keywords": (
        'args, options = (1, 2), {"lr": 0.1}\ndef fit(*a, lr): return lr * a[0]',
        "acc = fit(*args, **options)",
        {"args": (1, 2), "options.lr": 0.1},
        {"acc": 0.1},
        {},
    ),
    "extended unpacking": (
        "def evaluate(): return 0.5, 0.25, 3",
        "acc, *rest = evaluate()\nf1, (recall, _n) = 0.5 + acc / 2, (acc * 1.5, 1)",
        {},
        {"acc": 0.5, "f1": 0.75, "recall": 0.75},
        {},
    ),
    "chained and annotated": (
        "",
        "lr = rate = 0.1\ndepth: int = 3\nacc: float = lr * depth",
        {"lr": 0.1, "rate": 0.1, "depth": 3},
        {"acc": 0.1 * 3},
        {},
    ),
    "calculated constants": (
        "",
        "n = 2**7\nlr = -1e-3\nmask = 1 << 4\nside = 7 % 4\nsize = (32, 32)\nshuffle = not True",
        {"n": 128, "lr": -1e-3, "mask": 16, "side": 3, "size": (32, 32), "shuffle": False},
        {},
        {},
    ),
    "deleted again": ("", "lr = 0.1\nacc = lr * 2\ndel lr, acc", {}, {}, {}),
    "a key and an address with a password": (
        "",
        'api_key = "abc"\ndb = "postgresql://me:pw@host/db"\nhub = "hf_abcdef"\ntokenizer = "bpe"',
        {"tokenizer": "bpe"},
        {},
        {},
    ),
    "integers that say metric": (
        "",
        "correct = len('abc')\nn = len('ab')",
        {},
        {"correct": 3.0},
        {},
    ),
    "a numbered metric": (
        "",
        "loss2 = 1 / 4\nvalLoss = 1 / 2",
        {},
        {"loss2": 0.25, "valLoss": 0.5},
        {},
    ),
    "a radius is a setting": ("", "r = 0.5\nbias = 0.25", {"r": 0.5, "bias": 0.25}, {}, {}),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_cell(case):
    before, source, params, metrics, curves = CELLS[case]
    seen = run_cell(source, before=before)
    assert seen.error is None
    inferred = seen.inferred
    assert (inferred.params, inferred.metrics, inferred.curves) == (params, metrics, curves)


NEWER = {
    "def first[T](xs: list[T]) -> T: return xs[0]\nacc = first([0.5])": {"acc": 0.5},
    "class Box[T]:\n    def get(self, x: T) -> T: return x\nacc = Box[float]().get(0.5)": {
        "acc": 0.5
    },
    "type Pair = tuple[int, int]\nacc = 1 / 2": {"acc": 0.5},
    'words = ["a"]\nprint(f"{", ".join(words)}")\nacc = 1 / 2': {"acc": 0.5},
}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax of Python 3.12")
@pytest.mark.parametrize("source", NEWER)
def test_a_cell_in_the_syntax_of_python_3_12(source):
    seen = run_cell(source, {"__name__": "__main__", "T": 3, "x": 4})
    assert seen.error is None
    assert (seen.params, seen.metrics) == ({}, NEWER[source])


def test_groups_of_exceptions():
    seen = run_cell(
        """
        try:
            for i in range(3):
                loss = i / 2
            raise ExceptionGroup("two", [ValueError(1), KeyError(2)])
        except* ValueError as group:
            errors = len(group.exceptions)
        except* KeyError:
            acc = 1 / 4
        """
    )
    assert seen.error is None
    assert seen.metrics == {"loss": 1.0, "acc": 0.25}
    assert len(seen.curve("loss")) == 3


@dataclass
class Inner:
    lr: float = 0.1
    betas: tuple = (0.9, 0.99)


@dataclass
class Outer:
    inner: Inner = field(default_factory=Inner)
    layers: list = field(default_factory=lambda: [1, 2])
    _private: int = 1


def test_fields_are_flattened_however_deep():
    seen = run_cell(
        "acc = use(cfg, tree)",
        {"use": lambda *_: 0.5, "cfg": Outer(), "tree": {"a": {"b": {"c": {"d": 1}}}}},
    )
    assert seen.params == {"cfg.inner.lr": 0.1, "cfg.inner.betas": (0.9, 0.99), "tree.a.b.c.d": 1}


def test_a_failed_cell_tells_only_what_it_came_to():
    before = "lr, depth, acc = 0.1, 3, 0.9"
    seen = run_cell("lr = 0.1\nf1 = lr * 2\n1 / 0\ndepth = 3\nacc = 1 / 2", before=before)
    assert isinstance(seen.error, ZeroDivisionError)
    assert (seen.params, seen.metrics) == ({"lr": 0.1}, {"f1": 0.2})


def test_a_failed_cell_run_again_tells_nothing_of_the_first_time():
    source = "loss = compute(1)\nf1 = compute(0)\nhits = 3 + len('a')"
    namespace = {"compute": lambda x: 0.5 / x, "f1": 0.25, "hits": 4}
    seen = run_cell(source, namespace)
    assert seen.metrics == {"loss": 0.5}


def test_metrics_of_scikit_learn_under_the_name_they_are_kept_by():
    import sklearn.metrics as sklearn_metrics

    seen = run_cell(
        """
        acc = round(accuracy_score([1, 0, 1], [1, 1, 1]), 2)
        print(f"{f1_score([1, 0], [1, 0])}")
        s = recall_score([1, 0], [1, 0])
        show(s)
        """,
        {
            "accuracy_score": sklearn_metrics.accuracy_score,
            "f1_score": sklearn_metrics.f1_score,
            "recall_score": sklearn_metrics.recall_score,
            "show": lambda _: None,
        },
    )
    assert seen.metrics == {"acc": 0.67, "f1_score": 1.0, "s": 1.0}
    assert seen.params == {}


def test_a_default_of_nan_is_a_default():
    from sklearn import impute

    seen = run_cell(
        "imputer = SimpleImputer(missing_values=float('nan'), strategy='median')",
        {"SimpleImputer": impute.SimpleImputer},
    )
    assert seen.params == {"imputer.strategy": "median"}


def test_what_is_asked_and_not_there_is_said():
    seen = run_cell(
        "model = object()\nxs = [1, 2]", metrics=("model.acc", "xs"), params=("model.lr",)
    )
    assert "model.acc is not a number" in seen.inferred.notes
    assert "model.lr is not there" in seen.inferred.notes
    assert seen.inferred.curves == {"xs": [1.0, 2.0]}
    assert "model.lr" not in seen.params


def test_a_secret_is_left_out_and_said_to_be_even_when_asked():
    seen = run_cell("token = str('a') + 'b'\nlr = 0.1", params=("token",))
    assert seen.params == {"lr": 0.1}
    assert seen.inferred.notes == ("token not recorded: it looks like a secret",)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -0.5, "a'b", (1, "x"), [1, 2], {"a": 1}, None]
)
def test_an_override_of_any_literal_holds(value):
    seen = run_cell("lr = 0.1\nkept = lr", overrides={"lr": value})
    assert seen.error is None
    assert repr(seen.namespace["kept"]) == repr(value)
    assert repr(seen.params["lr"]) == repr(value)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\nlr = x * 2", 2),
        ("lr += 1", 1),
        ("for lr in [1]: pass", 1),
        ("with open('f') as lr: pass", 1),
        ("if (lr := 3): pass", 1),
        ("a, lr = f()", 1),
        ("a, *lr = 1, 2", 1),
        ("import lr", 1),
        ("def lr(): pass", 1),
        ("class lr: pass", 1),
        ("try: pass\nexcept E as lr: pass", 2),
        ("match 1:\n    case lr: pass", 2),
        ("def f():\n    global lr\n    lr = 2", 2),
        ("xs = [lr := y for y in z]", 1),
        ("async for lr in x: pass", 1),
        ("while True:\n    if x:\n        lr = f()", 3),
    ],
)
def test_a_pair_that_the_cell_overwrites_is_refused_with_its_line(source, line):
    with pytest.raises(InvalidCell) as refused:
        run_cell(source, overrides={"lr": 0.5})
    assert str(refused.value) == (
        f"lr=0.5 cannot hold: line {line} of the cell computes lr. "
        "Take it off the %%track line, or assign a constant there."
    )


@pytest.mark.parametrize(
    "source",
    [
        "lr = 0.1",
        "lr: float = 0.1",
        "if 1:\n    lr = 0.1",
        "a, lr = 1, 0.1",
        "def f():\n    lr = g()",
        "xs = [lr for lr in [1]]",
        "f = lambda lr: lr",
        "x = [0]\nx[0] = 3",
    ],
)
def test_a_pair_that_the_cell_leaves_or_assigns_from_a_constant_holds(source):
    seen = run_cell(source, overrides={"lr": 0.5})
    assert seen.error is None
    assert seen.namespace["lr"] == 0.5


def test_a_name_is_asked_for_as_one_thing():
    with pytest.raises(InvalidCell, match="-m x and -p x: a name is one or the other"):
        run_cell("x = 1", metrics=("x",), params=("x",))

"""What is read off a cell: parameters and metrics, case by case."""

import argparse
import dataclasses
import enum
import time
import types

import numpy as np
import pytest

from nbtrack.errors import InvalidCell
from tests.capture.running import run_cell


class Scalar:
    """A tensor of no dimension, as far as it is asked."""

    shape = ()
    dtype = "torch.float32"

    def __init__(self, value):
        self.value = value

    def detach(self):
        return Scalar(self.value)

    def item(self):
        return self.value


class Vector(Scalar):
    shape = (3,)


class Model:
    def __init__(self, *args, **kwargs):
        pass

    def fit(self, *data):
        return self

    def predict(self, *data):
        return [0, 1]

    def score(self, *data):
        return 0.75


class Optimizer(enum.Enum):
    ADAM = "adam"


@dataclasses.dataclass
class Config:
    lr: float = 0.1
    depth: int = 3
    name: str = "net"
    weights: list = dataclasses.field(default_factory=list)


@pytest.fixture
def session():
    return {
        "__name__": "__main__",
        "Model": Model,
        "train": lambda *a, **k: 0.5,
        "data": object(),
        "np": np,
    }


# cell, parameters, metrics
CASES = {
    "a constant is a parameter": ("lr = 0.1", {"lr": 0.1}, {}),
    "constants of every plain type": (
        "a, b, c, d = 1, 'x', True, -1e-3",
        {"a": 1, "b": "x", "c": True, "d": -1e-3},
        {},
    ),
    "a constant expression": ("n = 2**7\nm = -3 * 2", {"n": 128, "m": -6}, {}),
    "a tuple of constants": ("size = (3, 3)", {"size": (3, 3)}, {}),
    "an annotated constant": ("lr: float = 0.2", {"lr": 0.2}, {}),
    "two targets": ("a = b = 3", {"a": 3, "b": 3}, {}),
    "the last constant holds": ("lr = 1\nlr = 2", {"lr": 2}, {}),
    "None says nothing": ("x = None", {}, {}),
    "an underscore hides": ("_lr = 0.1\n_acc = train()", {}, {}),
    "a computed float is a metric": ("gain = train() * 2", {}, {"gain": 1.0}),
    "a computed float that is handed on is a parameter": (
        "base = 0.4\nrate = base * 0.5\nModel(rate=rate)",
        {"base": 0.4, "rate": 0.2},
        {},
    ),
    "printing is not handing on": ("gain = train()\nprint(gain)", {}, {"gain": 0.5}),
    "rounding and formatting neither": (
        "gain = train()\nround(gain, 2)\nprint(f'{gain}')",
        {},
        {"gain": 0.5},
    ),
    "a metric's name wins over handing on": (
        "val_loss = train()\nout = [train(val_loss)]",
        {},
        {"val_loss": 0.5},
    ),
    "a constant result is a metric": ("accuracy = 0.93", {}, {"accuracy": 0.93}),
    "a threshold is a setting": ("score_threshold = 0.5", {"score_threshold": 0.5}, {}),
    "a loss by name is a setting": ("loss = 'hinge'", {"loss": "hinge"}, {}),
    "an integer needs a metric's name": (
        "count = len('abc')\ncorrect = len('ab')",
        {},
        {"correct": 2.0},
    ),
    "a bool is no metric": ("accuracy_ok = train() > 0.1", {}, {}),
    "an augmented constant is computed": (
        "total_loss = 0.0\ntotal_loss += 1.5",
        {},
        {"total_loss": 1.5},
    ),
    "time is no metric": (
        "import time\nstart = time.time()\nelapsed = time.time() - start",
        {},
        {},
    ),
    "perf_counter neither": (
        "from time import perf_counter\nt0 = perf_counter()\ntook = perf_counter() - t0",
        {},
        {},
    ),
    "loop variables are neither": ("for i in [0.5, 0.25]:\n    pass", {}, {}),
    "unpacked results are metrics": ("mae, rmse = train(), train()", {}, {"mae": 0.5, "rmse": 0.5}),
    "a walrus is a result": ("print(f1 := train())", {}, {"f1": 0.5}),
    "numpy's scalars are numbers": ("acc = np.float32(0.5)", {}, {"acc": 0.5}),
    "numpy's integers need a name": ("k = np.int64(3)\nscore = np.int64(3)", {}, {"score": 3.0}),
    "arrays are no metrics": ("acc = np.zeros(3)", {}, {}),
    "a metric in a with block": (
        "import contextlib\nwith contextlib.nullcontext() as c:\n    acc = train()",
        {},
        {"acc": 0.5},
    ),
    "a metric in a try block": (
        "try:\n    acc = train()\nexcept ValueError:\n    acc = 0.0",
        {},
        {"acc": 0.5},
    ),
    "an if decides": ("if True:\n    acc = train()\nelse:\n    auc = train()", {}, {"acc": 0.5}),
    "a call of score counts unnamed": ("print(Model().score())", {}, {"score": 0.75}),
    "and keeps its name where it has one": ("s = Model().score()", {}, {"s": 0.75}),
    "two scores are told apart": (
        "a = Model()\nb = Model()\nprint(a.score(), b.score())",
        {},
        {"score": 0.75, "b.score": 0.75},
    ),
    "the last line's number": ("train()", {}, {"train": 0.5}),
    "the last line's dict": ("{'acc': 0.5, 'f1': 0.25, 'who': 'x'}", {}, {"acc": 0.5, "f1": 0.25}),
    "an integer on the last line says nothing": ("len('abc')", {}, {}),
    "a function's own names are its own": (
        "def f():\n    inner_loss = 0.5\n    return inner_loss\nout = f()",
        {},
        {"out": 0.5},
    ),
    "a comprehension's names are its own": ("loss = sum(x / 2 for x in [1, 2])", {}, {"loss": 1.5}),
    "star arguments": ("args = (1, 2)\nacc = train(*args)", {"args": (1, 2)}, {"acc": 0.5}),
    "a class body is its own": ("class A:\n    acc = 0.5", {}, {}),
    "del takes a name back": ("lr = 0.1\nacc = train()\ndel acc", {"lr": 0.1}, {}),
    "an f-string is no metric": ("acc_text = f'{train():.2f}'", {}, {}),
    "await at the top level": (
        "import asyncio\nasync def go():\n    return 0.25\nloss = await go()",
        {},
        {"loss": 0.25},
    ),
    "a global statement in a function": (
        "def f():\n    global best_acc\n    best_acc = 0.5\nf()",
        {},
        {},
    ),
    "a field of a dict is a setting": ("cfg = {'lr': 0.1}\nlr = cfg['lr']", {"lr": 0.1}, {}),
    "an empty cell": ("", {}, {}),
    "only comments": ("# nothing\n", {}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_inference(case, session):
    source, params, metrics = CASES[case]
    seen = run_cell(source, session)
    assert seen.error is None
    assert (seen.params, seen.metrics) == (params, metrics)


# what is read from before the cell, cell, parameters
READS = {
    "a scalar that the cell reads": ("lr = 0.1", "Model(lr)", {"lr": 0.1}),
    "at its value before the cell": ("n = 3", "m = [n]\nn = train()", {"n": 3}),
    "not what it does not read": ("lr = 0.1\nother = 2", "Model(lr)", {"lr": 0.1}),
    "through a function": ("lr = 0.1\ndef go():\n    return lr", "out = go()", {"lr": 0.1}),
    "through functions of functions": (
        "lr = 0.1\ndepth = 2\ndef inner():\n    return depth\ndef go():\n    return lr * inner()",
        "out = go()",
        {"lr": 0.1, "depth": 2},
    ),
    "through a lambda and a default": ("k = 4\ngo = lambda: k", "out = [go()]", {"k": 4}),
    "through a method of the session's class": (
        "width = 8\nclass Net:\n    def run(self):\n        return width\nnet = Net()",
        "out = [net.run()]",
        {"width": 8},
    ),
    "fields of a dict": (
        "cfg = {'lr': 0.1, 'opt': {'name': 'adam'}, 'data': [1, 2]}",
        "train(cfg)",
        {"cfg.lr": 0.1, "cfg.opt.name": "adam"},
    ),
    "but not of a dict that the cell fills": ("results = {'a': 0.5}", "results['b'] = train()", {}),
    "modules and functions are no settings": ("import math", "out = [math.pi, train]", {}),
}


@pytest.mark.parametrize("case", READS)
def test_what_a_cell_reads(case, session):
    before, source, params = READS[case]
    assert run_cell(source, session, before=before).params == params


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        argparse.Namespace(lr=0.1, depth=3, name="net"),
        types.SimpleNamespace(lr=0.1, depth=3, name="net"),
    ],
    ids=["dataclass", "argparse", "namespace"],
)
def test_fields_of_records_are_parameters(config, session):
    session["config"] = config
    found = run_cell("train(config)", session).params
    assert found == {"config.lr": 0.1, "config.depth": 3, "config.name": "net"}


def test_what_was_a_metric_before_is_an_input(session):
    assert run_cell("Model(acc)", {**session, "acc": 0.9}, inputs={"acc"}).params == {}


@pytest.mark.parametrize("clock", [time.time, time.time_ns, time.perf_counter])
def test_a_moment_is_no_parameter(clock):
    namespace = {"began": clock(), "print": print, "lr": 0.1}
    assert run_cell("print(began, lr)", namespace).params == {"lr": 0.1}


def test_large_and_long_numbers_that_no_clock_told_are_parameters():
    given = {"seed": 20_261_125, "size": 1 << 40, "rate": 0.123456789, "buffer": 1e9, "k": 3}
    assert run_cell("sum([seed, size, rate, buffer, k])", dict(given)).params == given


def test_an_enum_and_a_path_are_parameters(session):
    import pathlib

    session.update(opt=Optimizer.ADAM, root=pathlib.PurePosixPath("a/b"))
    assert set(run_cell("Model(opt, root)", session).params) == {"opt", "root"}


def test_tensors_of_no_dimension_are_metrics_and_others_are_not(session):
    session.update(Scalar=Scalar, Vector=Vector)
    assert run_cell("loss = Scalar(0.5)\nv_loss = Vector(1)", session).metrics == {"loss": 0.5}


def test_parameters_of_a_fitted_estimator_that_differ_from_the_default():
    seen = run_cell("""
        from sklearn.linear_model import LogisticRegression
        C = 0.5
        model = LogisticRegression(C=C, max_iter=50).fit([[0], [1]], [0, 1])
    """)
    assert seen.params == {"C": 0.5, "model.max_iter": 50}


def test_parameters_inside_a_pipeline():
    seen = run_cell("""
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.linear_model import Ridge
        pipe = Pipeline([("scale", StandardScaler()), ("ridge", Ridge(alpha=3.0))])
        pipe.fit([[0.0], [1.0]], [0, 1])
    """)
    assert seen.params == {"pipe.ridge__alpha": 3.0}


def test_metrics_of_scikit_learn_count_named_or_not():
    seen = run_cell("""
        from sklearn import metrics
        from sklearn.metrics import accuracy_score
        print(accuracy_score([1, 0], [1, 1]))
        report = {"f1": metrics.f1_score([1, 0], [1, 0])}
        balanced = metrics.balanced_accuracy_score([1, 0], [1, 0])
    """)
    assert seen.metrics == {"accuracy_score": 0.5, "f1_score": 1.0, "balanced": 1.0}


def test_what_an_exception_left_unassigned_is_not_told(session):
    seen = run_cell("loss = train()\n1 / 0\nacc = train()", {**session, "acc": 0.9})
    assert isinstance(seen.error, ZeroDivisionError)
    assert seen.metrics == {"loss": 0.5}


def test_a_branch_not_taken_leaves_no_old_value(session):
    seen = run_cell("if False:\n    acc = train()", {**session, "acc": 0.9})
    assert seen.metrics == {}


def test_a_list_that_the_cell_fills_is_a_curve(session):
    seen = run_cell("kept = []\nfor i in range(3):\n    kept.append(i / 2)", session)
    assert seen.inferred.curves == {"kept": [0.0, 0.5, 1.0]}


def test_the_history_of_keras_is_curves(session):
    class History:
        def __init__(self):
            self.history = {"loss": [0.5, 0.25], "val_loss": [0.6, 0.3]}

    seen = run_cell("h = History()", {**session, "History": History})
    assert seen.inferred.curves == {"loss": [0.5, 0.25], "val_loss": [0.6, 0.3]}


def test_a_loop_over_literal_candidates_is_told(session):
    seen = run_cell("for C in [0.1, 1]:\n    acc = Model(C).fit().score()", session)
    (found,) = seen.inferred.candidates
    assert (found.name, found.values) == ("C", (0.1, 1))
    assert seen.curve("acc") == [(0, 0.75), (1, 0.75)] or seen.metrics == {"acc": 0.75}


@pytest.mark.parametrize("value", ["mse(y, p) ** 0.5", "1 - mse(y, p)", "np.sqrt(mse(y, p))"])
def test_a_metric_that_another_is_made_of_is_not_told_apart(value, session):
    seen = run_cell(
        f"from sklearn.metrics import mean_squared_error as mse\n"
        f"y, p = [0.0, 1.0], [0.0, 0.0]\nrmse = {value}",
        session,
    )
    assert list(seen.metrics) == ["rmse"]


def test_an_overridden_parameter_of_an_estimator_is_told_once():
    seen = run_cell(
        "def build(alpha):\n    return Ridge(alpha=alpha)\n"
        "alpha = 0.5\nmodel = build(alpha).fit([[0.0], [1.0]], [0, 1])",
        before="from sklearn.linear_model import Ridge",
        overrides={"alpha": 0.1},
    )
    assert seen.params == {"alpha": 0.1}


def test_an_override_replaces_the_cells_constant(session):
    seen = run_cell("lr, depth = 0.1, 3\nacc = lr * 2", session, overrides={"lr": 0.5})
    assert seen.params == {"lr": 0.5, "depth": 3}
    assert seen.metrics == {"acc": 1.0}


def test_an_override_sets_the_name_before_the_cell(session):
    seen = run_cell("acc = lr * 2", session, overrides={"lr": 0.5})
    assert (seen.params, seen.metrics) == ({"lr": 0.5}, {"acc": 1.0})


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\nlr = train()",
        "x = 1\nlr += 1",
        "x = 1\nfor lr in [1, 2]:\n    pass",
        "x = 1\nimport lr",
        "x = 1\ndef lr():\n    pass",
        "x = 1\nwith open('f') as lr:\n    pass",
        "x = 1\n(lr := 2)",
        "x = 1\nlr, y = train()",
    ],
)
def test_an_override_of_what_the_cell_computes_is_refused_with_the_line(source, session):
    with pytest.raises(InvalidCell, match=r"lr=0\.5 cannot hold: line 2"):
        run_cell(source, session, overrides={"lr": 0.5})


def test_asked_names_are_added_and_unknown_ones_refused(session):
    seen = run_cell("count = len('abc')\nlr = 0.1", session, metrics=("count",))
    assert seen.metrics == {"count": 3.0}
    seen = run_cell("gain = train()", session, params=("gain",))
    assert (seen.params, seen.metrics) == ({"gain": 0.5}, {})
    with pytest.raises(InvalidCell, match="-m nope"):
        run_cell("x = 1", session, metrics=("nope",))


def test_only_restricts_what_is_told(session):
    cell = "lr, depth = 0.1, 3\nacc = train()\nloss = train()"
    assert run_cell(cell, dict(session), only_metrics=("acc",)).metrics == {"acc": 0.5}
    assert run_cell(cell, dict(session), only_params=("lr",)).params == {"lr": 0.1}


def test_no_infer_takes_only_what_is_asked(session):
    seen = run_cell("lr = 0.1\nacc = train()", session, infer=False, metrics=("acc",))
    assert (seen.params, seen.metrics) == ({}, {"acc": 0.5})


def test_the_watch_is_gone_after_the_cell(session):
    run_cell("acc = train()", session)
    run_cell("for i in range(3):\n    loss = 1 / 0", session)
    assert not [name for name in session if "nbtrack" in name]


def test_seeds_are_set_before_the_cell():
    cell = "import random, numpy\na_loss = random.random() + numpy.random.rand()"
    first, second = (run_cell(cell, seed=3).metrics for _ in range(2))
    assert first == second


def test_a_syntax_error_is_left_to_python():
    from nbtrack.capture import CellObserver, CellOptions

    CellObserver("lr = = 2", {}, options=CellOptions(), on_turn=lambda *turn: None)


class Hostile:
    def __getattr__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError("eq")

    __hash__ = None

    def __repr__(self):
        raise RuntimeError("repr")


def test_hostile_objects_break_nothing(session):
    session.update(Hostile=Hostile, h=Hostile())
    seen = run_cell("x = Hostile()\ny = [h]\nh.fit = 1\nacc = train()", session)
    assert seen.error is None
    assert seen.metrics == {"acc": 0.5}

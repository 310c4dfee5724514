"""Objects that raise wherever they are asked, and namespaces that are large."""

import ast
import importlib.machinery
import sys
import types

import pytest

from nbtrack.capture import CellObserver, CellOptions
from tests.capture.running import run_cell


class Raising:
    """Raises at whatever is asked of it, its class included."""

    def _raise(self, *args, **kwargs):
        raise RuntimeError("do not touch")

    __eq__ = __ne__ = __lt__ = __bool__ = __len__ = __iter__ = __repr__ = __str__ = _raise
    __getattr__ = __getitem__ = __float__ = __int__ = __index__ = __call__ = __fspath__ = _raise
    __hash__ = None
    __class__ = property(_raise)
    shape = dtype = __dict__ = __module__ = property(_raise)

    def item(self):
        raise RuntimeError("do not touch")

    def get_params(self, deep=True):
        raise RuntimeError("do not touch")

    def fit(self):
        return self


class RaisingMeta(type):
    def __getattr__(cls, name):
        raise RuntimeError("do not touch")

    def __instancecheck__(cls, other):
        raise RuntimeError("do not touch")


class Meta(metaclass=RaisingMeta):
    pass


class RaisingTensor:
    dtype = "float32"

    @property
    def shape(self):
        raise RuntimeError("a proxy without its object")

    def item(self):
        raise RuntimeError("gone")


class GoneTensor(RaisingTensor):
    shape = ()


class Proxy:
    """Says that it is a float, as a lazy proxy does."""

    def __getattr__(self, name):
        raise LookupError("working outside of context")

    @property
    def __class__(self):
        return float


class RaisingDict(dict):
    def __len__(self):
        raise RuntimeError("do not touch")

    items = keys = values = __iter__ = __len__


class OrderedDict(RaisingDict):
    """Has the name of a mapping whose fields are looked at."""


HOSTILE = (Raising, Meta, RaisingTensor, GoneTensor, Proxy, RaisingDict, OrderedDict)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_object_is_passed_by_wherever_it_stands(kind):
    namespace = {"__name__": "__main__", "make": lambda *_: kind(), "given": kind(), "acc": kind()}
    seen = run_cell(
        """
        lr = 0.1
        given
        acc
        model = make(lr)
        losses = [make(), make()]
        losses.append(make())
        history = {"loss": [make(), make()]}
        history["loss"].append(make())
        for step in range(3):
            loss = make()
            acc = step / 2
        cfg = {"a": make()}
        f1 = make(cfg)
        model.fit()if False else None
        """,
        namespace,
        metrics=("loss", "given.accuracy"),
        params=("given.lr",),
    )
    assert seen.error is None
    assert seen.params["lr"] == 0.1
    assert seen.metrics == {"acc": 1.0}
    assert seen.curve("acc") == [(0, 0.0), (1, 0.5), (2, 1.0)]


def test_a_hostile_result_and_hostile_values_in_a_dict_are_passed_by():
    assert run_cell("make()", {"make": Raising}).metrics == {}
    seen = run_cell('{"f1": 0.5, "x": make()}', {"make": Raising})
    assert seen.metrics == {"f1": 0.5}


def test_a_turn_that_cannot_be_logged_does_not_stop_the_loop():
    def refuse(step, metrics):
        raise OSError("disk full")

    namespace = {}
    source = "for i in range(5):\n    loss = i / 2\n"
    observer = CellObserver(source, namespace, options=CellOptions(), on_turn=refuse)
    observer.start()
    exec(compile(observer.transform(ast.parse(source)), "<cell>", "exec"), namespace)
    assert observer.finish(None, None).metrics == {"loss": 2.0}


def test_ten_thousand_names_and_a_large_dict_cost_little():
    namespace = {f"name_{i}": float(i) for i in range(10_000)}
    namespace["table"] = {f"key_{i}": i for i in range(100_000)}
    namespace["cfg"] = {f"group_{i}": {f"key_{j}": j for j in range(200)} for i in range(200)}
    calls = 0

    def count(frame, event, function):
        nonlocal calls
        calls += event.endswith("call")

    def observe(source):
        observer = CellObserver(source, namespace, options=CellOptions(), on_turn=lambda s, m: None)
        observer.start()
        exec(compile(observer.transform(ast.parse(source)), "<cell>", "exec"), namespace)
        return observer.finish(None, None)

    observe("acc = name_8 + len(table)\n")  # Imports what it needs.
    sys.setprofile(count)
    try:
        inferred = observe("acc = name_7 + len(table) + len(cfg)\n")
    finally:
        sys.setprofile(None)
    assert inferred.params["name_7"] == 7.0
    assert len(inferred.params) <= 201
    # Fewer than there are names, keys of the one dict, or of the other.
    assert calls < 10_000


def test_a_numpy_that_another_thread_is_importing_is_not_asked(monkeypatch):
    half = types.ModuleType("numpy")
    half.__spec__ = importlib.machinery.ModuleSpec("numpy", None)
    half.__spec__._initializing = True
    monkeypatch.setitem(sys.modules, "numpy", half)
    seen = run_cell("lr = given\nlosses = [1 / 2, 1 / 4]\nf1 = lr / 2", {"given": 0.5}, seed=1)
    assert seen.metrics["f1"] == 0.25
    assert seen.inferred.curves == {"losses": [0.5, 0.25]}

"""A watched cell does what the same cell does unwatched."""

import ast
import asyncio
import contextlib
import io
import textwrap
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.capture import CellObserver, CellOptions
from tests.capture.running import execute, run_cell

NAMES = ("a", "b", "loss", "acc", "xs")

SIMPLE = st.sampled_from(
    [
        "a = a + 1",
        "b = a * 0.5",
        "loss = loss / 2",
        "acc = [loss, a][a % 2]",
        "xs.append(loss)",
        "a, b = b, a",
        "print(a, loss)",
        "loss = f1_score(loss)",
        "acc = 1 / (a - 3)",
        "xs = [f1_score(x) for x in xs][:4]",
        "g = lambda: accuracy()",
        "raise_if(a > 6)",
        "acc += sum(x for x in xs)",
        "del b",
        "b = 2",
    ]
)
JUMPS = st.sampled_from(["if a % 2: continue", "if a > 4: break", "if loss < 0.1: break"])


def block(statements):
    return "\n".join(textwrap.indent(each, "    ") for each in statements)


def compound(inner):
    bodies = st.lists(inner, min_size=1, max_size=3).map(block)
    in_loops = st.lists(inner | JUMPS, min_size=1, max_size=4).map(block)
    return st.one_of(
        bodies.map(lambda b: f"if a < 4:\n{b}\nelse:\n    a = a - 1"),
        bodies.map(
            lambda b: f"try:\n{b}\nexcept ZeroDivisionError:\n    a = 7\nfinally:\n    b = 1"
        ),
        bodies.map(lambda b: f"with suppress(KeyError):\n{b}"),
        bodies.map(
            lambda b: f"match a:\n    case 1:\n{textwrap.indent(b, '    ')}\n    case c: pass"
        ),
        in_loops.map(lambda b: f"for i in range(4):\n{b}\nelse:\n    a = 0"),
        in_loops.map(lambda b: f"for b, loss in [(1, 2.0), (2, 3.0)]:\n{b}"),
        in_loops.map(lambda b: f"for _ in counted(3):\n{b}"),
        in_loops.map(lambda b: f"while tick():\n{b}\nelse:\n    print('else')"),
        in_loops.map(lambda b: f"while (loss := tick() / 2):\n{b}"),
        bodies.map(lambda b: f"def inner():\n    global a\n    a = 1\n{b}\n    return a"),
    )


PROGRAMS = st.lists(st.recursive(SIMPLE, compound, max_leaves=8), min_size=1, max_size=5)

SESSION = """
from contextlib import suppress
left = [5]
def tick():
    left[0] -= 1
    return max(0, left[0])
def counted(n):
    try:
        yield from range(n)
    finally:
        print("closed")
def f1_score(x):
    return x * 0.5
def accuracy():
    return 1.0
def raise_if(wrong):
    if wrong:
        raise KeyError("wrong")
a, b, loss, acc, xs = 1, 2, 1.0, 0.0, []
"""


def outcome(source, *, watched):
    namespace = {"__name__": "__main__"}
    exec(compile(SESSION, "<session>", "exec"), namespace)
    printed = io.StringIO()
    observer = None
    tree = ast.parse(source)
    if watched:
        observer = CellObserver(
            source, namespace, options=CellOptions(), on_turn=lambda step, metrics: None
        )
        observer.start()
        tree = observer.transform(tree)
    raised = None
    with contextlib.redirect_stdout(printed):
        try:
            execute(tree, namespace)
        except Exception as error:  # noqa: BLE001 - a cell may raise anything
            frames = traceback.extract_tb(error.__traceback__)[2:]
            raised = (repr(error), [(f.filename, f.lineno, f.name) for f in frames])
    if observer is not None:
        observer.finish(None, None)
    values = {name: repr(namespace.get(name)) for name in NAMES}
    return printed.getvalue(), raised, values, sorted(map(str, namespace))


@settings(max_examples=150)
@given(PROGRAMS)
def test_a_watched_program_does_what_it_does_unwatched(statements):
    source = "\n".join(statements)
    try:
        compile(source, "<cell>", "exec")
    except SyntaxError:
        return
    assert outcome(source, watched=True) == outcome(source, watched=False)


@pytest.mark.parametrize(
    "source",
    [
        "f = lambda y: accuracy_score(y, y)",
        "def f():\n    for loss in xs:\n        accuracy_score(y, y)\n    while loss: pass",
        "class A:\n    acc = accuracy_score(1, 1)\n    def f(self):\n        for x in y: pass",
        "s = [accuracy_score(a, b) for a, b in pairs]",
        "g = (accuracy_score(a, b) for a, b in pairs)",
        "d = {a: f1_score(a) for a in pairs}",
        "async def f():\n    async for x in y: loss = x",
    ],
)
def test_inside_of_scopes_nothing_is_changed(source):
    observer = CellObserver(source, {}, options=CellOptions(), on_turn=lambda s, m: None)
    observer.start()
    changed = observer.transform(ast.parse(source))
    observer.finish(None, None)
    assert ast.dump(changed) == ast.dump(ast.parse(source))


def test_the_cell_sees_no_name_of_ours_while_it_runs():
    seen = run_cell(
        """
        for epoch in range(2):
            loss = epoch / 2
            names = dir(), sorted(globals())
        """
    )
    assert not [name for names in seen.namespace["names"] for name in names if "nbtrack" in name]


@pytest.mark.parametrize("end", ["", "raise KeyError", "raise SystemExit", "1 / 0"])
def test_nothing_of_ours_is_left_however_the_cell_ends(end):
    import builtins

    before = set(vars(builtins))
    seen = run_cell(f"for i in range(2):\n    loss = i / 2\n{end}")
    assert set(vars(builtins)) == before
    assert not [name for name in seen.namespace if "nbtrack" in name]


def test_a_tracked_cell_may_run_inside_another():
    def inner():
        return run_cell("for k in range(2):\n    loss = k / 4", namespace).turns

    namespace = {"__name__": "__main__", "inner": inner}
    seen = run_cell(
        "for i in range(2):\n    turns = inner()\n    acc = i / 2\nfor j in range(2): acc = j / 3",
        namespace,
    )
    assert seen.error is None
    assert seen.curve("acc") == [(0, 0.0), (1, 0.5), (2, 0.0), (3, 1 / 3)]


def test_a_cell_that_clears_its_namespace_runs_on():
    seen = run_cell(
        """
        for i in range(3):
            for name in [n for n in globals() if n not in ("__builtins__", "i")]:
                del globals()[name]
            loss = i / 2
        done = True
        """
    )
    assert seen.error is None
    assert seen.namespace["done"] is True


def test_top_level_await_runs():
    seen = run_cell(
        """
        import asyncio
        async def steps():
            for i in range(3):
                await asyncio.sleep(0)
                yield i
        async def measure():
            return 0.75
        async for i in steps():
            loss = i / 2
        acc = await measure()
        """
    )
    assert seen.error is None
    assert seen.curve("loss") == [(0, 0.0), (1, 0.5), (2, 1.0)]
    assert seen.metrics == {"loss": 1.0, "acc": 0.75}


def test_an_error_of_an_async_iterator_shows_no_frame_of_ours():
    seen = run_cell(
        """
        async def steps():
            yield 1
            raise OSError("gone")
        async for i in steps():
            loss = i / 2
        """
    )
    names = [frame.filename for frame in traceback.extract_tb(seen.error.__traceback__)]
    assert isinstance(seen.error, OSError)
    assert not [name for name in names if "nbtrack/capture" in name]


@pytest.mark.parametrize(
    "source", ["for i in 5:\n    loss = 1 / 2", "async for i in 5:\n    loss = 1 / 2"]
)
def test_what_cannot_be_iterated_is_pythons_own_error(source):
    def message(tree):
        with pytest.raises(TypeError) as raised:
            execute(tree, {})
        frames = traceback.extract_tb(raised.value.__traceback__)
        assert not [f for f in frames if "nbtrack/capture" in f.filename]
        return str(raised.value)

    observer = CellObserver(source, {}, options=CellOptions(), on_turn=lambda s, m: None)
    watched = message(observer.transform(ast.parse(source)))
    observer.finish(None, None)
    assert "int" in watched
    assert "itera" in watched
    assert message(ast.parse(source))


def test_an_interrupted_coroutine_leaves_nothing_behind():
    async def cancel():
        raise asyncio.CancelledError

    seen = run_cell("for i in range(3):\n    loss = i / 2\n    await cancel()", {"cancel": cancel})
    assert isinstance(seen.error, asyncio.CancelledError)
    assert seen.curve("loss") == [(0, 0.0)]

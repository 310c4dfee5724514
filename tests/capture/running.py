"""Run a cell as the notebook does, observed, and say what was inferred."""

import ast
import asyncio
import inspect
import textwrap
from dataclasses import dataclass, field

from nbtrack.capture import CellObserver, CellOptions, Inferred


@dataclass
class Seen:
    """What one execution of a cell showed."""

    inferred: Inferred
    namespace: dict
    error: BaseException | None
    turns: list = field(default_factory=list)

    @property
    def params(self):
        return self.inferred.params

    @property
    def metrics(self):
        return self.inferred.metrics

    def curve(self, name):
        """The (step, value) pairs that the loops logged under a name."""
        return [(step, values[name]) for step, values in self.turns if name in values]


def run_cell(source, namespace=None, *, inputs=(), before="", **options):
    """Run ``source`` observed, after running ``before`` unobserved in the same namespace."""
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    exec(compile(textwrap.dedent(before), "<before>", "exec"), namespace)
    source = textwrap.dedent(source).strip("\n")
    turns = []
    observer = CellObserver(
        source,
        namespace,
        options=CellOptions(**options),
        inputs=inputs,
        on_turn=lambda step, metrics: turns.append((step, dict(metrics))),
    )
    observer.start()
    tree = observer.transform(ast.parse(source))
    result, error = None, None
    try:
        result = execute(tree, namespace)
    except BaseException as raised:  # noqa: BLE001 - a cell may raise anything
        error = raised
    return Seen(observer.finish(result, error), namespace, error, turns)


def execute(tree, namespace):
    """Run a tree, and give the value of its last line, as IPython does."""
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    body = tree.body[:-1] if last else tree.body
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(ast.Module(body, []), "<cell>", "exec", flags=flags)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, namespace))
    else:
        exec(code, namespace)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval", flags=flags), namespace)

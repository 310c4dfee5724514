"""Whether a cell trains or measures something, for those who track every such cell."""

from __future__ import annotations

import ast

from nbtrack.capture.expressions import callee
from nbtrack.capture.syntax import read_syntax
from nbtrack.capture.words import says_metric

_MEASURING_CALLS = frozenset(
    """
    fit partial_fit fit_transform fit_predict train score backward evaluate cross_val_score
    cross_validate train_on_batch fit_generator minimize run_training
    """.split()
)


def measures(source: str) -> bool:
    """Whether a cell trains or measures something: not imports, definitions and plots."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

    def walk(node: ast.AST) -> bool:
        if isinstance(node, scopes):
            return False
        if isinstance(node, ast.Call):
            name = callee(node)
            if name in _MEASURING_CALLS or name.endswith(("_score", "_loss", "_error")):
                return True
        return any(walk(child) for child in ast.iter_child_nodes(node))

    if walk(tree):
        return True
    return any(says_metric(name) for loop in read_syntax(tree).loops for name in loop.names)

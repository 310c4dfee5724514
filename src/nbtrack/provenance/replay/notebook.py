"""The smallest notebook that makes a run again: the cells of its slice, and nothing else."""

from __future__ import annotations

from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.provenance.recipe import Recipe

_RESTORE = '''# The random numbers go on from where they stood before the cell.
from nbtrack.capture.random_state import restore

_ = restore(r"""{state}""")'''


def notebook_of(recipe: Recipe) -> dict[str, Any]:
    """The notebook as a document of format 4. Raises `InvalidValue` if no cell made the run."""
    run = recipe.run
    if not recipe.cells:
        raise InvalidValue(
            f"Run {run.name!r} was not made by a tracked cell whose session was recorded: "
            "there is nothing to replay."
        )
    said = f"# {run.name}\n\nThe cells that made run `{run.run_id}`, as they were executed."
    cells = [_cell("markdown", said), _cell("code", "%load_ext nbtrack")]
    for executed in recipe.cells:
        if state := recipe.random.get(executed.number):
            cells.append(_cell("code", _RESTORE.format(state=state)))
        cells.append(_cell("code", executed.text))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    return cell | {"outputs": [], "execution_count": None} if kind == "code" else cell

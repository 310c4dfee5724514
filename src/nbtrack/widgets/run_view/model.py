"""What is shown of one run: all that was recorded of it, as the store has it now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.provenance.difference.sections import git_of, machine_of
from nbtrack.widgets.artifacts.model import FilesModel
from nbtrack.widgets.run_detail import (
    CURVE_POINTS,
    curve_keys,
    cut_text,
    run_json,
)
from nbtrack.widgets.wire import ipc_bytes

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.provenance.recipe import Recipe
    from nbtrack.store import Store, StoredInput

MAX_CELLS = 60
MAX_FIELDS = 200


class RunModel:
    """One run. Any method may raise `RunNotFound`, once the run has been purged."""

    def __init__(self, store: Store, run_id: str) -> None:
        self.store = store
        self.run_id = run_id
        self._state = ""
        self._recipe: Recipe | None = None
        # Asked for by the page and by the html.
        self._curves: tuple[Recipe, pyarrow.Table] | None = None
        self._browser = FilesModel(store, run_id)

    def refresh(self) -> bool:
        """Look whether the store has something new of this run; whether it had."""
        from nbtrack.provenance.recipe import recipe_with
        from nbtrack.store import run_detail

        detail, files = run_detail(self.store, self.run_id), self._browser.read()
        # Its text, since NaN differs from itself.
        state = repr((detail, files))
        if state == self._state:
            return False
        self._recipe = recipe_with(self.store, detail)
        self._state = state
        return True

    @property
    def recipe(self) -> Recipe:
        """The run with all that made it, as it was when `refresh` looked last."""
        if self._recipe is None:
            self.refresh()
        assert self._recipe is not None
        return self._recipe

    @property
    def browser(self) -> FilesModel:
        """The files that it keeps."""
        _ = self.recipe
        return self._browser

    def snapshot(self) -> dict[str, Any]:
        """What the browser draws: JSON, and the curves as Arrow."""
        recipe = self.recipe
        return {
            "run": run_json(recipe, self.browser.files),
            "more": _more_json(recipe),
            "curves": ipc_bytes(self.curves()),
            "store": str(self.store.path),
        }

    def curves(self) -> pyarrow.Table:
        """The curves that are drawn: run_id, key, steps and values."""
        from nbtrack.store import listed_curves

        recipe = self.recipe
        if self._curves is None or self._curves[0] is not recipe:
            keys = curve_keys(recipe.run)
            drawn = listed_curves(self.store, [self.run_id], keys, points=CURVE_POINTS)
            self._curves = (recipe, drawn)
        return self._curves[1]

    def table(self) -> pyarrow.Table:
        """Parameters, metrics and tags as rows: kind, key, value (a text), number."""
        import pyarrow

        run = self.recipe.run
        rows: list[tuple[str, str, str, float | None]] = [
            *(("param", p.key, p.value or "None", None) for p in run.params),
            *(("metric", m.key, repr(m.value), m.value) for m in run.metrics),
            *(("tag", key, value, None) for key, value in run.tags.items()),
        ]
        kinds, keys, values, numbers = zip(*rows, strict=True) if rows else ((), (), (), ())
        return pyarrow.table(
            {
                "kind": pyarrow.array(kinds, pyarrow.string()),
                "key": pyarrow.array(keys, pyarrow.string()),
                "value": pyarrow.array(values, pyarrow.string()),
                "number": pyarrow.array(numbers, pyarrow.float64()),
            }
        )


def _more_json(recipe: Recipe) -> dict[str, object]:
    """What the tabs show beyond a table's panel; ``js/src/run_view/protocol.ts`` has its shape."""
    cells = recipe.cells[-MAX_CELLS:]
    return {
        "cells": [
            {"number": c.number, "status": c.status, "duration_s": c.duration_s, **cut_text(c.text)}
            for c in cells
        ],
        "cells_left_out": len(recipe.cells) - len(cells),
        "modules": [{"path": path, **cut_text(text)} for path, text in recipe.modules.items()],
        "git": git_of(recipe),
        "machine": machine_of(recipe),
        "variables": recipe.variables,
        "packages": recipe.packages,
        "data": [data_json(each, profile_of(recipe, each.name)) for each in recipe.inputs],
    }


def profile_of(recipe: Recipe, name: str) -> list[dict[str, object]]:
    """The profile that was kept of data, a row per column; empty where none was."""
    try:
        found = json.loads(recipe.texts.get(f"profile:{name}", "[]"))
    except (ValueError, RecursionError):
        return []
    return found[:MAX_FIELDS] if isinstance(found, list) else []


def data_json(data: StoredInput, profile: list[dict[str, object]]) -> dict[str, object]:
    """Data that a run read as JSON; ``js/src/base/data.ts`` has its shape."""
    fields = fields_of(data)
    return {
        "name": data.name,
        "kind": data.kind,
        "shape": data.shape,
        "digest": data.digest,
        "is_sampled": data.is_sampled,
        "size_bytes": data.size_bytes,
        "source": data.source,
        "note": data.note,
        "fields": dict(list(fields.items())[:MAX_FIELDS]),
        "fields_left_out": max(0, len(fields) - MAX_FIELDS),
        "context": data.context,
        "tags": data.tags,
        "profile": profile,
    }


def fields_of(data: StoredInput) -> Mapping[str, str]:
    """The columns of data with their types, as far as they were recorded."""
    try:
        found = json.loads(data.schema or "{}")
    except (ValueError, RecursionError):
        return {}
    return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}

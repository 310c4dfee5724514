"""Recipes written by hand."""

import datetime
import json

from nbtrack.provenance.recipe import Recipe
from nbtrack.store import RunDetail, StoredCell, StoredInput
from nbtrack.store.details import MetricDetail, ParamDetail

NOON = datetime.datetime(2026, 1, 1, 12)


def recipe(
    name="a",
    *,
    params=(),
    metrics=(),
    facts=(),
    texts=(),
    cells=(),
    inputs=(),
    duration_s=1.0,
):
    """A recipe: ``cells`` are texts, or pairs of an id and a text."""
    told = [cell if isinstance(cell, tuple) else ("", cell) for cell in cells]
    run = RunDetail(
        run_id=f"{ord(name[0]):032x}",
        name=name,
        experiment="e",
        status="finished",
        started=NOON,
        ended=NOON,
        duration_s=duration_s,
        parent_id=None,
        note="",
        user="",
        host="",
        source="",
        deleted=False,
        verdict=None,
        params=tuple(ParamDetail(key, str(value), "float") for key, value in dict(params).items()),
        metrics=tuple(
            MetricDetail(key, value, 0, 1, 0, value, 0, value, 0)
            for key, value in dict(metrics).items()
        ),
        tags={},
        facts=dict(facts),
        texts={},
    )
    stored = [
        StoredCell(number, text, cell_id, "finished", 0.1, NOON)
        for number, (cell_id, text) in enumerate(told, 1)
    ]
    return Recipe(run, tuple(stored), tuple(inputs), dict(texts))


def data(name, digest="d1", *, kind="pandas.DataFrame", shape="(10, 2)", schema=None):
    return StoredInput(name, kind, digest, shape, json.dumps(schema or {}), 1, False, "", "")

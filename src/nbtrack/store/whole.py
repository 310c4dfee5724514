"""Runs with all that is known of each, for whoever writes them in another form.

As for a page of the run table, one statement that is quick to plan collects what was said of the
runs, as it was appended; which of it holds is found here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.store.selection import PARAM_TEXT

if TYPE_CHECKING:
    from nbtrack.store.origins import StoredInput
    from nbtrack.store.store import Store


@dataclass(frozen=True, slots=True)
class LastPoint:
    """The last point of a metric: of equals in step and time the greatest. ``ts_ms`` of UTC."""

    key: str
    value: float
    step: int
    ts_ms: int


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A logged model that a run has as ``input`` or ``output``."""

    model_id: str
    role: str
    step: int


@dataclass(slots=True)
class WholeRun:
    """A run, with times in milliseconds of UTC. Parameters are texts; ids have no dashes."""

    run_id: str
    name: str
    status: str
    experiment: str
    started_ms: int
    ended_ms: int | None
    user: str
    source: str
    parent_id: str | None
    note: str
    deleted: bool
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    metrics: list[LastPoint] = field(default_factory=list)
    inputs: list[StoredInput] = field(default_factory=list)
    models: list[ModelUse] = field(default_factory=list)


_ID = "replace({}::VARCHAR, '-', '')"
# What a row says is in columns of its kind; the others are empty. Times are in microseconds.
_COLUMNS = {
    "kind": "NULL::VARCHAR",
    "run": _ID.format("run_id"),
    "ts": "epoch_us(ts)",
    "key": "NULL::VARCHAR",
    "text": "NULL::VARCHAR",
    "number": "NULL::DOUBLE",
    "step": "NULL::BIGINT",
    "name": "NULL::VARCHAR",
    "experiment": "NULL::VARCHAR",
    "status": "NULL::VARCHAR",
    "note": "NULL::VARCHAR",
    "deleted": "NULL::BOOLEAN",
    "ended": "NULL::BIGINT",
    "user": "NULL::VARCHAR",
    "source": "NULL::VARCHAR",
    "parent": "NULL::VARCHAR",
}
_PAIR = {"key": "key", "text": "value"}
_PARTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "run": (
        "base.runs",
        {
            "ts": "epoch_us(started)",
            "parent": _ID.format("parent_id"),
            **{name: f'"{name}"' for name in ("name", "experiment", "user", "source")},
        },
    ),
    "change": (
        "base.run_changes",
        {
            **{name: name for name in ("name", "experiment", "status", "note", "deleted")},
            "ended": "epoch_us(coalesce(ended, "
            "CASE WHEN status NOT IN ('running', 'scheduled') THEN ts END))",
        },
    ),
    "params": ("base.params", {**_PAIR, "text": PARAM_TEXT}),
    "tags": ("base.tags", _PAIR),
    "facts": ("base.facts", _PAIR),
    "metric": (
        "base.summary",
        {
            "ts": "epoch_us(coalesce(last_point_ts, last_ts))",
            "key": "key",
            "number": "last_value",
            "step": "last_step",
        },
    ),
    "input": ("base.inputs", {}),
    "use": (
        "base.logged_model_uses",
        {"key": _ID.format("model_id"), "text": "role", "step": "step"},
    ),
}
_CHANGED = ("name", "status", "experiment", "note", "deleted")
_CHOSEN = "WITH page AS MATERIALIZED (SELECT unnest($runs::VARCHAR[])::UUID AS run_id)"
_INPUTS = f"""
{_CHOSEN}
SELECT replace(run_id::VARCHAR, '-', '') AS run, name, kind, digest, shape, schema, size_bytes,
       is_sampled, source, note, context, tags, coalesce(source_type, '') AS source_type,
       coalesce(profile, '') AS profile
FROM main.inputs SEMI JOIN page USING (run_id) ORDER BY ts
"""


def whole_runs(
    store: Store,
    run_ids: Sequence[str],
    *,
    facts: Sequence[str] = (),
    with_metrics: bool = True,
    with_uses: bool = True,
) -> list[WholeRun]:
    """The runs with these ids, in that order; those that there are not are left out.

    ``facts`` are those that are wanted. Without ``with_uses`` neither data nor models are read.
    """
    left_out = {
        *(() if facts else ("facts",)),
        *(() if with_metrics else ("metric",)),
        *(() if with_uses else ("input", "use")),
    }
    with store.settled():
        runs = {run.run_id: run for run in _collected(store, run_ids, facts, left_out)}
    return [runs[run_id] for run_id in run_ids if run_id in runs]


def _collected(
    store: Store, run_ids: Sequence[str], facts: Sequence[str], left_out: set[str]
) -> list[WholeRun]:
    said: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _PARTS}
    for row in _rows(store, run_ids, facts, left_out):
        said[row["kind"]].append(row)
    runs = {row["run"]: _begun(row) for row in said["run"]}
    for row in said["change"]:
        _change(runs[row["run"]], row)
    for kind in ("params", "tags", "facts"):
        # By key, and of each the last that was said.
        for row in sorted(said[kind], key=lambda row: row["key"]):
            of_run = getattr(runs[row["run"]], kind)
            if row["text"] is not None:
                of_run[row["key"]] = row["text"]
            elif kind == "tags":
                of_run.pop(row["key"], None)
    for point in _last_points(said["metric"]):
        runs[point["run"]].metrics.append(
            LastPoint(point["key"], point["number"], point["step"], point["ts"] // 1000)
        )
    uses: dict[tuple[str, ...], int] = {}
    for row in said["use"]:
        uses[row["run"], row["key"], row["text"]] = row["step"]
    for (run_id, model_id, role), step in uses.items():
        runs[run_id].models.append(ModelUse(model_id, role, step))
    _read_inputs(store, runs, sorted({row["run"] for row in said["input"]}))
    return list(runs.values())


def _rows(
    store: Store, run_ids: Sequence[str], facts: Sequence[str], left_out: set[str]
) -> Iterator[dict[str, Any]]:
    """What was said of the runs, a row each; the first that was said first."""
    import numpy as np

    asked: dict[str, Any] = {"runs": list(run_ids)}
    if "facts" not in left_out:
        asked["facts"] = list(facts)
    parts = " UNION ALL ".join(_part(kind) for kind in _PARTS if kind not in left_out)
    found = store.arrays(f"{_CHOSEN} {parts}", asked)
    order = np.argsort(np.ma.getdata(found["ts"]), kind="stable")
    columns = [found[name][order].tolist() for name in _COLUMNS]
    for values in zip(*columns, strict=True):
        yield dict(zip(_COLUMNS, values, strict=True))


def _part(kind: str) -> str:
    table, own = _PARTS[kind]
    filled = {**_COLUMNS, "kind": f"'{kind}'", **own}
    listed = ", ".join(f'{value} AS "{name}"' for name, value in filled.items())
    where = " WHERE list_contains($facts::VARCHAR[], key)" if kind == "facts" else ""
    return f"SELECT {listed} FROM {table} SEMI JOIN page USING (run_id){where}"


def _begun(row: Mapping[str, Any]) -> WholeRun:
    return WholeRun(
        row["run"],
        row["name"],
        "running",
        row["experiment"],
        row["ts"] // 1000,
        None,
        row["user"] or "",
        row["source"] or "",
        row["parent"],
        "",
        False,
    )


def _change(run: WholeRun, row: Mapping[str, Any]) -> None:
    for name in _CHANGED:
        if row[name] is not None:
            setattr(run, name, row[name])
    if row["ended"] is not None:
        run.ended_ms = row["ended"] // 1000


def _last_points(said: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each metric of each run the last point, by key; see ``LAST_VALUE`` in the schema."""
    last: dict[tuple[str, str], tuple[tuple[int, int, float], dict[str, Any]]] = {}
    for row in said:
        number = row["number"]
        rank = row["step"], row["ts"], 0.0 if number != number else number
        known = last.get((row["run"], row["key"]))
        if known is None or rank > known[0]:
            last[row["run"], row["key"]] = rank, row
    return [last[of][1] for of in sorted(last, key=lambda of: of[1])]


def _read_inputs(store: Store, runs: Mapping[str, WholeRun], run_ids: Sequence[str]) -> None:
    from nbtrack.store.origins import StoredInput

    if not run_ids:
        return
    for row in store.query(_INPUTS, {"runs": list(run_ids)}).to_pylist():
        read = runs[row.pop("run")].inputs
        read.append(StoredInput(**{**row, "tags": json.loads(row["tags"] or "{}")}))

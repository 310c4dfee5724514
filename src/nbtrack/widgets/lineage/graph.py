"""From data through runs to model versions: three columns of boxes, and what joins them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["data", "run", "version"]
HEADS = ("Data", "Runs", "Model versions")


@dataclass(frozen=True, slots=True)
class Box:
    """One thing in the graph: what it is called, what is said below its name, and in full.

    ``key`` tells it apart from all others; ``row`` is one of the ways that lead through it.
    """

    key: str
    kind: Kind
    title: str
    below: str
    told: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Graph:
    """Columns of boxes, and pairs of keys from each column to the next."""

    columns: tuple[tuple[Box, ...], ...]
    joined: tuple[tuple[tuple[str, str], ...], ...]

    def find(self, key: str) -> Box | None:
        """The box with that key."""
        return next((box for column in self.columns for box in column if box.key == key), None)

    def counts(self) -> str:
        """``2 data sets, 2 runs, 1 model version``."""
        names = ("data set", "run", "model version")
        return ", ".join(
            f"{len(column)} {name}{'' if len(column) == 1 else 's'}"
            for column, name in zip(self.columns, names, strict=True)
        )


def graph_of(rows: Sequence[Mapping[str, Any]]) -> Graph:
    """Rows of `lineage_table` as a graph."""
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(_data_key(row), []).append(row["data"])
    data = [_data_box(row, list(dict.fromkeys(names[_data_key(row)]))) for row in rows]
    runs = [
        Box(
            _run_key(row),
            "run",
            row["run"],
            row["experiment"],
            f"run {row['run']} {row['run_id'][-8:]}, experiment {row['experiment']}",
            row,
        )
        for row in rows
    ]
    to_version = [row for row in rows if row["version"] is not None]
    versions = [
        Box(
            _version_key(row),
            "version",
            f"{row['name']} {row['version']}",
            _stage(row["stage"]),
            f"version {row['version']} of {row['name']}, {_stage(row['stage'])}",
            row,
        )
        for row in to_version
    ]
    return Graph(
        (_first(data), _first(runs), _first(versions)),
        (
            tuple(dict.fromkeys((_data_key(row), _run_key(row)) for row in rows)),
            tuple(dict.fromkeys((_run_key(row), _version_key(row)) for row in to_version)),
        ),
    )


def _data_box(row: Mapping[str, Any], names: Sequence[str]) -> Box:
    content = row["digest"][:8] or "content unknown"
    called = ", ".join(names)
    below = " · ".join(filter(None, [row["context"], content]))
    told = f"data {called}, {row['shape'] or row['kind']}, digest {row['digest'] or 'unknown'}"
    return Box(_data_key(row), "data", called, below, told, row)


def _data_key(row: Mapping[str, Any]) -> str:
    # Equal content is one data set, whatever it is called; of unknown content each is its own.
    return f"data:{row['digest'] or row['run_id'] + ':' + row['data']}"


def _run_key(row: Mapping[str, Any]) -> str:
    # Widgets know a run by its digits, the view by the UUID.
    return f"run:{row['run_id'].replace('-', '')}"


def _version_key(row: Mapping[str, Any]) -> str:
    return f"version:{row['version']}:{row['name']}"


def _stage(stage: str) -> str:
    return "no stage" if stage == "None" else stage


def _first(boxes: Iterable[Box]) -> tuple[Box, ...]:
    found: dict[str, Box] = {}
    for box in boxes:
        found.setdefault(box.key, box)
    return tuple(found.values())

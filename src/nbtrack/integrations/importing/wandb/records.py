"""What the records of an offline run say, of which a few kinds are read.

Numbers of fields are those of W&B's ``wandb_internal.proto``, which keeps old files readable.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.integrations.importing.wandb.log import log_records
from nbtrack.integrations.importing.wire import double, fields, message, signed, text

_HISTORY, _SUMMARY, _OUTPUT, _CONFIG, _STATS, _RAW = 2, 3, 4, 5, 7, 13
_RUN, _EXIT, _ENVIRONMENT = 17, 18, 26
_OMITTED = {8: "artifacts of W&B", 9: "TensorBoard logs that W&B followed", 10: "alerts"}


@dataclass(slots=True)
class WandbRun:
    """A run as W&B has it; ``history`` has a row a step, of what was logged then."""

    run_id: str = ""
    entity: str = ""
    project: str = ""
    name: str = ""
    notes: str = ""
    group: str = ""
    job_type: str = ""
    sweep: str = ""
    host: str = ""
    user: str = ""
    program: str = ""
    start_us: int = 0
    runtime_s: float | None = None
    exit_code: int | None = None
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    history: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    stats: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    output: dict[str, list[str]] = field(default_factory=dict)
    omitted: Counter[str] = field(default_factory=Counter)


def read_run(file: Path, damaged: list[int], *, only_head: bool = False) -> WandbRun:
    """What a ``.wandb`` file holds; with ``only_head`` no more than who the run is."""
    found = WandbRun()
    for record in log_records(file, damaged):
        try:
            for number, data in fields(record):
                if number in _OMITTED:
                    found.omitted[_OMITTED[number]] += 1
                elif number in _READERS:
                    _READERS[number](found, data)
        except (ValueError, TypeError, AttributeError):
            found.omitted["records that cannot be read"] += 1
        if only_head and found.run_id:
            break
    return found


def value_of(data: bytes) -> Any:
    """A value in W&B's JSON, which has NaN and infinities."""
    return json.loads(data)


def _items(data: bytes, number: int = 1) -> Iterator[tuple[list[str], Any]]:
    """Keys, outermost first, and values of a record's items."""
    for each, item in fields(data):
        if each == number:
            yield _item(item)


def _item(data: bytes) -> tuple[list[str], Any]:
    keys: list[str] = []
    value: Any = None
    for number, found in fields(data):
        if number in (1, 2):
            keys.append(text(found))
        elif number in (16, 8):
            value = value_of(found)
        elif number == 4:
            value = bool(found)
        elif number == 5:
            value = found >> 1 ^ -(found & 1)
        elif number == 6:
            value = double(found)
        elif number == 7:
            value = text(found)
    return keys, value


def _run(found: WandbRun, data: bytes) -> None:
    told = message(data)
    for name, number in (
        ("run_id", 1),
        ("entity", 2),
        ("project", 3),
        ("group", 6),
        ("job_type", 7),
        ("name", 8),
        ("notes", 9),
        ("sweep", 12),
        ("host", 13),
    ):
        if number in told:
            setattr(found, name, text(told[number]))
    found.tags = [text(value) for number, value in fields(data) if number == 10] or found.tags
    if 17 in told:
        found.start_us = _time_us(told[17])
    if 4 in told:
        _config(found, told[4])
    if 5 in told:
        _summary(found, told[5])
    if 21 in told:
        git = message(told[21])
        for key, number in (("git.remote", 1), ("git.commit", 2)):
            if number in git:
                found.facts[key] = text(git[number])


def _config(found: WandbRun, data: bytes) -> None:
    for keys, value in _items(data):
        _set(found.config, keys, value)
    for keys, _ in _items(data, 2):
        _remove(found.config, keys)


def _summary(found: WandbRun, data: bytes) -> None:
    for keys, value in _items(data):
        _set(found.summary, keys, value)
    for keys, _ in _items(data, 2):
        _remove(found.summary, keys)


def _history(found: WandbRun, data: bytes) -> None:
    row: dict[str, Any] = {}
    for keys, value in _items(data):
        _set(row, keys, value)
    step = row.pop("_step", None)
    for number, value in fields(data):
        if number == 2:
            step = signed(message(value).get(1, 0))
    found.history.append((int(step if step is not None else len(found.history)), row))


def _stats(found: WandbRun, data: bytes) -> None:
    told = message(data)
    row = {".".join(keys): value for keys, value in _items(data, 3)}
    found.stats.append((_time_us(told.get(2, b"")), row))


def _output(found: WandbRun, data: bytes) -> None:
    told = message(data)
    stream = "stdout" if told.get(1, 0) == 1 else "stderr"
    found.output.setdefault(stream, []).append(text(told.get(3, b"")))


def _exit(found: WandbRun, data: bytes) -> None:
    told = message(data)
    found.exit_code = signed(told.get(1, 0))
    if told.get(2):
        found.runtime_s = float(told[2])


def _environment(found: WandbRun, data: bytes) -> None:
    told = message(data)
    found.program = text(told.get(6, b"")) or found.program
    found.host = text(told.get(12, b"")) or found.host
    found.user = text(told.get(13, b"")) or found.user
    for key, number in (("platform", 1), ("python.version", 2)):
        if number in told:
            found.facts[key] = text(told[number])


_READERS = {
    _RUN: _run,
    _CONFIG: _config,
    _SUMMARY: _summary,
    _HISTORY: _history,
    _STATS: _stats,
    _OUTPUT: _output,
    _RAW: _output,
    _EXIT: _exit,
    _ENVIRONMENT: _environment,
}


def _set(into: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        inner = into.get(key)
        if not isinstance(inner, dict):
            inner = into[key] = {}
        into = inner
    if keys:
        into[keys[-1]] = value


def _remove(of: dict[str, Any], keys: list[str]) -> None:
    for key in keys[:-1]:
        of = of.get(key, {})
    if keys:
        of.pop(keys[-1], None)


def _time_us(data: bytes) -> int:
    told = message(data)
    return signed(told.get(1, 0)) * 1_000_000 + int(told.get(2, 0)) // 1000

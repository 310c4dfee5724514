"""A folder of a run that was exported from W&B, or synced: its config, summary and history.

The files are those that W&B itself writes (``config.yaml``, ``wandb-summary.json``,
``wandb-metadata.json``) or that its API's answers are saved as (``config.json``,
``summary.json``, ``history.csv`` or ``.jsonl``).
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.integrations.importing.wandb.records import WandbRun

_SUMMARIES = ("wandb-summary.json", "summary.json")
_CONFIGS = ("config.yaml", "config.json")
_HISTORIES = ("history.jsonl", "wandb-history.jsonl", "history.csv", "history.json")
DESCRIBING = {*_SUMMARIES, *_CONFIGS, *_HISTORIES, "wandb-metadata.json"}


def is_exported(folder: Path) -> bool:
    """Whether a folder holds the summary or the history of a run."""
    return any((folder / name).is_file() for name in (*_SUMMARIES, *_HISTORIES))


def read_exported(folder: Path) -> WandbRun:
    """The run in a folder. Raises `InvalidValue` for a file that is damaged."""
    found = WandbRun(run_id=folder.name, name=folder.name, exit_code=0)
    found.config = {
        key: value["value"] if isinstance(value, dict) and "value" in value else value
        for key, value in _first(folder, _CONFIGS).items()
        if key != "wandb_version"
    }
    found.summary = _first(folder, _SUMMARIES)
    about = _first(folder, ("wandb-metadata.json",))
    found.host = str(about.get("host", ""))
    found.user = str(about.get("username", ""))
    found.program = str(about.get("program", ""))
    found.start_us = _started_us(about.get("startedAt"))
    git = about.get("git")
    if isinstance(git, dict):
        found.facts = {f"git.{key}": str(text) for key, text in git.items() if text}
    for key, fact in (("os", "platform"), ("python", "python.version")):
        if about.get(key):
            found.facts[fact] = str(about[key])
    rows = _history(folder)
    for index, row in enumerate(rows):
        step = row.pop("_step", None)
        found.history.append((index if step is None else int(step), row))
    times = [row["_timestamp"] for _, row in found.history if _is_number(row.get("_timestamp"))]
    times += [found.summary["_timestamp"]] if _is_number(found.summary.get("_timestamp")) else []
    if not found.start_us and times:
        runtime = found.summary.get("_runtime")
        began = min(times) if len(times) > 1 or not _is_number(runtime) else times[0] - runtime
        found.start_us = int(began * 1e6)
    return found


def _history(folder: Path) -> list[dict[str, Any]]:
    for name in _HISTORIES:
        file = folder / name
        if not file.is_file():
            continue
        if name.endswith(".csv"):
            import pyarrow
            import pyarrow.csv as csv

            try:
                rows = csv.read_csv(file).to_pylist()
            except pyarrow.ArrowException as error:
                raise InvalidValue(f"{file} cannot be read as a table: {error}") from error
            # What was not logged at a step is an empty cell.
            return [{key: value for key, value in row.items() if value is not None} for row in rows]
        try:
            content = file.read_text(encoding="utf-8")
            found = (
                [json.loads(line) for line in content.splitlines() if line.strip()]
                if name.endswith(".jsonl")
                else json.loads(content)
            )
        except ValueError as error:
            raise InvalidValue(f"{file} is no JSON ({error}).") from error
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return []


def _first(folder: Path, names: tuple[str, ...]) -> dict[str, Any]:
    for name in names:
        file = folder / name
        if not file.is_file():
            continue
        import yaml

        try:
            content = file.read_text(encoding="utf-8")
            found = yaml.safe_load(content) if name.endswith("yaml") else json.loads(content)
        except (ValueError, yaml.YAMLError) as error:
            reason = str(error).splitlines()[0]
            raise InvalidValue(f"{file} cannot be read ({reason}).") from error
        return found if isinstance(found, dict) else {}
    return {}


def _started_us(told: Any) -> int:
    try:
        at = datetime.datetime.fromisoformat(str(told).replace("Z", "+00:00"))
    except ValueError:
        return 0
    aware = at if at.tzinfo else at.replace(tzinfo=datetime.UTC)
    return int(aware.timestamp() * 1e6)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value

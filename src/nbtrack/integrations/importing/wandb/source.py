"""A folder of W&B's as a source: offline runs in it, exported ones, and tables of its pages."""

from __future__ import annotations

import datetime
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.events import Status
from nbtrack.integrations.importing.paths import table_file
from nbtrack.integrations.importing.source import Curve, Omissions, SourceFile, SourceRun
from nbtrack.integrations.importing.tables import TableFile
from nbtrack.integrations.importing.wandb.exported import DESCRIBING, is_exported, read_exported
from nbtrack.integrations.importing.wandb.naming import RUN_ID, flat_row, params_of, tags_of
from nbtrack.integrations.importing.wandb.records import WandbRun, read_run


class WandbFolder:
    """The runs below a folder. Raises `InvalidValue` if there is none."""

    def __init__(self, folder: Path, *, experiment: str | None) -> None:
        self.title = f"W&B's {folder}"
        self.omissions = Omissions()
        self._experiment = experiment
        self._root = folder.absolute()
        self._logs, self._exported, self._tables = _find(self._root)
        if not self._logs and not self._exported and not self._tables:
            raise InvalidValue(
                f"There is no run of W&B in {folder}, or below it: neither a file .wandb of an "
                "offline run, nor a wandb-summary.json or a history.csv, nor a table (.csv)."
            )

    def count(self) -> int | None:
        """Known where there are no tables."""
        return None if self._tables else len(self._logs) + len(self._exported)

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[SourceRun]:
        """Offline runs by their start, then exported ones, then the rows of tables."""
        heads: list[tuple[int, Path, str]] = []
        for file in self._logs:
            head = read_run(file, [], only_head=True)
            if head.run_id:
                heads.append((head.start_us, file, _identity(head)))
            else:
                self.omissions.omit("files that end before they say which run they are of")
        for _, file, identity in sorted(heads):
            if is_there(identity):
                yield SourceRun(identity, "", "", 0)
                continue
            damaged: list[int] = []
            found = read_run(file, damaged)
            if damaged:
                self.omissions.omit("stretches of .wandb files that are damaged", len(damaged))
            if found.exit_code is None:
                self.omissions.remark(
                    f"{file.parent.name} does not say how it ended, so that it counts as killed"
                )
            yield self._run(identity, found, file.parent / "files", skip=frozenset())
        for folder in self._exported:
            try:
                found = read_exported(folder)
            except InvalidValue as error:
                self.omissions.omit("folders that are damaged")
                self.omissions.remark(str(error))
                continue
            yield self._run(_identity(found), found, folder, skip=frozenset(DESCRIBING))
        for file in self._tables:
            table = TableFile(file, experiment=self._experiment, said={}, roles={})
            table.omissions = self.omissions
            self.omissions.remark(f"{file.name}: {table.columns.sentence()}")
            yield from table.runs(is_there)

    def _run(
        self, identity: str, found: WandbRun, folder: Path, *, skip: frozenset[str]
    ) -> SourceRun:
        for what, count in found.omitted.items():
            self.omissions.omit(what, count)
        curves, texts, histograms, ended_us = self._history(found)
        if found.runtime_s is not None:
            ended_us = max(ended_us, found.start_us + int(found.runtime_s * 1e6))
        return SourceRun(
            identity=identity,
            name=found.name or found.run_id,
            experiment=self._experiment or found.project or self._root.name,
            started_us=found.start_us,
            ended_us=ended_us,
            status=_status(found.exit_code),
            user=found.user or found.entity,
            host=found.host,
            program=found.program,
            note=found.notes,
            params=params_of(found.config),
            tags=tags_of(found.tags, found.group, found.job_type, found.sweep),
            facts={**found.facts, RUN_ID: found.run_id},
            texts={stream: "".join(lines) for stream, lines in found.output.items()},
            curves=curves,
            files=self._files(folder, skip, texts, histograms),
        )

    def _history(self, found: WandbRun) -> tuple[list[Curve], _Rows, _Rows, int]:
        """Curves; texts and histograms by key; and the last time that is known."""
        points: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
        texts: _Rows = defaultdict(list)
        histograms: _Rows = defaultdict(list)
        last_us = found.start_us
        for step, row in found.history:
            seconds = row.get("_timestamp")
            at_us = int(seconds * 1e6) if isinstance(seconds, (int, float)) else last_us
            last_us = max(last_us, at_us)
            at = {"step": step, "time": _iso(at_us)}
            for key, value in flat_row(row):
                if isinstance(value, (bool, int, float)):
                    points[key].append((step, at_us, float(value)))
                elif isinstance(value, str):
                    texts[key].append({**at, "text": value})
                elif isinstance(value, dict) and value.get("_type") == "histogram":
                    edges = value.get("bins") or []
                    both = {"left": edges[:-1], "right": edges[1:], "count": value.get("values")}
                    histograms[key].append({**at, **both})
                # The file that a picture or a table names is among the run's files.
                elif not (isinstance(value, dict) and "path" in value) and value is not None:
                    self.omissions.omit("values that are neither numbers nor text")
        for key, value in flat_row(found.summary):
            # What was logged is its own summary.
            is_number = isinstance(value, (bool, int, float))
            if is_number and key not in points and not key.startswith("_wandb"):
                points[key].append((max((s for s, _ in found.history), default=0), last_us, value))
        for index, (at_us, row) in enumerate(found.stats):
            last_us = max(last_us, at_us)
            for key, value in row.items():
                if isinstance(value, (int, float)):
                    points[f"system/{key}"].append((index, at_us, float(value)))
        return [_curve(key, rows) for key, rows in points.items()], texts, histograms, last_us

    def _files(
        self, folder: Path, skip: frozenset[str], texts: _Rows, histograms: _Rows
    ) -> Iterator[SourceFile]:
        for where, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                path = (Path(where) / name).relative_to(folder).as_posix()
                if path not in skip and not name.endswith(".wandb"):
                    yield SourceFile(path, Path(where) / name)
        for kind, ending, tables in (
            ("text", "json", texts),
            ("histograms", "parquet", histograms),
        ):
            for key, rows in tables.items():
                yield table_file(kind, key, rows, ending)


_Rows = dict[str, list[dict[str, Any]]]


def _find(root: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Files of offline runs, folders of exported ones, and tables."""
    logs = sorted(file for file in root.rglob("*.wandb") if file.is_file())
    of_logs = {file.parent for file in logs}
    exported = [
        folder
        for folder in sorted({root, *(each for each in root.rglob("*") if each.is_dir())})
        if is_exported(folder) and not of_logs & {folder, *folder.parents}
    ]
    taken = {*of_logs, *exported}
    tables = [
        file
        for file in sorted(root.rglob("*.csv"))
        if not taken & set(file.parents) and file.is_file()
    ]
    return logs, exported, tables


def _identity(run: WandbRun) -> str:
    return f"wandb:{run.entity}/{run.project}/{run.run_id}:{run.start_us}"


def _status(exit_code: int | None) -> Status:
    if exit_code is None:
        return "killed"
    return "failed" if exit_code else "finished"


def _curve(key: str, rows: list[tuple[int, int, float]]) -> Curve:
    import numpy as np

    steps, times, values = zip(*rows, strict=True)
    return Curve(
        key, np.array(steps, np.int64), np.array(times, np.int64), np.array(values, np.float64)
    )


def _iso(at_us: int) -> str:
    return datetime.datetime.fromtimestamp(at_us / 1e6, datetime.UTC).isoformat()

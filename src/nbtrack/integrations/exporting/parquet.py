"""Runs as Parquet files, a file a kind: what pandas, polars, DuckDB and Spark read as it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.artifacts.progress import progress_of
from nbtrack.errors import InvalidValue
from nbtrack.integrations.exporting.chosen import portions
from nbtrack.integrations.report import Report
from nbtrack.tracking.files.places import artifacts_of

if TYPE_CHECKING:
    from nbtrack.store import Store


def export_tables(store: Store, folder: Path, run_ids: Sequence[str], *, artifacts: bool) -> Report:
    """Write ``runs.parquet``, ``metrics.parquet`` and others into a folder.

    Each file appears when all are whole, in place of one of an earlier export. With
    ``artifacts`` the runs' files are written below ``artifacts/<run_id>``.
    """
    import pyarrow.parquet as parquet

    from nbtrack.store import EXPORTED, exported_table

    if folder.exists() and not folder.is_dir():
        raise InvalidValue(f"{folder} is a file; name a folder for the tables.")
    report = Report("exported", f"Parquet files in {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in EXPORTED}
    with ExitStack() as stack:
        for part in parts.values():
            stack.callback(part.unlink, missing_ok=True)
        writers: dict[str, Any] = {}
        told = stack.enter_context(progress_of("Exporting runs", len(run_ids), unit="runs"))
        # Once for no runs at all, so that every file has its columns.
        for some in list(portions(run_ids)) or [()]:
            for name, part in parts.items():
                table = exported_table(store, name, some)
                if name not in writers:
                    writer = parquet.ParquetWriter(part, table.schema, compression="zstd")
                    writers[name] = stack.enter_context(writer)
                writers[name].write_table(table)
                report.carried[name] += table.num_rows
                if artifacts and name == "artifacts":
                    _write_files(store, folder, table.to_pylist())
            told(len(some))
        for name, part in parts.items():
            writers[name].close()
            part.replace(folder / f"{name}.parquet")
    report.runs = report.carried.pop("runs")
    return report


def _write_files(store: Store, folder: Path, kept: list[dict[str, Any]]) -> None:
    from nbtrack.artifacts import Wanted

    wanted = []
    for file in kept:
        # Checked when they were kept, so that none leads out.
        target = folder / "artifacts" / file["run_id"] / file["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        wanted.append(Wanted(file["digest"], file["size_bytes"], target))
    if wanted:
        artifacts_of(store).fetch(wanted)

"""Names that others gave, as paths of files in a run; and rows of a key as the table in one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from nbtrack.integrations.importing.source import SourceFile
from nbtrack.tracking.files.tables import table_bytes


def path_of(name: str) -> str:
    """``name`` as a path within a run: its ``/`` make folders, and nothing leads out."""
    parts = [re.sub(r"[\\:\x00-\x1f\x7f]", "_", part).strip() for part in name.split("/")]
    kept = [part if part not in ("..", ".") else "_" for part in parts if part]
    return "/".join(kept)[:800] or "_"


def table_file(folder: str, name: str, rows: Sequence[dict[str, Any]], ending: str) -> SourceFile:
    """The file in ``folder`` that keeps ``rows`` as a table, as JSON or Parquet."""
    path = f"{folder}/{path_of(name)}.{ending}"
    return SourceFile(path, partial(_table, rows, path))


def _table(rows: Sequence[dict[str, Any]], path: str) -> bytes:
    import pyarrow

    return table_bytes(pyarrow.Table.from_pylist(list(rows)), path)

"""What every chart takes from the table of runs as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.charts.labels import NAME_CHARS, cut

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pyarrow


def names_of(runs: pyarrow.Table) -> list[str]:
    """The runs' names, cut; the beginning of its id for a run that has none."""
    ids = runs["run_id"].to_pylist()
    names = runs["run_name"].to_pylist() if "run_name" in runs.column_names else [None] * len(ids)
    return [
        cut(name or "", 2 * NAME_CHARS) or str(run_id)[:8]
        for name, run_id in zip(names, ids, strict=True)
    ]


def picked(
    runs: pyarrow.Table, chosen: numpy.typing.NDArray[numpy.intp], columns: Sequence[str]
) -> pyarrow.Table:
    """The runs ``chosen``, with their id, their name and ``columns``."""
    own = [name for name in ("run_id", "run_name") if name in runs.column_names]
    return runs.select(list(dict.fromkeys([*own, *columns]))).take(chosen)

"""Making data sets and telling runs of them, by function."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.datasets.dataset import Dataset
from nbtrack.errors import InvalidValue

if TYPE_CHECKING:
    from types import FrameType

    from nbtrack.tracking.run import Run


def dataset(data: object, name: str | None = None, *, source: str | None = None) -> Dataset:
    """What is known of ``data``: digest, shape, schema, source, and a profile when it is asked for.

    ``data`` is whatever `%%track` recognises: frames of pandas, polars and Arrow, arrays,
    tensors, sparse matrices, relations of DuckDB, files, fsspec's addresses, and tuples or
    dicts of them. Its name is that of the one variable that holds it, or of the file, where
    none is given. Raises `InvalidValue` for what is no data.

    >>> train = nbtrack.dataset(frame, source="s3://bucket/train.parquet")
    >>> train.profile
    """
    return _made(data, name, source, sys._getframe(1))


def log_input(
    data: object,
    context: str | None = None,
    tags: Mapping[str, object] | None = None,
    model: object = None,  # noqa: ARG001 - MLflow's; a model is traced through its run here
    *,
    name: str | None = None,
    run: Run | None = None,
) -> Dataset:
    """Tell the active run, or ``run``, that it uses ``data``; the `Dataset` that was made of it.

    ``data`` is a `Dataset`, or what `dataset` takes. ``context`` says what for, such as
    ``"training"``. Its profile is kept with the run. Where no run is active one is started.
    """
    from nbtrack.tracking.active import active_run, start_run
    from nbtrack.tracking.inputs import input_event

    known = data if isinstance(data, Dataset) else _made(data, name, None, sys._getframe(1))
    called = name or known.name
    into = run or active_run() or start_run()
    event = input_event(called, known.seen, source=known.source, context=context or "", tags=tags)
    into.keep_inputs([event])
    try:
        rows = known.profile.arrow().to_pylist()
    except InvalidValue:
        return known
    into.keep_text(f"profile:{called}", json.dumps(rows, ensure_ascii=False, default=str))
    return known


def _made(data: object, name: str | None, source: str | None, caller: FrameType) -> Dataset:
    from nbtrack.capture.data import fingerprint

    seen = fingerprint(data, allow_network=True)
    if seen is None:
        raise InvalidValue(
            f"A {type(data).__name__} is no data that nbtrack can read: give a frame, an array, "
            "a tensor, a file or an address, or a tuple or dict of them."
        )
    called = name or _file_name(data) or _variable(data, caller) or "data"
    return Dataset(data, called, source or seen.source, seen)


def _file_name(data: object) -> str:
    return Path(data).name if isinstance(data, (str, os.PathLike)) else ""


def _variable(data: object, caller: FrameType) -> str:
    """The only name by which whoever called knows the data."""
    for names in (caller.f_locals, caller.f_globals):
        found = [name for name, value in names.items() if value is data and name.isidentifier()]
        found = [name for name in found if not name.startswith("_")]
        if found:
            return found[0] if len(found) == 1 else ""
    return ""

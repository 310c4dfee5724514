"""Data sets that are made as they are gone through, and plans that only their user runs.

Going through one would change what the cell finds, or take as long as the cell. What it
holds can be looked at: a data set's own arrays, the data set of a loader.
"""

from __future__ import annotations

from typing import Any

from nbtrack.capture.data.classes import class_of
from nbtrack.capture.data.reading import Reading

_STREAMS = {
    "torch.utils.data": ("DataLoader", "Dataset"),
    "tensorflow": ("DatasetV2", "DatasetV1"),
    "keras": ("PyDataset", "Sequence"),
    "polars": ("LazyFrame",),
    "pyarrow": ("Dataset", "RecordBatchReader"),
}
_NOT_READ = "not read: going through it would change what the cell finds, or take its time"


def is_stream(value: object) -> bool:
    """Whether a value is such a data set."""
    return _class_of(value) is not None


def held(value: Any) -> dict[str, object] | None:
    """What a data set of torch holds that may be data, by name; ``None`` for any other value."""
    stream = class_of(value, "torch.utils.data", "DataLoader", "Dataset")
    if stream is None:
        return None
    if stream.__name__ == "DataLoader":
        return {"dataset": vars(value).get("dataset")}
    if class_of(value, "torch.utils.data", "Subset") is not None:
        import numpy as np

        return {"dataset": value.dataset, "indices": np.asarray(value.indices)}
    return dict(vars(value))


def read_stream(value: Any) -> Reading | None:
    """What is known of such a data set that is not read."""
    stream = _class_of(value)
    if stream is None:
        return None
    kind = f"{stream.__module__.partition('.')[0]}.{stream.__name__.removesuffix('V2')}"
    schema = {"elements": str(value.element_spec)} if hasattr(stream, "element_spec") else None
    files = value.files if class_of(value, "pyarrow", "FileSystemDataset") is not None else ()
    source = str(files[0]) if files else ""
    return Reading(kind, schema=schema, source=source, note=_NOT_READ, is_read=False)


def _class_of(value: object) -> type | None:
    for library, names in _STREAMS.items():
        if (found := class_of(value, library, *names)) is not None:
            return found
    return None

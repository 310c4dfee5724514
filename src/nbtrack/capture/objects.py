"""An object as a file, in the format that its kind is read back from anywhere: what ``-a`` keeps.

Libraries are recognised by what is loaded; none is imported to find out. A model of
scikit-learn is written by skops where that is installed, since its files run no code
when they are read. Pickle is the last resort, and its file says so by its ending.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.capture.scalars import loaded

MAX_FILE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """The bytes of an object, and the ending and type of the file that holds them."""

    ending: str
    media_type: str
    data: bytes


def as_file(value: object) -> ObjectFile:
    """``value`` as a file. Raises whatever writing it raises: ``TypeError``, ``PicklingError``."""
    for write in (_path, _text, _figure, _image, _frame, _array, _json, _estimator):
        if (written := write(value)) is not None:
            return written
    return ObjectFile("pkl", "application/x-pickle", pickle.dumps(value, protocol=5))


def _path(value: object) -> ObjectFile | None:
    if not isinstance(value, os.PathLike):
        return None
    file = Path(value)
    size = file.stat().st_size
    if size > MAX_FILE_BYTES:
        raise ValueError(f"{file.name} has {size / 2**30:.1f} GB; 1 GB is the most that -a keeps")
    return ObjectFile(file.suffix.lstrip(".") or "bin", "", file.read_bytes())


def _text(value: object) -> ObjectFile | None:
    if isinstance(value, str):
        return ObjectFile("txt", "text/plain", value.encode(errors="surrogatepass"))
    if isinstance(value, bytes):
        return ObjectFile("bin", "application/octet-stream", value)
    return None


def _figure(value: object) -> ObjectFile | None:
    figures = loaded("matplotlib.figure")
    if figures is None or not isinstance(value, figures.Figure):
        return None
    return _saved("png", "image/png", lambda buffer: value.savefig(buffer, format="png"))


def _image(value: object) -> ObjectFile | None:
    images = loaded("PIL.Image")
    if images is None or not isinstance(value, images.Image):
        return None
    return _saved("png", "image/png", lambda buffer: value.save(buffer, format="png"))


def _frame(value: object) -> ObjectFile | None:
    table = _arrow_table(value)
    if table is None:
        return None
    import pyarrow.parquet as pq

    parquet = "application/vnd.apache.parquet"
    return _saved("parquet", parquet, lambda buffer: pq.write_table(table, buffer))


def _arrow_table(value: object) -> Any:
    arrow, pandas, polars = loaded("pyarrow"), loaded("pandas"), loaded("polars")
    if arrow is not None and isinstance(value, arrow.Table):
        return value
    if polars is not None and isinstance(value, polars.DataFrame):
        return value.to_arrow()
    if pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series)):
        import pyarrow

        frame = value.to_frame() if isinstance(value, pandas.Series) else value
        return pyarrow.Table.from_pandas(frame)
    return None


def _array(value: Any) -> ObjectFile | None:
    numpy = loaded("numpy")
    if numpy is None or type(value) is not numpy.ndarray:
        return None
    if value.dtype.hasobject:
        return None  # As numpy writes it, it would be a pickle under another name.
    return _saved(
        "npy", "application/x-npy", lambda buffer: numpy.save(buffer, value, allow_pickle=False)
    )


def _json(value: object) -> ObjectFile | None:
    if not isinstance(value, (dict, list, tuple, int, float, bool)):
        return None
    try:
        return ObjectFile("json", "application/json", json.dumps(value, indent=1).encode())
    except (TypeError, ValueError, RecursionError):
        return None


def _estimator(value: object) -> ObjectFile | None:
    if not type(value).__module__.startswith("sklearn.") or not importlib.util.find_spec("skops"):
        return None
    import skops.io

    return ObjectFile("skops", "application/zip", skops.io.dumps(value))


def _saved(ending: str, media_type: str, write: Callable[[io.BytesIO], object]) -> ObjectFile:
    buffer = io.BytesIO()
    write(buffer)
    return ObjectFile(ending, media_type, buffer.getvalue())

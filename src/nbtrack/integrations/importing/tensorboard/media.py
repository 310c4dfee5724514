"""Text, images, sounds and histograms of TensorBoard as files of a run.

Texts and histograms of a tag are one table, a row a step; images and sounds a file a step,
images named as `Run.log_image` names those of a series.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nbtrack.integrations.importing.paths import path_of, table_file
from nbtrack.integrations.importing.source import SourceFile
from nbtrack.integrations.importing.tensorboard.events import Summary, summary_value
from nbtrack.integrations.importing.tensorboard.records import record_at
from nbtrack.integrations.importing.wire import double, fields, message, text

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_IMAGE, _HISTOGRAM, _AUDIO, _TENSOR = 4, 5, 6, 8
_STRINGS = 8
_ENDINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"RIFF": "wav"}


def media_files(
    plugin: str, tag: str, summaries: Sequence[Summary], unreadable: Callable[[], None]
) -> Iterator[SourceFile]:
    """The files that keep what was summarised under a tag; ``unreadable`` is told of others."""
    if plugin in ("images", "audio"):
        for summary in summaries:
            for index in range(_count(summary)):
                ending = "png" if plugin == "images" else "wav"
                path = _step_path(plugin, summary, index, ending)
                yield SourceFile(path, partial(_media, summary, index))
        return
    rows: list[dict[str, Any]] = []
    for summary in summaries:
        at = {"step": summary.step, "time": _time(summary.time_s)}
        try:
            if plugin == "text":
                texts = [text(each) for each in _strings(summary.value)]
                rows.append({**at, "text": "\n\n".join(texts)})
            else:
                left, right, count = _histogram(summary.value)
                rows.append({**at, "left": left, "right": right, "count": count})
        except (ValueError, LookupError, TypeError, AttributeError):
            unreadable()
    if rows:
        ending = "json" if plugin == "text" else "parquet"
        yield table_file(plugin, tag, rows, ending)


def _step_path(plugin: str, summary: Summary, index: int, ending: str) -> str:
    name = path_of(summary.tag).replace("/", "~")
    stamp = int(summary.time_s * 1000)
    told = f"{summary.file.name}:{summary.offset}:{index}"
    unique = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
    return f"{plugin}/{name}+step+{summary.step}+timestamp+{stamp}+{unique}.{ending}"


def _count(summary: Summary) -> int:
    """How many images or sounds a summary holds: new ones come in batches."""
    value = _again(summary)
    if _IMAGE in value or _AUDIO in value:
        return 1
    strings = _strings(value)
    # Width and height stand in front of images.
    return max(0, len(strings) - 2) if summary.plugin == "images" else len(strings[:1])


def _media(summary: Summary, index: int) -> bytes:
    value = _again(summary)
    if _IMAGE in value or _AUDIO in value:
        found: bytes = message(value.get(_IMAGE) or value[_AUDIO]).get(4, b"")
        return found
    strings = _strings(value)
    return strings[index + 2] if summary.plugin == "images" else strings[0]


def _again(summary: Summary) -> dict[int, Any]:
    return summary_value(record_at(summary.file, summary.offset), summary.tag)


def _strings(value: dict[int, Any]) -> list[bytes]:
    return [data for number, data in fields(value.get(_TENSOR, b"")) if number == _STRINGS]


def _histogram(value: dict[int, Any]) -> tuple[list[float], list[float], list[float]]:
    """Edges and counts of the buckets."""
    import numpy as np

    if _HISTOGRAM in value:
        found = message(value[_HISTOGRAM])
        limits, counts = _doubles(value[_HISTOGRAM], 6), _doubles(value[_HISTOGRAM], 7)
        least = double(found[1]) if 1 in found else 0.0
        # The first and the last bucket are as wide as numbers go; the data is not.
        right = np.minimum(limits, double(found[2]) if 2 in found else 0.0)
        left = np.maximum(np.concatenate([[least], limits[:-1]]), least)
        keep = counts > 0
        return left[keep].tolist(), right[keep].tolist(), counts[keep].tolist()
    tensor = message(value[_TENSOR])
    if 4 in tensor:
        flat = np.frombuffer(tensor[4], "<f4" if tensor.get(1) == 1 else "<f8")
    else:
        flat = _doubles(value[_TENSOR], 6)
    buckets = flat.astype(np.float64).reshape(-1, 3)
    return buckets[:, 0].tolist(), buckets[:, 1].tolist(), buckets[:, 2].tolist()


def _doubles(data: bytes, wanted: int) -> Array:
    """A repeated double, packed or not."""
    import numpy as np

    parts = [
        value if isinstance(value, bytes) else value.to_bytes(8, "little")
        for number, value in fields(data)
        if number == wanted
    ]
    return np.frombuffer(b"".join(parts), "<f8")


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()

"""What W&B's scripts log beside numbers: images, sounds, pages, tables, histograms."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.integrations.arrays import array_of, grid
from nbtrack.integrations.gathered import buckets, warn_once
from nbtrack.integrations.importing.paths import path_of


class Media:
    """Something that a run keeps as a file, in a folder for its kind as W&B has it."""

    folder = ""
    caption: str | None = None

    def content(self, keep: Callable[[Media], str]) -> tuple[bytes, str]:
        """The bytes of the file and what its name ends in; ``keep`` keeps media within it."""
        raise NotImplementedError

    def file(self, key: str, step: int, keep: Callable[[Media], str]) -> tuple[str, bytes]:
        """The file that a run keeps for a key and step: its path, named as W&B does, and bytes."""
        data, ending = self.content(keep)
        digest = hashlib.blake2b(data, digest_size=10).hexdigest()
        return f"media/{self.folder}/{path_of(key)}_{step}_{digest}.{ending}", data


class Image(Media):
    """An image: a file, PIL's, a figure of matplotlib, an array (H, W[, C]), a tensor (C, H, W).

    Numbers that are not bytes are 0 to 1, or -1 to 1 if one is negative, or else 0 to 255. Boxes
    and masks are not drawn. ``caption`` is kept as a text of the same key.
    """

    folder = "images"

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,  # noqa: ARG002
        classes: Any = None,  # noqa: ARG002
        boxes: Any = None,
        masks: Any = None,
        file_type: str | None = None,
        normalize: bool = True,
    ) -> None:
        if boxes or masks:
            warn_once("nbtrack does not draw the boxes and masks of wandb.Image; it keeps images.")
        self.caption = caption
        self._ending = file_type or "png"
        self._mode = mode
        self._data: bytes | None = None
        if isinstance(data_or_path, (str, os.PathLike)):
            path = Path(data_or_path)
            self._data, self._ending = path.read_bytes(), path.suffix.lstrip(".") or "png"
        elif isinstance(data_or_path, Image):
            self.__dict__.update({**data_or_path.__dict__, "caption": caption})
        else:
            # Now, since an array may be another, and a figure closed, when it is logged.
            self._data = self._encoded(data_or_path, normalize)

    def content(self, keep: Callable[[Media], str]) -> tuple[bytes, str]:  # noqa: ARG002
        assert self._data is not None
        return self._data, self._ending

    def _encoded(self, data: Any, normalize: bool) -> bytes:
        from nbtrack.tracking.files.pictures import image_bytes

        is_picture = hasattr(data, "savefig") or type(data).__module__.startswith("PIL.")
        if not is_picture:
            data = _bytes_of(data, normalize)
            if self._mode:
                from PIL import Image as PillowImage

                data = PillowImage.fromarray(data)
        if self._mode and not hasattr(data, "savefig"):
            data = data.convert(self._mode)
        return image_bytes(data, f"image.{self._ending}")


class Audio(Media):
    """A sound: a file, or samples with ``sample_rate`` of them a second."""

    folder = "audio"

    def __init__(
        self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None
    ) -> None:
        from nbtrack.tracking.files.sounds import audio_bytes

        self.caption = caption
        self._ending = "wav"
        if isinstance(data_or_path, (str, os.PathLike)):
            self._ending = Path(data_or_path).suffix.lstrip(".") or "wav"
        else:
            data_or_path = array_of(data_or_path)
        self._data = audio_bytes(data_or_path, f"sound.{self._ending}", sample_rate)

    def content(self, keep: Callable[[Media], str]) -> tuple[bytes, str]:  # noqa: ARG002
        return self._data, self._ending


class Html(Media):
    """A page: its text, an open file, or the path of one that ends in ``.html``."""

    folder = "html"

    def __init__(
        self,
        data: Any,
        inject: bool = True,  # noqa: ARG002 - W&B's style sheet
        data_is_not_path: bool = False,
    ) -> None:
        if hasattr(data, "read"):
            data = data.read()
        elif isinstance(data, os.PathLike) or (
            not data_is_not_path and str(data).endswith(".html") and Path(data).is_file()
        ):
            data = Path(data).read_text(encoding="utf-8")
        self._text = str(data)

    def content(self, keep: Callable[[Media], str]) -> tuple[bytes, str]:  # noqa: ARG002
        return self._text.encode(errors="surrogatepass"), "html"


class Plot(Media):
    """A figure of plotly, as its JSON."""

    folder = "plotly"

    def __init__(self, figure: Any) -> None:
        self._text = str(figure.to_json())

    def content(self, keep: Callable[[Media], str]) -> tuple[bytes, str]:  # noqa: ARG002
        return self._text.encode(), "plotly.json"


class Histogram:
    """How values are spread, in ``num_bins`` buckets; or counts and edges, as NumPy gives them."""

    def __init__(
        self,
        sequence: Any = None,
        np_histogram: tuple[Any, Any] | None = None,
        num_bins: int = 64,
    ) -> None:
        if np_histogram is None:
            import numpy as np

            if sequence is None:
                raise InvalidValue("wandb.Histogram takes a sequence of numbers, or np_histogram.")
            values = array_of(sequence).ravel()
            np_histogram = np.histogram(values[np.isfinite(values)], bins=num_bins)
        counts, edges = np_histogram
        if len(edges) != len(counts) + 1:
            raise InvalidValue(
                f"A histogram has an edge more than counts, got {len(edges)} and {len(counts)}."
            )
        self.histogram, self.bins = list(counts), list(edges)

    def row(self) -> dict[str, list[float]]:
        """Its buckets as the columns of a row."""
        return buckets(self.bins, self.histogram)


class Table(Media):
    """A table of ``columns``: rows as lists, an array, or a DataFrame.

    A cell may be an image or another of W&B's media: its file is kept, and the cell has its path.
    """

    folder = "table"

    def __init__(
        self,
        columns: Sequence[Any] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,  # noqa: ARG002 - any cell may be of any type
        optional: Any = True,  # noqa: ARG002
        allow_mixed_types: bool = True,  # noqa: ARG002
        log_mode: str | None = None,  # noqa: ARG002
    ) -> None:
        given = dataframe if dataframe is not None else data if data is not None else rows
        if hasattr(given, "columns") and hasattr(given, "itertuples"):
            columns = [str(name) for name in given.columns]
            given = given.itertuples(index=False)
        elif hasattr(given, "tolist"):
            given = given.tolist()
        self.data: list[list[Any]] = []
        found = [list(row) for row in given or ()]
        names = columns or (range(len(found[0])) if found else ("Input", "Output", "Expected"))
        self.columns = [str(name) for name in names]
        for row in found:
            self.add_data(*row)

    def add_data(self, *data: Any) -> None:
        """Add a row."""
        if len(data) != len(self.columns):
            raise InvalidValue(
                f"This table has {len(self.columns)} columns ({', '.join(self.columns)}), "
                f"got a row of {len(data)}."
            )
        self.data.append(list(data))

    def add_column(self, name: str, data: Any) -> None:
        """Add a column: a value for each row."""
        values = list(data)
        if self.data and len(values) != len(self.data):
            raise InvalidValue(f"This table has {len(self.data)} rows, got {len(values)} values.")
        if not self.data:
            self.data, self.columns = [[] for _ in values], []
        self.columns.append(str(name))
        for row, value in zip(self.data, values, strict=True):
            row.append(value)

    def get_column(self, name: str, convert_to: str | None = None) -> Any:
        """The values of a column, as a list or with ``"numpy"`` an array."""
        if name not in self.columns:
            raise InvalidValue(f"There is no column {name!r}, but {', '.join(self.columns)}.")
        values = [row[self.columns.index(name)] for row in self.data]
        return array_of(values) if convert_to == "numpy" else values

    def get_dataframe(self) -> Any:
        """The table in pandas."""
        import pandas

        return pandas.DataFrame(self.data, columns=self.columns)

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Numbers of rows, and rows."""
        yield from enumerate(self.data)

    def content(self, keep: Callable[[Media], str]) -> tuple[bytes, str]:
        rows = [
            [keep(cell) if isinstance(cell, Media) else _cell(cell) for cell in row]
            for row in self.data
        ]
        said = {"columns": self.columns, "data": rows}
        return json.dumps(said, ensure_ascii=False, default=_plain).encode(), "table.json"


def _bytes_of(data: Any, normalize: bool) -> Any:
    """An array or tensor as bytes (H, W[, C]); a batch of tensors as a grid."""
    import numpy as np

    is_tensor, array = hasattr(data, "detach"), array_of(data)
    if is_tensor and array.ndim in (3, 4) and array.shape[-3] in (1, 3, 4):
        array = np.moveaxis(array, -3, -1)
    if array.dtype.kind == "b":
        array = array.astype(np.uint8) * 255
    if array.dtype != np.uint8:
        array = np.nan_to_num(array.astype(np.float64))
        least, most = array.min(initial=0.0), array.max(initial=0.0)
        if normalize and least < 0 and least >= -1 and most <= 1:
            array = (array + 1) * 127.5
        elif normalize and least >= 0 and most <= 1:
            array = array * 255
        array = array.clip(0, 255).astype(np.uint8)
    array = grid(array) if array.ndim == 4 else array
    return array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _cell(value: Any) -> Any:
    # JSON has no NaN.
    return None if isinstance(value, float) and value - value != 0 else value


def _plain(value: Any) -> Any:
    if hasattr(value, "detach") or hasattr(value, "tolist"):
        return array_of(value).tolist()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

"""The digest of a canonical form, fed piece by piece.

The form is made of labels (texts with their lengths) and of content (bytes). Numbers are
their dtype's name, their shape, and their values in C order, little-endian; texts are
their lengths, then their UTF-8. All NaN are one; -0.0 and 0.0 are two, as are a NaN and a
gap. Numbers that numpy has no type for, such as bfloat16, are taken bit by bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_STRETCHES = 256
# Few enough are read whole, however small the share.
_MIN_SAMPLED = 16 * _STRETCHES
# A piece and the copy of it that has to be made fit into a processor's cache.
_PIECE_BYTES = 1 << 20
_TILE = (512, 32)
_FLOATS = frozenset(("float16", "float32", "float64", "complex64", "complex128"))


class Digest:
    """Takes labels and content in order.

    ``share`` of what is long is taken in: 1 is all of it. ``was_sampled`` says whether
    anything was left out, ``size_bytes`` how much there was, with what was left out.
    """

    def __init__(self, share: float = 1) -> None:
        import xxhash

        self._hasher = xxhash.xxh3_128()
        self.share = share
        self.was_sampled = False
        self.size_bytes = 0

    def label(self, *parts: object) -> None:
        """Take in what tells content apart that has the same bytes: types, names, lengths."""
        for part in parts:
            text = str(part).encode(errors="surrogatepass")
            self._hasher.update(b"%d:" % len(text))
            self._hasher.update(text)

    def content(self, data: Any) -> None:
        """Take in bytes, or anything contiguous that lends them. Long ones release the GIL."""
        self._hasher.update(data)

    def ranges(self, length: int) -> list[tuple[int, int]]:
        """Which of ``length`` elements to take in, as starts and ends in ascending order."""
        taken = math.ceil(length * self.share)
        if taken >= length or length <= _MIN_SAMPLED:
            return [(0, length)]
        self.was_sampled = True
        stretch = max(1, taken // _STRETCHES)
        last = length - stretch
        starts = (last * place // (_STRETCHES - 1) for place in range(_STRETCHES))
        return [(start, start + stretch) for start in starts]

    def steps(self, length: int, size: int) -> list[tuple[int, int]]:
        """The same elements as `ranges`, at most ``size`` at a time."""
        return [
            (first, min(first + size, end))
            for start, end in self.ranges(length)
            for first in range(start, end, size)
        ]

    def array(self, array: Array) -> None:
        """Take in a numpy array of numbers, booleans or times.

        The order of bytes and the layout in memory make no difference.
        """
        self.size_bytes += array.nbytes
        self.numbers(array.dtype, array.shape, _pieces(array, self.ranges(array.size)))

    def numbers(self, dtype: np.dtype[Any], shape: Sequence[int], pieces: Iterable[Array]) -> None:
        """Take in what `array` does, in pieces that are one-dimensional, in C order."""
        self.label(dtype.name, *shape)
        little = dtype.newbyteorder("<")
        step = max(1, _PIECE_BYTES // max(1, dtype.itemsize))
        for piece in pieces:
            for start in range(0, len(piece), step):
                self._numbers(piece[start : start + step].astype(little, copy=False))

    def texts(self, texts: Sequence[bytes]) -> None:
        """Take in byte strings, with their lengths."""
        import numpy as np

        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self.numbers(lengths.dtype, lengths.shape, [lengths])
        joined = b"".join(texts)
        self.size_bytes += len(joined)
        self.content(joined)

    def hex(self) -> str:
        """The digest so far: 32 hexadecimal digits."""
        return str(self._hasher.hexdigest())

    def _numbers(self, piece: Array) -> None:
        import numpy as np

        plain = np.ascontiguousarray(piece)
        if plain.dtype.name in _FLOATS and plain.size:
            parts = plain.view(plain.real.dtype)
            with np.errstate(invalid="ignore"):
                # The least of them is NaN if any is: the quickest way to find out.
                if np.isnan(parts.min()):
                    parts = np.where(np.isnan(parts), parts.dtype.type("nan"), parts)
            plain = parts
        self.content(plain.view(np.uint8) if plain.size else b"")


def _pieces(array: Array, ranges: list[tuple[int, int]]) -> Iterator[Array]:
    """The elements in those ranges of C order, copied piece by piece where they do not lie so."""
    import numpy as np

    if array.flags.c_contiguous:
        flat = array.reshape(-1)
        for start, end in ranges:
            yield flat[start:end]
    elif array.ndim == 2 and ranges == [(0, array.size)]:
        yield from _rows(array)
    else:
        flags = ["external_loop", "buffered", "ranged", "zerosize_ok"]
        buffer = max(1, _PIECE_BYTES // array.itemsize)
        walk = np.nditer(array, flags, order="C", buffersize=buffer)  # type: ignore[call-overload]
        for start, end in ranges:
            walk.iterrange = (start, end)
            yield from walk


def _rows(array: Array) -> Iterator[Array]:
    """The rows of a matrix, copied in tiles: in Fortran order by whole rows took up to nine times
    as long.
    """
    import numpy as np

    rows, columns = array.shape
    height, width = _TILE
    # Of very wide matrices, fewer rows at a time, so that memory stays bounded.
    height = max(1, min(height, (64 << 20) // max(1, columns * array.itemsize)))
    copy = np.empty((height, columns), array.dtype)
    for top in range(0, rows, height):
        band = array[top : top + height]
        for left in range(0, columns, width):
            copy[: len(band), left : left + width] = band[:, left : left + width]
        yield copy[: len(band)].reshape(-1)

"""The digest of a canonical form, fed piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Beyond this, blocks are taken at even distances, the first and the last among them.
MAX_BYTES = 4 << 30
_BLOCKS = 256
_BLOCK_BYTES = 4 << 20


class Digest:
    """Takes labels and content in order. ``note`` says by which rule content was sampled."""

    def __init__(self) -> None:
        import xxhash

        self._hasher = xxhash.xxh3_128()
        self.size_bytes = 0
        self.note = ""

    def label(self, *parts: object) -> None:
        """Take in what tells content apart that has the same bytes: types, names, lengths."""
        for part in parts:
            text = str(part).encode(errors="surrogatepass")
            self._hasher.update(b"%d:" % len(text))
            self._hasher.update(text)

    def content(self, data: Any) -> None:
        """Take in bytes, or anything that lends them; not all of them beyond `MAX_BYTES`."""
        view = memoryview(data)
        if view.nbytes == 0:
            return
        view = view.cast("B")
        self.size_bytes += view.nbytes
        if view.nbytes <= MAX_BYTES:
            self._hasher.update(view)
            return
        last = view.nbytes - _BLOCK_BYTES
        for block in range(_BLOCKS):
            start = last * block // (_BLOCKS - 1)
            self._hasher.update(view[start : start + _BLOCK_BYTES])
        self.sampled(_BLOCKS * _BLOCK_BYTES, view.nbytes)

    def array(self, array: Array) -> None:
        """Take in a numpy array of numbers, booleans or times: dtype, shape, values in C order.

        The order of bytes and the layout in memory make no difference.
        """
        import numpy as np

        little = array.dtype.newbyteorder("<")
        self.label(little.str if array.dtype.names is None else repr(little), *array.shape)
        plain = np.ascontiguousarray(array, dtype=little)
        if plain.dtype.kind in "mM":
            plain = plain.view(np.int64)
        self.content(plain.reshape(-1).view(np.uint8) if plain.size else b"")

    def sampled(self, taken: int, of: int) -> None:
        """Note that only some of the content was taken in."""
        self.note = f"sampled: {_gb(taken)} of {_gb(of)}, at even distances"

    def hex(self) -> str:
        """The digest so far: 32 hexadecimal digits."""
        return str(self._hasher.hexdigest())


def _gb(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 1 << 28 else f"{size / 2**20:.1f} MB"

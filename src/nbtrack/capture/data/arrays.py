"""Arrays, tensors, sparse matrices and images."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from nbtrack.capture.data.classes import class_of, is_of
from nbtrack.capture.data.reading import OBJECT_COST_BYTES, OBJECTS_AT_ONCE, Reading
from nbtrack.capture.scalars import loaded

if TYPE_CHECKING:
    from nbtrack.capture.data.digest import Digest

# What has to be read element by element: objects, texts of numpy's own two kinds.
_ELEMENTWISE = "OUST"
_SPARSE = ("spmatrix", "sparray")


def array_cost(value: Any) -> int | None:
    """What an array costs to read, in bytes of numbers; ``None`` if it is none."""
    numpy = loaded("numpy")
    if numpy is not None and issubclass(type(value), numpy.ndarray):
        plain = numpy.asarray(value)
        each = OBJECT_COST_BYTES if plain.dtype.kind in _ELEMENTWISE else plain.dtype.itemsize
        return int(plain.size) * each
    if is_of(value, "torch", "Tensor"):
        return int(value.numel()) * int(value.element_size())
    if is_of(value, "tensorflow", "Tensor"):
        if not hasattr(value, "numpy"):
            return 0
        return math.prod(map(int, value.shape)) * int(value.dtype.size or OBJECT_COST_BYTES)
    if is_of(value, "scipy.sparse", *_SPARSE):
        return int(value.nnz) * 16
    if is_of(value, "PIL", "Image"):
        return math.prod(map(int, value.size)) * len(value.getbands())
    return None


def is_few(value: Any) -> bool:
    """Whether an array holds a single number: that is a setting, not data."""
    numpy = loaded("numpy")
    if numpy is not None and issubclass(type(value), numpy.ndarray):
        plain = numpy.asarray(value)
        return bool(plain.ndim == 0 or plain.size == 1)
    if is_of(value, "torch", "Tensor") or is_of(value, "tensorflow", "Tensor"):
        return math.prod(map(int, value.shape)) == 1
    return False


def read_array(value: Any, digest: Digest) -> Reading | None:
    """Feed an array, tensor, sparse matrix or image to ``digest``."""
    numpy = loaded("numpy")
    if numpy is not None and issubclass(type(value), numpy.ndarray):
        return _read_numpy(value, digest)
    if is_of(value, "torch", "Tensor"):
        return _read_torch(value, digest)
    if is_of(value, "tensorflow", "Tensor"):
        return _read_tensorflow(value, digest)
    if is_of(value, "scipy.sparse", *_SPARSE):
        return _read_sparse(value, digest)
    if is_of(value, "PIL", "Image"):
        return _read_image(value, digest)
    return None


def _read_numpy(array: Any, digest: Digest) -> Reading:
    import numpy as np

    # A subclass may answer as it likes; what lies below it is a plain array.
    masked = class_of(array, "numpy", "MaskedArray") is not None
    plain = array if masked else np.asarray(array)
    _feed(plain, digest)
    source = array.filename if class_of(array, "numpy", "memmap") is not None else None
    return Reading(
        kind=f"numpy.{'ma.MaskedArray' if masked else 'ndarray'}",
        shape=tuple(int(n) for n in plain.shape),
        schema={"dtype": str(plain.dtype)},
        source="" if source is None else os.fspath(source),
    )


def _feed(array: Any, digest: Digest) -> None:
    import numpy as np

    kind = array.dtype.kind
    if array.dtype.names is not None:
        # Field by field: what lies between them is left over from anything.
        digest.label("fields", len(array.dtype.names))
        for name in array.dtype.names:
            digest.label(name)
            _feed(array[name], digest)
    elif class_of(array, "numpy", "MaskedArray") is not None:
        mask = np.ma.getmaskarray(array)
        if mask.any():
            digest.label("masked")
            digest.array(mask)
            array = array.filled(np.zeros((), array.dtype)[()])
        _feed(np.asarray(array), digest)
    elif kind in _ELEMENTWISE:
        _feed_elementwise(array, digest)
    elif kind in "fc" and array.dtype.itemsize > 8 * (1 + (kind == "c")):
        # Machines differ in their longest float, and leave bytes of it unset: as a sum of two.
        high = array.astype("c16" if kind == "c" else "f8")
        digest.label("long")
        digest.array(high)
        digest.array((array - high).astype(high.dtype))
    else:
        digest.array(array)


def _feed_elementwise(array: Any, digest: Digest) -> None:
    from nbtrack.capture.data.objects import feed_objects

    kind = array.dtype.kind
    digest.size_bytes += array.nbytes
    digest.label({"O": "objects", "S": "bytes"}.get(kind, "text"), *array.shape)
    for start, end in digest.steps(array.size, OBJECTS_AT_ONCE):
        part = array.flat[start:end].tolist()
        if kind == "O":
            feed_objects(part, digest)
        elif kind == "S":
            digest.texts(part)
        else:
            digest.texts([text.encode(errors="surrogatepass") for text in part])


def _read_torch(tensor: Any, digest: Digest) -> Reading:
    import torch

    dtype = str(tensor.dtype).removeprefix("torch.")
    shape = tuple(int(n) for n in tensor.shape)
    if tensor.device.type != "cpu":
        # Reading it would wait for all that the device still has to do.
        why = f"on {tensor.device}"
    elif tensor.layout is not torch.strided or tensor.is_quantized:
        why = "quantized" if tensor.is_quantized else f"its layout is {tensor.layout}"
    else:
        plain = tensor.detach().resolve_conj().resolve_neg()
        try:
            digest.array(plain.numpy())
        except TypeError:  # bfloat16 and others that numpy does not know
            digest.label(dtype, *shape)
            digest.size_bytes += plain.nbytes
            flat = plain.contiguous().reshape(-1)
            for start, end in digest.ranges(flat.numel()):
                digest.content(flat[start:end].view(torch.uint8).numpy())
        return Reading("torch.Tensor", shape, {"dtype": dtype})
    return Reading("torch.Tensor", shape, {"dtype": dtype}, note=f"not read: {why}", is_read=False)


def _read_tensorflow(tensor: Any, digest: Digest) -> Reading:
    shape = tuple(-1 if n is None else int(n) for n in tensor.shape)
    schema = {"dtype": tensor.dtype.name}
    device = str(getattr(tensor, "device", "")).rpartition("device:")[2]
    if not hasattr(tensor, "numpy") or not device.startswith("CPU"):
        why = f"on {device}" if device else "it has no values yet"
        return Reading("tensorflow.Tensor", shape, schema, note=f"not read: {why}", is_read=False)
    array = tensor.numpy()
    _feed(array, digest)
    return Reading("tensorflow.Tensor", array.shape, schema)


def _read_sparse(matrix: Any, digest: Digest) -> Reading:
    """By the places and values of what is not zero, in the order of the places."""
    import numpy as np

    digest.label("sparse", *matrix.shape)
    # Copies, for putting them in order changes them.
    if matrix.ndim == 2:
        rows = matrix.tocsr(copy=True)
        rows.sum_duplicates()
        rows.eliminate_zeros()
        places, values = [rows.indptr, rows.indices], rows.data
    else:
        cells = matrix.tocoo(copy=True)
        cells.sum_duplicates()
        cells.eliminate_zeros()
        order = np.lexsort(cells.coords[::-1])
        places, values = [axis[order] for axis in cells.coords], cells.data[order]
    for place in places:
        digest.array(place.astype(np.int64))
    digest.array(values)
    shape = tuple(int(n) for n in matrix.shape)
    return Reading(f"scipy.sparse.{type(matrix).__name__}", shape, {"dtype": str(matrix.dtype)})


def _read_image(image: Any, digest: Digest) -> Reading:
    digest.label("image", image.mode, *image.size)
    pixels = image.tobytes()
    digest.size_bytes += len(pixels)
    digest.content(pixels)
    if image.mode in ("P", "PA"):
        digest.label("palette", image.getpalette("RGBA"))
    source = getattr(image, "filename", "") or ""
    schema = {"mode": image.mode}
    return Reading("PIL.Image", tuple(image.size), schema, source=os.fspath(source))

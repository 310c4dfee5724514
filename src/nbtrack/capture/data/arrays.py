"""Arrays, tensors, sparse matrices and images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.capture.scalars import loaded

if TYPE_CHECKING:
    from nbtrack.capture.data.digest import Digest
    from nbtrack.capture.data.fingerprint import Reading

# Sets that are made as they are gone through: doing so would change what the cell finds.
_STREAMS = {
    "torch.utils.data": ("DataLoader", "Dataset", "IterableDataset", "Subset"),
    "tensorflow": ("DatasetV2", "Dataset", "PrefetchDataset", "_PrefetchDataset", "BatchDataset"),
}


def array_size(value: Any) -> int | None:
    """Bytes of an array's content, ``None`` if it is none."""
    numpy = loaded("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        # A few numbers are a setting, not data.
        return int(value.nbytes) if value.ndim and value.size > 1 else None
    if _is_of(value, "torch", "Tensor"):
        return value.numel() * value.element_size() if value.dim() and value.numel() > 1 else None
    if _is_of(value, "scipy.sparse"):
        return int(value.nnz) * 16
    if _is_of(value, "PIL", "Image"):
        return int(value.size[0]) * int(value.size[1]) * len(value.getbands())
    if _is_of(value, "tensorflow", "Tensor") or _stream_kind(value):
        return 0
    return None


def read_array(value: Any, digest: Digest) -> Reading | None:
    """Feed an array, tensor, sparse matrix or image to ``digest``."""
    from nbtrack.capture.data.fingerprint import Reading

    numpy = loaded("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _read_numpy(value, digest)
    if _is_of(value, "torch", "Tensor"):
        kind, shape = "torch.Tensor", tuple(int(n) for n in value.shape)
        schema = {"dtype": str(value.dtype).removeprefix("torch.")}
        if value.device.type != "cpu":
            # Reading it would wait for all that the device still has to do.
            return Reading(kind, shape, schema, note=f"not read: on {value.device}", is_read=False)
        digest.array(value.detach().contiguous().resolve_conj().numpy())
        return Reading(kind, shape, schema)
    if _is_of(value, "tensorflow", "Tensor"):
        array = value.numpy()
        digest.array(array)
        return Reading("tensorflow.Tensor", array.shape, {"dtype": str(array.dtype)})
    if _is_of(value, "scipy.sparse"):
        rows = value.tocsr().sorted_indices()
        digest.label("sparse", *rows.shape)
        for part in (rows.data, rows.indices.astype("int64"), rows.indptr.astype("int64")):
            digest.array(part)
        return Reading("scipy.sparse", tuple(rows.shape), {"dtype": str(rows.dtype)})
    if _is_of(value, "PIL", "Image"):
        digest.label("image", value.mode, *value.size)
        digest.content(value.tobytes())
        return Reading("PIL.Image", tuple(value.size), {"mode": value.mode})
    if stream := _stream_kind(value):
        note = "not read: going through it would change what the cell finds"
        return Reading(stream, _length(value), note=note, is_read=False)
    return None


def _read_numpy(array: Any, digest: Digest) -> Reading:
    import numpy as np

    from nbtrack.capture.data.fingerprint import Reading

    kind, shape = "numpy.ndarray", tuple(int(n) for n in array.shape)
    schema = {"dtype": str(array.dtype)}
    if isinstance(array, np.ma.MaskedArray):
        digest.array(np.ma.getmaskarray(array))
        array = array.filled(array.dtype.type())
    if array.dtype.hasobject:
        digest.label("objects", *shape)
        for each in array.reshape(-1):
            digest.label(type(each).__name__, each)
        return Reading(kind, shape, schema)
    if array.dtype.kind in "US":
        digest.label("text", *shape)
        encoded = np.char.encode(array, "utf-8") if array.dtype.kind == "U" else array
        lengths = np.char.str_len(encoded)
        digest.array(lengths.astype(np.int64))
        digest.content(b"".join(encoded.reshape(-1).tolist()))
        return Reading(kind, shape, schema)
    digest.array(np.asarray(array))
    return Reading(kind, shape, schema)


def _is_of(value: object, library: str, name: str = "") -> bool:
    """Whether a class of the value is of that library, and has that name."""
    if loaded(library.partition(".")[0]) is None:
        return False
    for base in type(value).__mro__:
        module = base.__module__
        if (module == library or module.startswith(f"{library}.")) and name in base.__name__:
            return True
    return False


def _stream_kind(value: object) -> str:
    for library, names in _STREAMS.items():
        if loaded(library.partition(".")[0]) is None:
            continue
        for base in type(value).__mro__:
            if base.__module__.startswith(library) and base.__name__ in names:
                return f"{library}.{base.__name__}"
    return ""


def _length(value: Any) -> tuple[int, ...]:
    try:
        return (len(value),)
    except Exception:  # noqa: BLE001 - a set of the user's own may raise anything
        return ()

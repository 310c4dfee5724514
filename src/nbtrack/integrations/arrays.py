"""What other trackers make of arrays and tensors: pictures, grids of them, histograms."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.integrations.gathered import buckets

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_COLUMNS = 8


def array_of(value: Any) -> Array:
    """``value`` as an array, if it is a tensor of any device and type."""
    import numpy as np

    if hasattr(value, "detach"):
        value = value.detach().cpu()
        # NumPy has no such type.
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
    return np.asarray(value)


def pixels(image: Any, dataformats: str) -> Array:
    """Bytes (H, W) or (H, W, C) of an image, or of a grid where ``dataformats`` has an ``N``.

    Bytes are taken as they are; everything else is 0 to 1, and cut off there.
    """
    import numpy as np

    array, letters = array_of(image), dataformats.upper()
    if array.ndim != len(letters) or {*letters} - {*"NCHW"} or not {*"HW"} <= {*letters}:
        raise InvalidValue(
            f"An image of dataformats {dataformats!r} has an axis for each letter, of N, C, H and "
            f"W; got an array of shape {array.shape}."
        )
    order = [letters.index(letter) for letter in "NHWC" if letter in letters]
    array = array.transpose(order)
    if array.dtype != np.uint8:
        array = np.nan_to_num(array.astype(np.float64) * 255).clip(0, 255).astype(np.uint8)
    return grid(array) if "N" in letters else array


def grid(images: Array) -> Array:
    """Images (N, H, W, …) side by side, eight in a row, with black where there is none."""
    import numpy as np

    count, height, width, *channels = images.shape
    columns = max(1, min(count, _COLUMNS))
    rows = -(-count // columns)
    whole = np.zeros((rows * columns, height, width, *channels), np.uint8)
    whole[:count] = images
    whole = whole.reshape(rows, columns, height, width, *channels)
    return whole.swapaxes(1, 2).reshape(rows * height, columns * width, *channels)


def with_boxes(image: Array, boxes: Any, labels: list[str] | None, rescale: float) -> Any:
    """The image as PIL's, with a frame for each box (left, top, right, bottom)."""
    from PIL import Image, ImageDraw

    picture = Image.fromarray(image[:, :, 0] if image.shape[2:] == (1,) else image).convert("RGB")
    if rescale != 1:
        picture = picture.resize((int(picture.width * rescale), int(picture.height * rescale)))
    draw = ImageDraw.Draw(picture)
    for index, box in enumerate((array_of(boxes).reshape(-1, 4) * rescale).tolist()):
        draw.rectangle(box, outline="red", width=2)
        if labels:
            draw.text((box[0] + 3, box[1] + 2), labels[index], fill="red")
    return picture


def histogram(values: Any, bins: Any, max_bins: int | None) -> dict[str, list[float]]:
    """The buckets of ``values`` that are not empty, in the columns of a row.

    The outermost are as wide as the values go. What is neither a number nor finite is in none.
    """
    import numpy as np

    array = array_of(values).astype(np.float64).ravel()
    array = array[np.isfinite(array)]
    if not array.size:
        raise InvalidValue("A histogram needs one finite value or more, and there is none.")
    edges = _tensorflow_edges() if isinstance(bins, str) and bins == "tensorflow" else bins
    counts, limits = np.histogram(array, bins=edges)
    if max_bins is not None and len(counts) > max_bins:
        starts = np.arange(0, len(counts), -(-len(counts) // max_bins))
        counts, limits = np.add.reduceat(counts, starts), np.append(limits[starts], limits[-1])
    return raw_histogram(float(array.min()), float(array.max()), limits, counts)


def raw_histogram(least: float, most: float, limits: Any, counts: Any) -> dict[str, list[float]]:
    """As `histogram`, of edges and counts; ``limits`` may lack the first."""
    import numpy as np

    limits, counts = array_of(limits).astype(np.float64), array_of(counts)
    if len(limits) == len(counts):
        limits = np.concatenate([[least], limits])
    if len(limits) != len(counts) + 1:
        raise InvalidValue(
            f"A histogram has a limit for each count, got {len(limits)} and {len(counts)}."
        )
    row = buckets(limits.clip(least, most), counts)
    keep = [index for index, count in enumerate(row["count"]) if count > 0]
    return {column: [numbers[index] for index in keep] for column, numbers in row.items()}


@cache
def _tensorflow_edges() -> Array:
    """TensorFlow's edges: from 1e-12 to 1e20, each a tenth further out, of either sign."""
    import numpy as np

    # Added up one by one, as there: powers are other numbers.
    edges, edge = [], 1e-12
    while edge < 1e20:
        edges.append(edge)
        edge *= 1.1
    return np.array([*(-each for each in reversed(edges)), 0.0, *edges])

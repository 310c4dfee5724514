"""Figures and images as the bytes of a file, and back."""

from __future__ import annotations

import io
import os
from typing import Any

from nbtrack.errors import InvalidValue, MissingExtra


def figure_bytes(figure: Any, path: str, options: dict[str, Any]) -> bytes:
    """A figure in the format that ``path`` ends in. Libraries are told by the figure's class."""
    ending = os.path.splitext(path)[1].lower().lstrip(".")
    library = _library_of(figure)
    if library == "matplotlib" and hasattr(figure, "savefig"):
        buffer = io.BytesIO()
        figure.savefig(buffer, **{"format": ending or "png", **options})
        return buffer.getvalue()
    if library == "plotly":
        if ending == "html":
            return str(figure.to_html(**options)).encode()
        return bytes(figure.to_image(**{"format": ending or "png", **options}))
    if library == "altair":
        if ending in ("html", "json", "svg"):
            text = io.StringIO()
            figure.save(text, format=ending, **options)
            return text.getvalue().encode()
        buffer = io.BytesIO()
        figure.save(buffer, format=ending or "png", **options)
        return buffer.getvalue()
    raise InvalidValue(
        f"log_figure takes a figure of matplotlib, plotly or Altair, got {type(figure).__name__}; "
        "log_image takes images."
    )


def image_bytes(image: Any, path: str) -> bytes:
    """An image in the format that ``path`` ends in, PNG if that is none."""
    if _library_of(image) == "matplotlib":
        return figure_bytes(image, path, {})
    images = _pillow()
    # mlflow.Image, for one, knows how to become PIL's.
    picture = image.to_pil() if hasattr(image, "to_pil") else image
    if not isinstance(picture, images.Image):
        picture = images.fromarray(_pixels(picture))
    formats = images.registered_extensions()
    kind = formats.get(os.path.splitext(path)[1].lower(), "PNG")
    if kind == "JPEG" and picture.mode not in ("RGB", "L", "CMYK"):
        picture = picture.convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, format=kind)
    return buffer.getvalue()


def image_from(data: bytes) -> Any:
    """The image that a file's bytes hold, as ``PIL.Image``."""
    return _pillow().open(io.BytesIO(data))


def _pixels(image: Any) -> Any:
    """An array of bytes (H, W) or (H, W, 3 or 4), from whatever becomes an array."""
    import numpy as np

    if hasattr(image, "detach"):
        image = image.detach().cpu()
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))) or not array.size:
        raise InvalidValue(
            f"An image is an array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), "
            f"got {type(image).__name__} of shape {array.shape}."
        )
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * 255
    if array.dtype.kind not in "iuf":
        raise InvalidValue(f"An image is an array of numbers, got {array.dtype}.")
    most = 1.0 if array.dtype.kind == "f" else 255
    if not (array.min() >= 0 and array.max() <= most):
        raise InvalidValue(
            f"The values of an image of {array.dtype} lie between 0 and {most:g}, "
            f"got {array.min():g} to {array.max():g}."
        )
    return (array * 255).round().astype(np.uint8) if most == 1.0 else array.astype(np.uint8)


def _library_of(value: object) -> str:
    """The library of the class or one above it: a figure may be of the user's own class."""
    for kind in type(value).__mro__:
        library = kind.__module__.partition(".")[0]
        if library in ("matplotlib", "plotly", "altair"):
            return library
    return ""


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtra("Images need Pillow: pip install pillow.") from error
    return Image

"""What is taken away from a widget: the picture as a file, its rows as a frame."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.tracking.answers import to_pandas
from nbtrack.widgets import image
from nbtrack.widgets.wire import Answer, csv_text

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from nbtrack.charts.style import Theme


class Savable:
    """A widget with a picture and rows: a subclass says which, and this gives them away."""

    def arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table."""
        raise NotImplementedError

    def svg(self, *, theme: Theme = "light") -> str:
        """The picture as it now is, as SVG."""
        raise NotImplementedError

    def df(self) -> pandas.DataFrame:
        """What `arrow` gives, as a pandas DataFrame."""
        return to_pandas(self.arrow())

    def save(
        self, path: str | PathLike[str], *, theme: Theme = "light", scale: float = image.SCALE
    ) -> Path:
        """Write the picture as it now is to ``path`` (.png or .svg); the path.

        Needs no browser. ``scale`` is how many pixels of a PNG are one of the picture.
        Raises `InvalidValue` for another ending, `MissingExtra` for a PNG without
        vl-convert.
        """
        return image.save(self.svg(theme=theme), path, scale=scale)

    def _taken(self, intent: Mapping[str, Any]) -> Answer | None:
        """The answer to the browser's wish to take something away; ``None`` for any other."""
        match intent["kind"]:
            case "svg":
                return Answer({"kind": "svg", "svg": self.svg(theme=intent["theme"])})
            case "csv":
                return Answer({"kind": "csv", "csv": csv_text(self.arrow())})
        return None

"""A finished chart: its spec, the data it shows, and files of it."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.charts import labels
from nbtrack.charts.altair_import import import_altair
from nbtrack.charts.files import INSTALL_HINT, write_chart
from nbtrack.charts.style import Look, config
from nbtrack.errors import MissingExtra

if TYPE_CHECKING:
    import altair
    import pyarrow

Rows = list[dict[str, object]]

_SAVED_WIDTH = 640


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A chart as a Vega-Lite spec, with the data that it shows.

    ``spec`` is strict JSON with its rows inlined under ``datasets``, as wide as what it is
    put into. ``data`` has what is drawn, under the runs' own column names. Both are to be
    read, not changed.
    """

    title: str
    spec: dict[str, Any]
    data: pyarrow.Table

    @property
    def altair(self) -> Any:
        """The chart as an Altair object of its own, to go on from."""
        need_altair()
        import altair

        return altair.Chart.from_dict(copy.deepcopy(self.spec))

    def save(
        self, path: str | os.PathLike[str], *, scale: float = 2.0, width: int = _SAVED_WIDTH
    ) -> Path:
        """Write the chart to ``path`` and return it: ``.png``, ``.svg``, ``.html`` or ``.json``.

        No browser and no network are needed, neither here nor by the html page, which is as
        wide as its window; JSON is the spec as it is. ``width`` is that of a picture in CSS
        pixels, ``scale`` how many pixels of a PNG make one. The background is transparent,
        except in html. Raises `InvalidValue` for another ending, `MissingExtra` where
        vl-convert is not installed, `OSError` for a folder that is not there.
        """
        file = Path(path)
        write_chart(self.spec, file, scale=scale, width=width)
        return file


def need_altair() -> None:
    """Raise `MissingExtra` with the line that installs it, where altair is missing."""
    try:
        import_altair()
    except ImportError as error:
        raise MissingExtra(INSTALL_HINT) from error


def finish(
    drawing: altair.TopLevelMixin,
    *,
    title: str,
    notes: Sequence[str],
    rows: Mapping[str, Rows],
    data: pyarrow.Table,
    look: Look,
    height: int = 320,
) -> Chart:
    """``drawing`` with its title, the sentence under it, its looks and its rows.

    ``rows`` are the data sources that the drawing names; they are added to the spec as they
    are, so that neither Altair's row limit nor its validation of each row concerns them.
    """
    subtitle = labels.lines("; ".join(note for note in notes if note))
    spec: dict[str, Any] = drawing.to_dict()
    spec |= {
        "title": {"text": title, "subtitle": subtitle},
        "description": ". ".join([title, " ".join(subtitle)]),
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": config(look),
        "datasets": dict(rows),
        "usermeta": {"page": look.page},
    }
    # Fails here, and not in a browser, for anything that JSON does not have.
    json.dumps(spec, allow_nan=False)
    return Chart(title, spec, data)


def sentence_chart(title: str, sentence: str, look: Look, data: pyarrow.Table) -> Chart:
    """An empty chart that says why it is empty."""
    import altair as alt

    text = labels.lines(sentence, 52)
    drawing = (
        alt.Chart(alt.NamedData("nothing"))
        .mark_text(
            text=text, color=look.quiet, fontSize=13, lineHeight=19, baseline="middle", aria=False
        )
        .encode(
            x=alt.XValue(alt.ExprRef("width / 2")),
            y=alt.YValue(alt.ExprRef(f"height / 2 - {19 * (len(text) - 1) / 2}")),
        )
    )
    chart = finish(
        drawing, title=title, notes=[], rows={"nothing": [{}]}, data=data, look=look, height=140
    )
    chart.spec["description"] = f"{title}. {sentence}"
    return chart

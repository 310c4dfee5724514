"""The answer to a question about runs: an Arrow table that shows itself and converts."""

from __future__ import annotations

import datetime
import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nbtrack.errors import MissingExtra

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

SHOWN_ROWS = 20
_CELL_CHARS = 40


class Answer:
    """Rows and columns, held as an Arrow table.

    ``answer.df()`` gives pandas, ``.pl()`` polars, ``.arrow()`` pyarrow; iterating
    gives one dict per row. Libraries that read Arrow take it as it is.
    """

    def __init__(self, table: pyarrow.Table) -> None:
        self._table = table

    def arrow(self) -> pyarrow.Table:
        """The rows as a ``pyarrow.Table``."""
        return self._table

    def df(self) -> pandas.DataFrame:
        """The rows as a pandas DataFrame."""
        return to_pandas(self.arrow())

    def pl(self) -> polars.DataFrame:
        """The rows as a polars DataFrame."""
        return to_polars(self.arrow())

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self.arrow().column_names)

    def __len__(self) -> int:
        return int(self.arrow().num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.arrow().to_pylist())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.arrow().__arrow_c_stream__(requested_schema)

    def __getitem__(self, column: str) -> list[Any]:
        """The values of one column."""
        values: list[Any] = self.arrow().column(column).to_pylist()
        return values

    def _ipython_key_completions_(self) -> list[str]:
        return self.columns

    def __repr__(self) -> str:
        return text_table(self.arrow())

    def _repr_html_(self) -> str:
        return html_table(self.arrow())


def to_pandas(table: pyarrow.Table) -> pandas.DataFrame:
    """``table`` in pandas; raises `MissingExtra` where pandas is not installed."""
    try:
        import pandas  # noqa: F401
    except ImportError as error:
        raise MissingExtra("This needs pandas: pip install pandas.") from error
    return table.to_pandas()


def to_polars(table: pyarrow.Table) -> polars.DataFrame:
    """``table`` in polars; raises `MissingExtra` where polars is not installed."""
    try:
        import polars
    except ImportError as error:
        raise MissingExtra("This needs polars: pip install polars.") from error
    frame = polars.from_arrow(table)
    assert isinstance(frame, polars.DataFrame)
    return frame


def text_table(table: pyarrow.Table, rows: int = SHOWN_ROWS) -> str:
    """The first ``rows`` rows as aligned text, and a line that says how many there are."""
    names = list(table.column_names)
    # By column: two may have one name.
    columns = [column.to_pylist() for column in table.slice(0, rows).columns]
    shown = [[cell_text(value) for value in row] for row in zip(*columns, strict=True)]
    numeric = [_is_number(field.type) for field in table.schema]
    widths = [max([len(name), *(len(row[i]) for row in shown)]) for i, name in enumerate(names)]
    lines = [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in [names, *shown]
    ]
    return "\n".join([*lines, _footer(table.num_rows, len(shown))])


def html_table(table: pyarrow.Table, rows: int = SHOWN_ROWS) -> str:
    """The first ``rows`` rows as html; styles are inline, so that they survive a sanitiser."""
    numeric = [_is_number(field.type) for field in table.schema]
    align = ["right" if right else "left" for right in numeric]
    head = "".join(
        f'<th style="text-align:{side};padding:2px 10px">{html.escape(name)}</th>'
        for name, side in zip(table.column_names, align, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:{side};padding:2px 10px">{html.escape(cell_text(value))}</td>'
            for value, side in zip(row.values(), align, strict=True)
        )
        + "</tr>"
        for row in table.slice(0, rows).to_pylist()
    )
    footer = html.escape(_footer(table.num_rows, min(rows, table.num_rows)))
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><small>{footer}</small>"
    )


def cell_text(value: object) -> str:
    """One value as a person reads it: times in the viewer's zone, numbers to six digits."""
    match value:
        case None:
            return ""
        case bool():
            return str(value)
        case float():
            return f"{value:.6g}"
        case datetime.datetime():
            local = value.replace(tzinfo=datetime.UTC).astimezone()
            return local.strftime("%Y-%m-%d %H:%M:%S")
        case _:
            text = " ".join(str(value).split())
            return text if len(text) <= _CELL_CHARS else text[: _CELL_CHARS - 1] + "…"


def _footer(total: int, shown: int) -> str:
    rows = f"{total:,} row" + ("" if total == 1 else "s")
    return f"[{rows}]" if shown == total else f"[{rows}, {shown} shown]"


def _is_number(type_: pyarrow.DataType) -> bool:
    import pyarrow

    return bool(
        pyarrow.types.is_integer(type_)
        or pyarrow.types.is_floating(type_)
        or pyarrow.types.is_decimal(type_)
    )

"""How rows and numbers travel to the browser: Arrow IPC buffers, and JSON beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the browser: JSON, and Arrow buffers beside it."""

    content: Mapping[str, object]
    buffers: list[bytes] = field(default_factory=list)


def ipc_bytes(table: pyarrow.Table) -> bytes:
    """``table`` as one Arrow IPC stream, uncompressed: the browser decodes it in place.

    Dictionaries, views and large offsets are made plain, since the browser's
    reader knows fewer types than pyarrow.
    """
    import pyarrow

    schema = pyarrow.schema([_plain(field) for field in table.schema])
    plain = table.cast(schema, safe=False)
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, plain.schema) as writer:
        writer.write_table(plain.combine_chunks())
    return bytes(sink.getvalue())


def csv_text(table: pyarrow.Table) -> str:
    """``table`` as CSV, with a line of names."""
    import pyarrow
    import pyarrow.csv

    sink = pyarrow.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink)
    return bytes(sink.getvalue()).decode()


def json_number(value: float | None) -> float | str | None:
    """``value`` as JSON can carry it: NaN and the infinities become JavaScript's names of them."""
    if value is None or math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _plain(field: pyarrow.Field) -> pyarrow.Field:
    import pyarrow

    kind = field.type
    if pyarrow.types.is_dictionary(kind):
        kind = kind.value_type
    if pyarrow.types.is_large_string(kind) or pyarrow.types.is_string_view(kind):
        kind = pyarrow.string()
    elif pyarrow.types.is_large_list(kind):
        kind = pyarrow.list_(kind.value_type)
    elif pyarrow.types.is_decimal(kind) or pyarrow.types.is_integer(kind):
        # Beyond 2^53 a browser's number is not exact anyway.
        kind = pyarrow.float64()
    return pyarrow.field(field.name, kind)

"""Runs as rows with a column for each metric, parameter and tag.

The store keeps values long, one row per run and key. They are fetched long, and
each key becomes an Arrow column of the type that fits all its values; a wide table
in SQL would cost runs times keys, this costs what there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nbtrack.store.arrow_columns import arrow_column, numpy_values
from nbtrack.store.conditions import Key, Kind
from nbtrack.store.selection import LAST_POINT, PARAM_TEXT

if TYPE_CHECKING:
    import pyarrow


_VALUES: Mapping[Kind, str] = {
    "metrics": f"""
        SELECT place, 'metrics' AS kind, key, NULL::VARCHAR AS text,
               arg_max_null(last_value, {LAST_POINT}) AS number, 'float' AS type
        FROM base.summary JOIN page USING (run_id) GROUP BY place, key""",
    "params": f"""
        SELECT place, 'params' AS kind, key, arg_max({PARAM_TEXT}, ts) AS text,
               arg_max_null(number, ts) AS number, arg_max(type, ts) AS type
        FROM base.params JOIN page USING (run_id) GROUP BY place, key""",
    "tags": """
        SELECT place, 'tags' AS kind, key, arg_max_null(value, ts) AS text,
               NULL::DOUBLE AS number, 'str' AS type
        FROM base.tags JOIN page USING (run_id) GROUP BY place, key
        HAVING text IS NOT NULL""",
}
_EMPTY = {"metrics": "float64", "params": "string", "tags": "string"}


def values_sql() -> str:
    """A query for every value of the runs of ``page``, as `columns_of` takes them.

    ``page`` is a table expression with ``run_id`` and ``place``, which counts from 1.
    """
    return " UNION ALL ".join(_VALUES.values())


def columns_of(
    values: pyarrow.Table, length: int, keys: Sequence[Key] | None
) -> dict[Key, pyarrow.Array]:
    """For each key an array of ``length``, null where the run has no value.

    ``values`` has place, kind, key, text, number and type; of several rows for one
    place and key the last holds. ``keys`` of ``None`` is all that occur:
    metrics, params, then tags, by name. Metrics are their last value, float64. A
    parameter is int64, float64 or bool if all its values are (None is null there),
    else text.
    """
    import pyarrow as pa

    found = dict(_columns(values, length))
    if keys is None:
        kinds = list(_VALUES)
        ordered = sorted(found, key=lambda key: (kinds.index(key.kind), key.name))
        return {key: found[key] for key in ordered}
    return {
        key: found[key] if key in found else pa.nulls(length, getattr(pa, _EMPTY[key.kind])())
        for key in keys
    }


def _columns(values: pyarrow.Table, length: int) -> Iterator[tuple[Key, pyarrow.Array]]:
    import numpy as np

    if not len(values):
        return
    kinds = values["kind"].combine_chunks().dictionary_encode()
    names = values["key"].combine_chunks().dictionary_encode()
    kind_codes, name_codes = (numpy_values(each.indices) for each in (kinds, names))
    codes = kind_codes * np.int64(len(names.dictionary)) + name_codes
    by_code = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[by_code], prepend=-1))
    rows = numpy_values(values["place"].combine_chunks()) - 1
    plain = {name: values[name].combine_chunks() for name in ("text", "number", "type")}
    for start, end in zip(starts, [*starts[1:], len(by_code)], strict=True):
        places = by_code[start:end]
        kind, name = divmod(int(codes[places[0]]), len(names.dictionary))
        key = Key(kinds.dictionary[kind].as_py(), names.dictionary[name].as_py())
        taken = arrow_column(places)
        own = {column: array.take(taken) for column, array in plain.items()}
        column = _typed(**own)
        of_row = np.full(length, -1, dtype=np.int64)
        of_row[rows[places]] = np.arange(len(places))
        yield key, column.take(arrow_column(np.ma.array(of_row, mask=of_row < 0)))


def _typed(text: pyarrow.Array, number: pyarrow.Array, type: pyarrow.Array) -> pyarrow.Array:
    """One column of the narrowest type that holds all values of a key."""
    import pyarrow as pa
    import pyarrow.compute as pc

    told = set(type.unique().to_pylist()) - {"none"}
    # As what Arrow has already: from Python's own values it makes them with pandas' help.
    none, true, null = arrow_column(["none", "True", None], pa.string())
    is_none = pc.equal(type, none)
    if told == {"int"}:
        try:
            return pc.cast(pc.if_else(is_none, null, text), pa.int64())
        except pa.ArrowInvalid:
            return text
    if told and told <= {"int", "float"}:
        return number
    if told == {"bool"}:
        return pc.equal(pc.if_else(is_none, null, text), true)
    return text

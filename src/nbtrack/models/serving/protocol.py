"""MLflow's scoring protocol: bytes and a content type in, predictions as JSON out.

A request in JSON is a dict with exactly one of ``dataframe_split``,
``dataframe_records``, ``instances`` and ``inputs``, and perhaps ``params``. Tables also
come as csv or Parquet. The answer is ``{"predictions": …}``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import InvalidInput
from nbtrack.models.example import to_json
from nbtrack.models.pyfunc import PyFuncModel
from nbtrack.models.schema import Column, Scalar, Schema

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
CONTENT_TYPES = (JSON, CSV, PARQUET)
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")


class UnsupportedType(InvalidInput):
    """A request in a form that is not read here."""


@dataclass(frozen=True, slots=True)
class Request:
    """Data to predict on, whose values may have come as text, and parameters."""

    data: object
    params: Mapping[str, object] | None = None
    is_text: bool = True


def score(model: PyFuncModel, body: bytes, content_type: str) -> bytes:
    """The answer to a request. Raises `InvalidInput`, or `UnsupportedType`."""
    schema = None if model.signature is None else model.signature.inputs
    request = read_request(body, content_type, schema)
    predict = model.predict_text if request.is_text else model.predict
    return write_predictions(predict(request.data, request.params))


def read_request(body: bytes, content_type: str, schema: Schema | None) -> Request:
    """What a request asks. ``schema`` is what the model takes, where it says."""
    match _media_type(content_type):
        case "application/json":
            return _read_json(body, schema)
        case "text/csv":
            return Request(_read_csv(body, schema))
        case _:
            return Request(_read_parquet(body), is_text=False)


def write_predictions(predictions: object) -> bytes:
    """Predictions as MLflow writes them: a table by its rows, an array as nested lists."""
    held: Any = predictions
    if hasattr(predictions, "iloc"):
        frame = held if hasattr(predictions, "columns") else held.to_frame(held.name or 0)
        columns = [str(name) for name in frame.columns]
        # By position, as two columns may have one name in Python, and a row's dict may not.
        rows = zip(*(frame.iloc[:, i].tolist() for i in range(len(columns))), strict=True)
        held = [dict(zip(columns, row, strict=True)) for row in rows]
    elif hasattr(predictions, "to_dicts"):
        held = held.to_dicts()
    return to_json({"predictions": held}).encode()


def _media_type(content_type: str) -> str:
    media_type, *parameters = (part.strip() for part in content_type.split(";"))
    told = dict(part.partition("=")[::2] for part in parameters if part)
    charset = told.pop("charset", "utf-8").strip('"').lower()
    if charset not in ("utf-8", "utf8"):
        raise UnsupportedType(f"Requests are read as UTF-8, got the charset {charset!r}.")
    if told:
        raise UnsupportedType(
            f"The content type has a parameter {next(iter(told))!r}, unknown here."
        )
    if media_type.lower() not in CONTENT_TYPES:
        raise UnsupportedType(
            f"Requests are {', '.join(CONTENT_TYPES)}, got {media_type or 'no content type'!r}."
        )
    return media_type.lower()


def _read_json(body: bytes, schema: Schema | None) -> Request:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The request is not JSON: {error}.") from error
    expected = f"A request is a JSON object with exactly one of {', '.join(FORMATS)}"
    if not isinstance(told, dict):
        raise InvalidInput(f"{expected}, got a {type(told).__name__}.")
    formats = [name for name in FORMATS if name in told]
    if len(formats) != 1:
        raise InvalidInput(f"{expected}, got {', '.join(map(str, told)) or 'none'}.")
    params = told.get("params")
    if params is not None and not isinstance(params, dict):
        raise InvalidInput(f"params is a JSON object, got a {type(params).__name__}.")
    [name] = formats
    held = told[name]
    match name:
        case "dataframe_split":
            return Request(_split_frame(held), params)
        case "dataframe_records":
            return Request(_records_frame(held), params)
        case "instances":
            return Request(_instances(held, schema), params)
    return Request(_inputs(held, schema), params)


def _split_frame(held: Any) -> object:
    import pandas

    if not isinstance(held, dict) or not isinstance(held.get("data"), list):
        raise InvalidInput("dataframe_split is an object with columns and data, which is a list.")
    columns = held.get("columns")
    for row in held["data"]:
        if columns is not None and (not isinstance(row, list) or len(row) != len(columns)):
            raise InvalidInput(
                f"dataframe_split has {len(columns)} columns, and a row that is not of that "
                f"length: {str(row)[:60]}."
            )
    try:
        return pandas.DataFrame(held["data"], columns=columns, index=held.get("index"))
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"dataframe_split is no table: {error}.") from error


def _records_frame(held: Any) -> object:
    import pandas

    if not isinstance(held, list) or not all(isinstance(row, dict) for row in held):
        raise InvalidInput("dataframe_records is a list of objects, one for each row.")
    return pandas.DataFrame(held)


def _instances(held: Any, schema: Schema | None) -> object:
    """Row by row, as TensorFlow Serving has it; arrays by name are put together."""
    if not isinstance(held, list):
        raise InvalidInput(f"instances is a list, got a {type(held).__name__}.")
    is_named = bool(held) and all(isinstance(row, dict) for row in held)
    if is_named and (schema is None or schema.is_tensor):
        names = list(held[0])
        if any(list(row) != names for row in held):
            raise InvalidInput(f"The instances have not all the same names: {', '.join(names)}.")
        return _inputs({name: [row[name] for row in held] for name in names}, schema)
    return _inputs(held, schema)


def _inputs(held: Any, schema: Schema | None) -> object:
    if schema is not None:
        return held
    import numpy as np

    # Without a signature, arrays are the best guess: as in MLflow.
    try:
        if isinstance(held, dict):
            return {name: np.asarray(each) for name, each in held.items()}
        return np.asarray(held)
    except ValueError as error:
        raise InvalidInput(f"The inputs are no array: {error}.") from error


def _read_csv(body: bytes, schema: Schema | None) -> object:
    import pandas

    texts = {
        str(each.name): "str"
        for each in schema or ()
        # 007 is a text where the model takes texts.
        if isinstance(each, Column) and each.type in (Scalar("string"), Scalar("binary"))
    }
    try:
        text = body.decode("utf-8-sig")
        return pandas.read_csv(io.StringIO(text), dtype=texts or None)
    except (ValueError, pandas.errors.ParserError) as error:
        raise InvalidInput(f"The request is not csv: {str(error).splitlines()[0]}.") from error


def _read_parquet(body: bytes) -> object:
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_table(pyarrow.BufferReader(body)).to_pandas()
    except (pyarrow.ArrowException, OSError) as error:
        raise InvalidInput(f"The request is not Parquet: {str(error).splitlines()[0]}.") from error

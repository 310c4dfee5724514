"""The input example of a model: two files, as MLflow writes and reads them.

``input_example.json`` gives the data back; ``serving_input_example.json`` is a
request that a scoring server takes.
"""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidModel, InvalidValue
from nbtrack.models.bundle import Bundle
from nbtrack.models.signature import has_arrow_stream, plain_array, to_frame

EXAMPLE = "input_example.json"
SERVING_EXAMPLE = "serving_input_example.json"


def write_example(
    folder: Path, data: object, params: Mapping[str, object] | None
) -> dict[str, Any]:
    """Write both files; what ``MLmodel`` says of them is given back."""
    held, info, request = _encoded(plain_array(data))
    info = {"artifact_path": EXAMPLE, **info, "serving_input_path": SERVING_EXAMPLE}
    if params:
        held = {"inputs": held["inputs"] if info["type"] == "ndarray" else held, "params": params}
        request = {**request, "params": dict(params)}
        info["params"] = "true"
    (folder / EXAMPLE).write_text(to_json(held), encoding="utf-8")
    (folder / SERVING_EXAMPLE).write_text(to_json(request, indent=2), encoding="utf-8")
    return info


def read_example(bundle: Bundle) -> tuple[object, dict[str, Any] | None] | None:
    """The example and its parameters; ``None`` where the model has none."""
    info = bundle.fields.get("saved_input_example_info")
    if not isinstance(info, dict):
        return None
    try:
        held = json.loads(bundle.file(info.get("artifact_path")).read_text(encoding="utf-8"))
        params = None
        if info.get("params"):
            params, held = held["params"], held["inputs"]
        match info.get("type"):
            case "dataframe":
                return _frame(held, info), params
            case "ndarray":
                return _array(held if params is not None else held["inputs"], bundle), params
            case "sparse_matrix_csr" | "sparse_matrix_csc":
                import scipy.sparse

                make = getattr(scipy.sparse, f"{info['type'][-3:]}_matrix")
                parts = (held["data"], held["indices"], held["indptr"])
                return make(parts, shape=held["shape"]), params
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidModel(f"The input example of {bundle.path} does not read: {error}.") from error
    return held, params


def to_json(value: object, **options: Any) -> str:
    """``value`` as JSON, arrays and times of every library included; NaN becomes null."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, **options)


def _encoded(data: object) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """What stands in the example file, what ``MLmodel`` says, and the request."""
    import numpy as np

    if has_arrow_stream(data) and not hasattr(data, "iloc"):
        data = to_frame(data)
    held: Any = data
    if hasattr(data, "iloc"):
        frame = held.to_frame() if not hasattr(data, "columns") else held
        split = {"columns": [_name(c) for c in frame.columns], "data": frame.to_numpy(dtype=object)}
        if not frame.index.equals(type(frame.index)(range(len(frame)))):
            split = {"columns": split["columns"], "index": list(frame.index), "data": split["data"]}
        return split, {"type": "dataframe", "pandas_orient": "split"}, {"dataframe_split": split}
    if hasattr(data, "indptr") and hasattr(data, "format"):
        told = {name: getattr(held, name) for name in ("data", "indices", "indptr", "shape")}
        return told, {"type": f"sparse_matrix_{held.format}"}, {"inputs": held.toarray()}
    if isinstance(data, np.ndarray) or (
        isinstance(data, dict) and data and all(isinstance(v, np.ndarray) for v in data.values())
    ):
        inputs = {"inputs": data}
        return inputs, {"type": "ndarray", "format": "tf-serving"}, inputs
    if isinstance(data, (dict, list, tuple, str, int, float, bool)):
        return data, {"type": "json_object"}, {"inputs": data}
    raise InvalidValue(
        f"An input example is a DataFrame, an array, a dict or a list, got "
        f"{type(data).__qualname__}."
    )


def _frame(held: Any, info: Mapping[str, Any]) -> object:
    import pandas

    if info.get("pandas_orient", "split") == "records":
        return pandas.DataFrame(held)
    columns, index = held.get("columns"), held.get("index")
    return pandas.DataFrame(held["data"], index=index, columns=columns)


def _array(held: Any, bundle: Bundle) -> object:
    """Arrays of the dtype that the signature tells, as JSON has lost it."""
    import numpy as np

    fields = bundle.signature.inputs if bundle.signature else None
    dtypes = {f.name: getattr(f, "dtype", None) for f in fields or ()}
    if isinstance(held, dict):
        return {name: np.asarray(v, dtype=dtypes.get(name)) for name, v in held.items()}
    return np.asarray(held, dtype=next(iter(dtypes.values()), None))


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            return value if value - value == 0 else None
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case bytes() | bytearray():
            return base64.b64encode(value).decode("ascii")
        case datetime.date() | datetime.time():
            return value.isoformat() if value == value else None
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if value != value:
        return None
    raise InvalidValue(f"A value of {type(value).__qualname__} cannot be written as JSON.")


def _name(column: object) -> object:
    return column if isinstance(column, (str, int)) else str(column)

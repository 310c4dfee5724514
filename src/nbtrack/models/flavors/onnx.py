"""ONNX: a graph and its weights, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidInput, InvalidValue
from nbtrack.models.bundle import Bundle
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved, need, wanted
from nbtrack.models.trust import Trust

_FILE = "model.onnx"
_CPU = "CPUExecutionProvider"
_DEFAULT_PROVIDERS = ("CUDAExecutionProvider", _CPU)
# A protobuf holds 2 GB; weights beyond go into files beside it.
_PROTOBUF_MAX_BYTES = 2**31 - 1
_NUMPY_OF = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int64)": "int64"}


class OnnxFlavor(Flavor):
    """``onnx.ModelProto``; as a function it gives a dict of arrays, or a DataFrame for one."""

    name = "onnx"
    libraries = ("onnx",)
    install = "pip install onnx onnxruntime"
    options = ("onnx_execution_providers",)

    def save(self, model: Any, folder: Path, given: Given) -> Saved:
        onnx = self.need("onnx")
        providers = list(given.options.get("onnx_execution_providers", _DEFAULT_PROVIDERS))
        if not all(isinstance(each, str) for each in providers):
            raise InvalidValue("onnx_execution_providers is a list of ONNX Runtime's names.")
        is_large = model.ByteSize() >= _PROTOBUF_MAX_BYTES
        onnx.save(
            model, str(folder / _FILE), save_as_external_data=is_large, location=f"{_FILE}.data"
        )
        conf = {
            "data": _FILE,
            "onnx_version": onnx.__version__,
            "providers": providers,
            "onnx_session_options": None,
        }
        pyfunc = {"loader_module": "mlflow.onnx", "data": _FILE}
        return Saved(conf, pyfunc, ("onnx", "onnxruntime"))

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:  # noqa: ARG002
        onnx = self.need("onnx")
        file = bundle.file(wanted(conf, "data"))
        model = onnx.load(str(file), load_external_data=False)
        self._check_external(model, file, bundle)
        onnx.external_data_helper.load_external_data_for_model(model, str(file.parent))
        return model

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:  # noqa: ARG002
        runtime = need("onnxruntime", self.install)
        conf = bundle.flavors[self.name]
        wished = conf.get("providers") or [_CPU]
        here = set(runtime.get_available_providers())
        session = runtime.InferenceSession(
            str(bundle.file(wanted(conf, "data"))),
            providers=[each for each in wished if each in here] or [_CPU],
        )
        inputs = {each.name: each.type for each in session.get_inputs()}
        outputs = [each.name for each in session.get_outputs()]

        def predict(data: Any, _params: dict[str, Any]) -> Any:
            given = session.run(outputs, _feed(data, inputs))
            if not hasattr(data, "iloc"):
                return dict(zip(outputs, given, strict=True))
            return _as_frame(dict(zip(outputs, given, strict=True)), data.index)

        return predict

    def _check_external(self, model: Any, file: Path, bundle: Bundle) -> None:
        """Weights in other files must be files of the bundle."""
        helper = self.need("onnx.external_data_helper")
        home = file.parent.relative_to(bundle.path).as_posix()
        for tensor in model.graph.initializer:
            if helper.uses_external_data(tensor):
                location = helper.ExternalDataInfo(tensor).location
                bundle.file(location if home == "." else f"{home}/{location}")


def _feed(data: Any, inputs: Mapping[str, str]) -> dict[str, Any]:
    """``data`` as the graph's named inputs, in their widths."""
    import numpy as np

    if hasattr(data, "iloc"):
        if len(inputs) == 1:
            feed = {next(iter(inputs)): data.to_numpy()}
        else:
            missing = [name for name in inputs if name not in data.columns]
            if missing:
                raise InvalidInput(f"The input lacks a column for the graph's {missing[0]!r}.")
            feed = {name: data[name].to_numpy() for name in inputs}
    elif isinstance(data, Mapping):
        feed = dict(data)
    elif len(inputs) == 1:
        feed = {next(iter(inputs)): np.asarray(data)}
    else:
        raise InvalidInput(f"The graph has the inputs {', '.join(inputs)}; give a dict of arrays.")
    # Numbers that came through JSON or a DataFrame are 64 bits wide.
    return {
        name: array.astype(_NUMPY_OF[inputs[name]])
        if array.dtype.kind in "fiu" and inputs.get(name) in _NUMPY_OF
        else array
        for name, array in feed.items()
    }


def _as_frame(outputs: Mapping[str, Any], index: Any) -> Any:
    """One column for each output that has one value a row; else several."""
    import numpy as np
    import pandas

    columns: dict[str, Any] = {}
    for name, values in outputs.items():
        array = np.asarray(values)
        wide = array.reshape(len(array), -1) if array.dtype != object else array.reshape(-1, 1)
        for i in range(wide.shape[1]):
            columns[name if wide.shape[1] == 1 else f"{name}_{i}"] = wide[:, i]
    return pandas.DataFrame(columns, index=index)

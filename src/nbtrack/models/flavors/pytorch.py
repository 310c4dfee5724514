"""PyTorch: the exported graph (pt2) where there is an example to trace it with, or a pickle.

Both need the user's word to be loaded: a graph names its functions by paths in all of
torch's namespace, and torch reads the shapes in it as expressions.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nbtrack.errors import InvalidInput, InvalidValue
from nbtrack.models.bundle import Bundle
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved, wanted
from nbtrack.models.schema import Tensor
from nbtrack.models.trust import Trust, check_code

_FORMATS = ("pt2", "pickle")
_DATA = "data"


class PyTorchFlavor(Flavor):
    """``torch.nn.Module``; as a function it takes and gives arrays."""

    name = "pytorch"
    libraries = ("torch",)
    install = "pip install torch"
    options = ("serialization_format",)

    def save(self, model: Any, folder: Path, given: Given) -> Saved:
        torch = self.need("torch")
        default = "pickle" if given.example is None else "pt2"
        format_ = given.options.get("serialization_format", default)
        (folder / _DATA).mkdir()
        match format_:
            case "pt2":
                self._export(torch, model, folder / _DATA / "model.pt2", given)
            case "pickle":
                self._pickle(torch, model, folder / _DATA)
            case _:
                raise InvalidValue(
                    f"serialization_format is one of {', '.join(_FORMATS)}, got {format_!r}."
                )
        packages = ("torch", "cloudpickle") if format_ == "pickle" else ("torch",)
        return Saved(
            {"model_data": _DATA, "pytorch_version": str(torch.__version__)},
            {
                "loader_module": "mlflow.pytorch",
                "data": _DATA,
                "pickle_module_name": "pickle",
                "config": {"device": None},
            },
            packages,
        )

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:
        torch = self.need("torch")
        folder = bundle.file(wanted(conf, "model_data"))
        exported, pickled = folder / "model.pt2", folder / "model.pth"
        if exported.is_file():
            check_code(trusted, "a graph of PyTorch", exported)
            return torch.export.load(exported).module()
        relative = f"{conf['model_data']}/{pickled.name}"
        file = bundle.file(relative)
        check_code(trusted, "a pickle", file)
        model = torch.load(file, map_location="cpu", weights_only=False)
        return model.eval()

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:  # noqa: ARG002
        import torch

        def predict(data: Any, params: dict[str, Any]) -> Any:
            with torch.no_grad():
                given = model(*_tensors(torch, data), **params)
            if isinstance(given, Mapping):
                return {name: each.cpu().numpy() for name, each in given.items()}
            if isinstance(given, (list, tuple)):
                return [each.cpu().numpy() for each in given]
            array = given.cpu().numpy()
            if hasattr(data, "iloc"):
                import pandas

                return pandas.DataFrame(array, index=data.index)
            return array

        return predict

    def _export(self, torch: Any, model: Any, file: Path, given: Given) -> None:
        fields = given.signature.inputs if given.signature else None
        if given.example is None or fields is None or not fields.is_tensor:
            raise InvalidValue(
                "serialization_format='pt2' traces the model with its example: give an array or a "
                "dict of arrays as input_example, or serialization_format='pickle'."
            )
        auto = torch.export.Dim.AUTO
        shapes = [
            {i: auto for i, length in enumerate(each.shape) if length == -1}
            for each in fields
            if isinstance(each, Tensor)
        ]
        was_training = model.training
        exported = torch.export.export(
            model.eval(), tuple(_tensors(torch, given.example)), dynamic_shapes=shapes
        )
        model.train(was_training)
        torch.export.save(exported, file)

    def _pickle(self, torch: Any, model: Any, folder: Path) -> None:
        # Classes of a notebook travel with the pickle; the usual unpickler makes them.
        cloudpickle = self.need("cloudpickle")
        pickler = SimpleNamespace(
            __name__="pickle", Pickler=cloudpickle.CloudPickler, dumps=cloudpickle.dumps
        )
        torch.save(model, folder / "model.pth", pickle_module=pickler)
        # MLflow imports what stands here to unpickle.
        (folder / "pickle_module_info.txt").write_text(pickle.__name__)


def _tensors(torch: Any, data: Any) -> list[Any]:
    """``data`` as the arguments of ``forward``: one, or one for each named array."""
    import numpy as np

    if isinstance(data, torch.Tensor):
        return [data]
    if hasattr(data, "iloc"):
        # As in MLflow: most models compute in 32 bits.
        return [torch.from_numpy(data.to_numpy(dtype=np.float32))]
    if isinstance(data, np.ndarray):
        return [torch.from_numpy(np.ascontiguousarray(data))]
    if isinstance(data, Mapping):
        return [each for value in data.values() for each in _tensors(torch, value)]
    raise InvalidInput(
        f"The model takes a DataFrame, an array or a dict of arrays, got {type(data).__qualname__}."
    )

"""transformers: a pipeline as its model's safetensors, and its tokenizer's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidInput, InvalidModel, InvalidValue
from nbtrack.models.bundle import Bundle
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved, wanted
from nbtrack.models.trust import Trust, check_code

_MODEL = "model"
_COMPONENTS = ("tokenizer", "feature_extractor", "image_processor", "processor")


class TransformersFlavor(Flavor):
    """``transformers.Pipeline``; as a function it takes texts, and gives what the pipeline does."""

    name = "transformers"
    libraries = ("transformers",)
    install = "pip install transformers torch"

    def save(self, model: Any, folder: Path, given: Given) -> Saved:  # noqa: ARG002
        transformers = self.need("transformers")
        if not isinstance(model, transformers.Pipeline):
            raise InvalidValue(
                f"Give a pipeline, which has the tokenizer with it: "
                f"transformers.pipeline(task, model=…, tokenizer=…), not a {type(model).__name__}."
            )
        model.model.save_pretrained(folder / _MODEL, safe_serialization=True)
        conf: dict[str, Any] = {
            "task": model.task,
            "instance_type": type(model).__name__,
            "framework": "pt",
            "pipeline_model_type": type(model.model).__name__,
            "source_model_name": "",
            "model_binary": _MODEL,
            "transformers_version": transformers.__version__,
        }
        components = [name for name in _COMPONENTS if getattr(model, name, None) is not None]
        for name in components:
            component = getattr(model, name)
            component.save_pretrained(folder / "components" / name)
            conf[f"{name}_type"] = type(component).__name__
            conf[f"{name}_name"] = ""
        conf["components"] = components
        return Saved(
            conf, {"loader_module": "mlflow.transformers"}, packages=("transformers", "torch")
        )

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:
        transformers = self.need("transformers")
        if not conf.get("model_binary"):
            raise InvalidModel(
                "The model's weights are not in its folder, but at a hub; save it with them."
            )
        home = bundle.file(conf["model_binary"])
        if not any(home.glob("*.safetensors")):
            check_code(trusted, "weights that are pickled", home)
        parts: dict[str, Any] = {}
        kind = _class(transformers, wanted(conf, "pipeline_model_type"))
        parts["model"] = kind.from_pretrained(home, local_files_only=True, trust_remote_code=False)
        for name in conf.get("components") or ():
            if name not in _COMPONENTS:
                raise InvalidModel(f"The model names a component {name!r} that is not known here.")
            kind = _class(transformers, wanted(conf, f"{name}_type"))
            parts[name] = kind.from_pretrained(
                bundle.file(f"components/{name}"), local_files_only=True, trust_remote_code=False
            )
        return transformers.pipeline(wanted(conf, "task"), **parts)

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:  # noqa: ARG002
        return lambda data, params: model(_texts(data), **params)


def _class(transformers: Any, name: object) -> Any:
    """A class of transformers by its name; a name from a bundle reaches nothing else."""
    found = getattr(transformers, str(name), None)
    if isinstance(found, type) and hasattr(found, "from_pretrained"):
        return found
    raise InvalidModel(f"The model names {name!r}, which is no class of transformers.")


def _texts(data: Any) -> Any:
    """A table's one column, or its rows where there are several; anything else as it is."""
    if hasattr(data, "iloc"):
        if len(data.columns) == 1:
            return data.iloc[:, 0].tolist()
        return data.to_dict(orient="records")
    if isinstance(data, (str, list, Mapping)):
        return data
    if hasattr(data, "tolist"):
        return data.tolist()
    raise InvalidInput(f"A pipeline takes texts, got {type(data).__qualname__}.")

"""From a model to a bundle: written beside its place, and moved there when it is whole."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.bundle import PYFUNC, Bundle, write_mlmodel
from nbtrack.models.environment import ENTRY, given_requirements, write_environment
from nbtrack.models.example import write_example
from nbtrack.models.flavors import flavor_named, flavor_of
from nbtrack.models.flavors.flavor import Flavor, Given
from nbtrack.models.places import keep_folder
from nbtrack.models.pyfunc import PyFuncModel
from nbtrack.models.python_model import PythonModel
from nbtrack.models.requirements import infer_requirements
from nbtrack.models.signature import ModelSignature, infer_schema, infer_signature
from nbtrack.tracking.active import active_run, start_run
from nbtrack.tracking.values import check_key

Requirements = str | Path | Iterable[str] | None


@dataclass(frozen=True, slots=True, repr=False)
class ModelInfo:
    """Where a logged model is, and what it is. ``model_uri`` is what `load_model` takes."""

    model_uri: str
    run_id: str
    artifact_path: str
    flavors: Mapping[str, Mapping[str, Any]]
    signature: ModelSignature | None
    model_uuid: str
    utc_time_created: str

    def __repr__(self) -> str:
        kinds = ", ".join(name for name in self.flavors if name != PYFUNC) or PYFUNC
        takes = "" if self.signature is None else f"\n{self.signature}"
        return f"<Model {self.artifact_path} ({kinds}) {self.model_uri}>{takes}"


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    signature: ModelSignature | None = None,
    input_example: object = None,
    flavor: str | None = None,
    pip_requirements: Requirements = None,
    extra_pip_requirements: Requirements = None,
    code_paths: Iterable[str | os.PathLike[str]] = (),
    metadata: Mapping[str, Any] | None = None,
    **options: Any,
) -> Bundle:
    """Write the model to the new folder ``path``, in MLflow's layout; what it says of itself.

    The folder appears whole or not at all. A model that is a function or a class of the
    user's own is pickled; all others are written so that they load without running code,
    where their library has such a format.

    Parameters
    ----------
    model : of any library that has a flavor, a function of the input, or a `PythonModel`.
    signature : as `infer_signature` gives it; default, from the example.
    input_example : some rows of input, or a pair of them and a dict of parameters.
    flavor : its name, where the model's class does not tell it.
    pip_requirements : a list, or the path of a file; default, what a fresh process imports
        to load the model and to predict on the example, pinned.
    extra_pip_requirements : the same, beside what was found.
    code_paths : files and folders of Python that the model imports.
    metadata : values to keep with it, as JSON can hold them.
    **options : of the flavor, such as ``serialization_format="pickle"`` for scikit-learn.
    """
    target = Path(path)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidValue(f"{target} is there already; a model is saved to a new folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        folder = work / "model"
        folder.mkdir()
        _write(
            folder,
            model,
            flavor_named(flavor) if flavor else flavor_of(model),
            signature=signature,
            input_example=input_example,
            pip_requirements=pip_requirements,
            extra_pip_requirements=extra_pip_requirements,
            code_paths=code_paths,
            metadata=metadata,
            options=options,
        )
        with suppress(FileNotFoundError):
            target.rmdir()
        os.rename(folder, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Bundle.read(target)


def log_model(
    model: Any,
    name: str,
    *,
    signature: ModelSignature | None = None,
    input_example: object = None,
    flavor: str | None = None,
    pip_requirements: Requirements = None,
    extra_pip_requirements: Requirements = None,
    code_paths: Iterable[str | os.PathLike[str]] = (),
    metadata: Mapping[str, Any] | None = None,
    **options: Any,
) -> ModelInfo:
    """Save the model, and keep it with the active run as ``name``; where it is.

    Where no run is active, one is started. The other arguments are those of `save_model`.
    """
    path = check_key(name, "model").strip("/")
    run = active_run() or start_run()
    with tempfile.TemporaryDirectory(prefix="nbtrack-model-") as scratch:
        folder = Path(scratch) / "model"
        folder.mkdir()
        fields = _write(
            folder,
            model,
            flavor_named(flavor) if flavor else flavor_of(model),
            signature=signature,
            input_example=input_example,
            pip_requirements=pip_requirements,
            extra_pip_requirements=extra_pip_requirements,
            code_paths=code_paths,
            metadata=metadata,
            options=options,
            origin={"run_id": run.id, "artifact_path": path},
        )
        bundle = Bundle.read(folder)
        keep_folder(run, folder, path)
    return ModelInfo(
        model_uri=f"runs:/{run.id}/{path}",
        run_id=run.id,
        artifact_path=path,
        flavors=bundle.flavors,
        signature=bundle.signature,
        model_uuid=fields["model_uuid"],
        utc_time_created=fields["utc_time_created"],
    )


def _write(
    folder: Path,
    model: Any,
    flavor: Flavor,
    *,
    signature: ModelSignature | None,
    input_example: object,
    pip_requirements: Requirements,
    extra_pip_requirements: Requirements,
    code_paths: Iterable[str | os.PathLike[str]],
    metadata: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    origin: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the bundle into the empty ``folder``; what its ``MLmodel`` says."""
    _check_options(flavor, options)
    example, params = _example_and_params(input_example)
    given_signature = signature
    if signature is None and example is not None:
        signature = infer_signature(example, params=params)
    saved = flavor.save(model, folder, Given(example, signature, options))
    code = _keep_code(code_paths, folder)
    entry = {
        **saved.pyfunc,
        "code": code,
        "env": dict(ENTRY),
        "python_version": platform.python_version(),
    }
    flavors: dict[str, Any] = (
        {} if flavor.name == PYFUNC else {flavor.name: {**saved.conf, "code": code}}
    )
    fields: dict[str, Any] = {
        **(origin or {}),
        "flavors": {**flavors, PYFUNC: entry},
        "model_uuid": uuid.uuid4().hex,
        "utc_time_created": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S.%f}",
    }
    if metadata:
        fields["metadata"] = dict(metadata)
    if example is not None:
        fields["saved_input_example_info"] = write_example(folder, example, params)
    if signature is not None:
        fields["signature"] = signature.to_dict()
    # Whole enough to be loaded: what it gives, and what it imports, is found by doing so.
    write_mlmodel(folder, fields)
    if given_signature is None and signature is not None:
        bundle = Bundle.read(folder)
        function = PyFuncModel(bundle, flavor, flavor.begun(model, bundle))
        signature = _with_outputs(signature, function.predict(example, params=params))
        fields["signature"] = signature.to_dict()
    lines = (
        infer_requirements(folder, saved.packages)
        if pip_requirements is None
        else given_requirements(pip_requirements)
    )
    lines += given_requirements(extra_pip_requirements or ())
    write_environment(folder, lines)
    fields["model_size_bytes"] = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    write_mlmodel(folder, fields)
    return fields


def _with_outputs(signature: ModelSignature, given: object) -> ModelSignature:
    """The signature with what the model gives for its example."""
    try:
        outputs = infer_schema(given)
    except InvalidValue:
        # A model may give what no schema tells, and is a model all the same.
        return signature
    return ModelSignature(signature.inputs, outputs, signature.params)


def _example_and_params(example: object) -> tuple[object, dict[str, Any] | None]:
    if isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], Mapping):
        return example[0], dict(example[1])
    return example, None


def _check_options(flavor: Flavor, options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in flavor.options:
            has = ", ".join(flavor.options) or "none"
            raise InvalidValue(f"The flavor {flavor.name} has no option {name!r} (it has: {has}).")


def _keep_code(paths: Iterable[str | os.PathLike[str]], folder: Path) -> str | None:
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    kept = None
    for each in paths:
        kept = "code"
        source = Path(each)
        if not source.exists():
            raise InvalidValue(f"code_paths: there is no {str(source)!r}.")
        target = folder / kept / source.resolve().name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    return kept


class pyfunc:
    """Models as functions, in MLflow's words; `nbtrack.pyfunc` also loads those by URI."""

    log_model = staticmethod(log_model)
    save_model = staticmethod(save_model)
    PythonModel = PythonModel
    PyFuncModel = PyFuncModel

"""Which packages a model needs: those that a fresh process imports to load it and predict.

The process that saved the model has imported a notebook's worth of other things, so
that its own modules say little. In the fresh one each import tells who asked for it.
What the model's own code, its pickle and nbtrack ask for are its needs; what those
packages ask for counts if they declare it (scikit-learn's NumPy), and does not if they
only look whether it is there (SciPy's torch). Each is pinned to the version here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from nbtrack.models.environment import normal_name, pinned

TIMEOUT_S = 300

# Here to save and load models, and to install them; no model's own needs.
_OWN = {"nbtrack", "pip", "setuptools", "wheel", "mlflow", "mlflow-skinny"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def infer_requirements(folder: Path, packages: Iterable[str] = ()) -> list[str]:
    """Pinned requirements of the bundle in ``folder``, which was written by this process.

    Where the fresh process fails, a warning says why, and ``packages``, which the
    flavor names, are all there is.
    """
    asked: Mapping[str, list[str]] = {"asked": [], "loaded": []}
    told = _imports(folder)
    if isinstance(told, str):
        warnings.warn(
            "The model does not load in a fresh process, so that its requirements are only "
            f"those of its library; give pip_requirements to say them. {told}",
            stacklevel=4,
        )
    else:
        asked = told
    homes = metadata.packages_distributions()
    roots = {name for module in asked["asked"] for name in homes.get(module, ())} | set(packages)
    loaded = {normal_name(name) for module in asked["loaded"] for name in homes.get(module, ())}
    own = {normal_name(name) for name in roots} - _OWN
    return pinned(own | (_declared(own) & loaded) - _OWN)


def requirements_of_libraries(parts: Iterable[object]) -> list[str] | None:
    """Pinned requirements of a model made of ``parts``, where their classes are all libraries' own.

    They are the libraries, and what those require of what is loaded here; ``None`` where a
    class is the user's own, since only loading the model tells what that needs.
    """
    roots = {type(part).__module__.partition(".")[0] for part in parts} - sys.stdlib_module_names
    homes = metadata.packages_distributions()
    if not roots or not all(root in homes for root in roots):
        return None
    own = {normal_name(name) for root in roots for name in homes[root]} - _OWN
    loaded = {normal_name(n) for root in _loaded_roots() for n in homes.get(root, ())}
    return pinned(own | (_declared(own) & loaded) - _OWN)


def _loaded_roots() -> set[str]:
    return {name.partition(".")[0] for name in list(sys.modules)}


def _imports(folder: Path) -> dict[str, list[str]] | str:
    """What `nbtrack.models.probe` answers; the error's last line if it fails."""
    with tempfile.TemporaryDirectory() as scratch:
        answer = Path(scratch) / "modules.json"
        command = [sys.executable, "-m", "nbtrack.models.probe", str(folder), str(answer)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return f"It took longer than {TIMEOUT_S} s."
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            return lines[-1] if lines else f"It ended with status {done.returncode}."
        told: dict[str, list[str]] = json.loads(answer.read_bytes())
        return told


def _declared(names: Iterable[str]) -> set[str]:
    """What these distributions require, and what that requires in turn; extras left out."""
    found: set[str] = set()
    open_ = list(names)
    while open_:
        try:
            required = metadata.requires(open_.pop()) or []
        except metadata.PackageNotFoundError:
            continue
        for line in required:
            named = _NAME.match(line)
            if named and "extra ==" not in line and normal_name(named.group()) not in found:
                found.add(normal_name(named.group()))
                open_.append(named.group())
    return found

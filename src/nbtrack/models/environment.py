"""What a model needs to be installed: ``requirements.txt``, ``conda.yaml``, ``python_env.yaml``."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue

REQUIREMENTS = "requirements.txt"
CONDA = "conda.yaml"
PYTHON_ENV = "python_env.yaml"

#: As ``python_function`` in ``MLmodel`` names the files.
ENTRY = {"conda": CONDA, "virtualenv": PYTHON_ENV}


def write_environment(folder: Path, requirements: Sequence[str]) -> None:
    """Write the three files, which tell the same packages."""
    import yaml

    python = platform.python_version()
    (folder / REQUIREMENTS).write_text("".join(f"{line}\n" for line in requirements), "utf-8")
    conda: dict[str, Any] = {
        "name": "model",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": list(requirements)}],
    }
    env = {
        "python": python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }
    for name, told in ((CONDA, conda), (PYTHON_ENV, env)):
        (folder / name).write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")


def read_requirements(folder: Path) -> list[str]:
    """The lines of the bundle's ``requirements.txt``; none if it has no such file."""
    file = folder / REQUIREMENTS
    if not file.is_file():
        return []
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def given_requirements(given: str | Path | Iterable[str]) -> list[str]:
    """Requirements as the user gave them: a list, or the path of a file of them."""
    if isinstance(given, (str, Path)):
        try:
            text = Path(given).read_text(encoding="utf-8")
        except OSError as error:
            raise InvalidValue(
                f"pip_requirements is a list of requirements or the path of a file of them; "
                f"{str(given)!r} cannot be read."
            ) from error
        given = (line.split(" #")[0].strip() for line in text.splitlines())
    lines = list(given)
    for line in lines:
        if not isinstance(line, str) or "\n" in line:
            raise InvalidValue(f"A requirement is one line of text, got {line!r}.")
    return [line for line in lines if line and not line.startswith("#")]


def pinned(names: Iterable[str]) -> list[str]:
    """``name==version`` for each distribution that is installed here, sorted by name."""
    found = {}
    for name in names:
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        # `+cpu` and the like name a build that the registries do not have.
        version = distribution.version.partition("+")[0]
        told = distribution.metadata["Name"]
        found[normal_name(told)] = f"{told}=={version}"
    return [found[name] for name in sorted(found)]


def normal_name(name: str) -> str:
    """A distribution's name as PEP 503 compares them."""
    return re.sub(r"[-_.]+", "-", name).lower()

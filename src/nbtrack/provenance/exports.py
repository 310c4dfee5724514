"""A run's packages as files that installers read: for pip, for conda, for uv."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from nbtrack.errors import InvalidValue
from nbtrack.provenance.recipe import Recipe, RecordedPackage

_PLATFORMS = {"Linux": "linux", "macOS": "darwin", "Darwin": "darwin", "Windows": "win32"}


def export_environment(recipe: Recipe, file: Path) -> list[Path]:
    """Write the run's packages to ``file``, in the format that its name says.

    ``*.txt`` are pip's requirements, ``*.yaml`` or ``*.yml`` a conda environment;
    ``pyproject.toml`` is a project for uv, with ``uv.lock`` beside it where uv is installed.

    Raises
    ------
    InvalidValue
        Where nothing was recorded, the name says no format, the file is there already,
        or uv cannot lock.
    """
    if not recipe.environment.get("packages"):
        raise InvalidValue(f"Of run {recipe.run.name!r} no packages were recorded.")
    if file.exists():
        raise InvalidValue(f"{file} exists already; choose another name.")
    if file.name == "pyproject.toml":
        file.write_text(project_text(recipe), encoding="utf-8")
        return [file, *_locked(file)]
    formats = {".txt": requirements_text, ".yaml": conda_text, ".yml": conda_text}
    if file.suffix not in formats:
        raise InvalidValue(
            f"{file.name} says no format: requirements.txt, conda.yaml or pyproject.toml do."
        )
    file.write_text(formats[file.suffix](recipe), encoding="utf-8")
    return [file]


def requirements(recipe: Recipe, *, without: Collection[str] = ()) -> tuple[list[str], list[str]]:
    """What pip would install the packages from, and the names of those that it cannot.

    These were installed from a folder: no registry has what they were. ``without`` names
    packages, or an origin.
    """
    lines, local = [], []
    for package in recipe.installed:
        if package.name.lower() in without or package.origin in without:
            continue
        line = _requirement(package)
        if line:
            lines.append(line)
        else:
            local.append(package.name)
    return lines, local


def requirements_text(recipe: Recipe) -> str:
    """The packages as ``requirements.txt``."""
    lines, _ = requirements(recipe)
    return "\n".join([*_heading(recipe), *lines, *_comments(recipe)]) + "\n"


def conda_text(recipe: Recipe) -> str:
    """The packages as ``conda.yaml``: conda's own with their builds, the others by pip."""
    conda = [each for each in recipe.environment.get("conda", []) if each.get("name")]
    channels = dict.fromkeys(_channel(each["channel"]) for each in conda if each.get("channel"))
    by_conda = {each["name"].lower() for each in conda}
    pinned = [f"{each['name']}={each['version']}={each['build']}".rstrip("=") for each in conda]
    if "python" not in by_conda:
        pinned.insert(0, f"python={recipe.environment.get('python', '')}")
    if "pip" not in by_conda:
        pinned.append("pip")
    lines, _ = requirements(recipe, without={"pip", "conda"})
    return "\n".join(
        [
            *_heading(recipe),
            f"name: {json.dumps(_slug(recipe.run.name))}",
            "channels:",
            *(f"  - {json.dumps(channel)}" for channel in channels or ("conda-forge",)),
            "dependencies:",
            *(f"  - {json.dumps(each)}" for each in pinned),
            *(["  - pip:", *(f"      - {json.dumps(line)}" for line in lines)] if lines else []),
            *_comments(recipe),
        ]
    ) + "\n"  # fmt: skip


def project_text(recipe: Recipe) -> str:
    """The packages as the ``pyproject.toml`` of a project that uv can lock and install."""
    lines, _ = requirements(recipe)
    python = str(recipe.environment.get("python", ""))
    system = _PLATFORMS.get(str(recipe.environment.get("platform", "")).partition("-")[0])
    only_here = f"environments = [\"sys_platform == '{system}'\"]" if system else ""
    return "\n".join(
        [
            *_heading(recipe),
            "[project]",
            f"name = {json.dumps(_slug(recipe.run.name))}",
            'version = "0"',
            f"requires-python = {json.dumps(_this_python(python))}",
            "dependencies = [",
            *(f"  {json.dumps(line)}," for line in lines),
            "]",
            "",
            "[tool.uv]",
            "package = false",
            *([only_here] if only_here else []),
            *_comments(recipe),
        ]
    ) + "\n"  # fmt: skip


def _this_python(version: str) -> str:
    """That Python and its later patches."""
    major, minor, *_ = [*version.split("."), "0", "0"]
    return f">={version},<{major}.{int(minor) + 1}" if minor.isdigit() else ">=3"


def find_uv() -> str | None:
    """Where uv is: on the path, or installed as a package."""
    found = shutil.which("uv")
    if found is None:
        try:
            from uv import find_uv_bin
        except ImportError:
            return None
        try:
            found = str(find_uv_bin())
        except FileNotFoundError:
            return None
    return found


def _locked(project: Path) -> list[Path]:
    uv = find_uv()
    if uv is None:
        return []
    done = subprocess.run(
        [uv, "lock", "--project", str(project.parent), "--no-progress"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        reason = " ".join(done.stderr.split())[-300:]
        raise InvalidValue(f"Wrote {project}, but uv could not lock it: {reason}")
    return [project.with_name("uv.lock")]


def _requirement(package: RecordedPackage) -> str:
    kind, _, where = package.origin.partition(" ")
    if kind in ("vcs", "url"):
        return f"{package.name} @ {where}"
    return "" if kind in ("editable", "path") else f"{package.name}=={package.version}"


def _heading(recipe: Recipe) -> list[str]:
    python = recipe.environment.get("python", "unknown")
    return [
        f"# The packages of run {_slug(recipe.run.name)} ({recipe.run.run_id}), Python {python}"
    ]


def _comments(recipe: Recipe) -> list[str]:
    """What no installer can get, told where one reads it."""
    return [
        f"# {package.name} {package.version} was installed from the folder "
        f"{json.dumps(package.origin.partition(' ')[2])}: no registry has it."
        for package in recipe.installed
        if package.origin.startswith(("editable", "path"))
    ]


def _channel(address: str) -> str:
    """``conda-forge`` of its address at Anaconda; other addresses as they are."""
    address = re.sub(r"/(noarch|(linux|osx|win)-[\w-]+)/?$", "", address)
    return re.sub(r"^https?://(conda\.anaconda\.org|repo\.anaconda\.com/pkgs)/", "", address)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "run"

"""The packages of a run, installed anew in an environment that passes with the replay."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from nbtrack.errors import NotReplayable
from nbtrack.provenance.exports import find_uv, requirements
from nbtrack.provenance.recipe import Recipe

# What makes the environment, and what is linked into it.
_NOT_INSTALLED = ("pip", "nbtrack")


def install_packages(
    recipe: Recipe, folder: Path, notes: list[str], said: Callable[[str], None]
) -> Path:
    """Make an environment with the recorded versions in ``folder``; its Python.

    uv does it where it is installed, and brings the recorded Python; else venv and pip.
    nbtrack itself is the one that runs here. What could not be had is told in ``notes``.
    Raises `NotReplayable` where nothing was recorded, or an installer fails.
    """
    lines, local = requirements(recipe, without=_NOT_INSTALLED)
    if not lines:
        raise NotReplayable(f"Of run {recipe.run.name!r} no packages were recorded.")
    local = [name for name in local if name not in _NOT_INSTALLED]
    if local:
        notes.append(f"Installed from a folder, so not to be had again: {', '.join(local)}.")
    said(f"installing {len(lines)} packages")
    uv = find_uv()
    python = _made_by_uv(uv, recipe, folder) if uv else _made_by_venv(folder)
    wanted = folder / "requirements.txt"
    wanted.write_text("\n".join(lines), encoding="utf-8")
    # The recorded set is complete: nothing is resolved anew.
    install = (
        [uv, "pip", "install", "--python", str(python)]
        if uv
        else [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    )
    _run([*install, "--no-deps", "-r", str(wanted)], "The packages could not be installed")
    _link_nbtrack(python, folder)
    return python


def _made_by_uv(uv: str, recipe: Recipe, folder: Path) -> Path:
    recorded = str(recipe.environment.get("python", ""))
    for version in (recorded, ".".join(recorded.split(".")[:2]), sys.executable):
        made = _call([uv, "venv", "--python", version, str(folder)]) if version else None
        if made is not None and made.returncode == 0:
            return _python_of(folder)
    return _made_by_venv(folder)


def _made_by_venv(folder: Path) -> Path:
    command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    _run(command, "An environment could not be made")
    return _python_of(folder)


def _python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _link_nbtrack(python: Path, folder: Path) -> None:
    """Let the environment import the nbtrack that runs here, and nothing else that stands by it."""
    package = Path(__file__).parents[2]
    shown = folder / "linked"
    shown.mkdir()
    try:
        (shown / package.name).symlink_to(package, target_is_directory=True)
    except OSError:  # Windows asks for a privilege.
        shutil.copytree(package, shown / package.name)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(_run([str(python), "-c", ask], "The new Python does not run").strip())
    (site / "nbtrack-linked.pth").write_text(f"{shown}\n", encoding="utf-8")


def _run(command: list[str], otherwise: str) -> str:
    done = _call(command)
    if done.returncode:
        raise NotReplayable(f"{otherwise}: {' '.join(done.stderr.split())[-400:]}")
    return done.stdout


def _call(command: list[str]) -> subprocess.CompletedProcess[str]:
    hidden = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        env={k: v for k, v in os.environ.items() if k not in hidden},
        check=False,
    )

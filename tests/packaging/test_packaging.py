"""What ``pip install .`` builds on a machine without Node, and what a wheel carries."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
STATIC = CHECKOUT / "src/nbtrack/widgets/static"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """A wheel built from what git has, by pip, with no Node on the PATH."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "checkout"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (CHECKOUT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, source / name)
    tools = place / "bin"
    tools.mkdir()
    for tool in ("sh", "env", "uname", "git"):
        if found := shutil.which(tool):
            (tools / tool).symlink_to(found)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", str(place), str(source)]
    built = subprocess.run(
        command, env={**os.environ, "PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    (path,) = place.glob("*.whl")
    return zipfile.ZipFile(path)


def test_a_wheel_built_without_node_carries_the_front_end(wheel):
    names = set(wheel.namelist())
    assert {"nbtrack/widgets/static/run_table.js", "nbtrack/widgets/static/run_table.css"} <= names
    shared = {name.partition(".data/data/")[2] for name in names}
    assert "share/jupyter/labextensions/nbtrack/package.json" in shared
    assert "share/jupyter/labextensions/nbtrack/install.json" in shared
    assert any(
        re.fullmatch(r"share/jupyter/labextensions/nbtrack/static/remoteEntry\.\w+\.js", name)
        for name in shared
    )
    assert not any("node_modules" in name for name in names)


def test_the_front_end_here_is_the_one_that_its_sources_give(wheel):
    for name in ("run_table.js", "run_table.css"):
        built = wheel.read(f"nbtrack/widgets/static/{name}")
        assert (STATIC / name).read_bytes() == built, "stale: cd js && npm run build"


def test_what_the_browser_runs_names_no_other_machine(wheel):
    for name in wheel.namelist():
        if name.endswith((".js", ".css")):
            hosts = set(re.findall(rb"(?:https?|wss?)://([\w.-]+)", wheel.read(name)))
            # The name of the SVG namespace, which nothing fetches.
            names = {b"www.w3.org"}
            if name.endswith("/vega.js"):
                # That of a schema, and of an issue that one of its messages points to. Its loader
                # refuses all addresses (`vega/index.ts`); the browser's tests see none asked for.
                names |= {b"vega.github.io", b"github.com"}
            assert hosts <= names, name


def test_the_lock_file_names_no_registry():
    locked = json.loads((CHECKOUT / "js/package-lock.json").read_text())
    assert locked["packages"]
    assert not [name for name, package in locked["packages"].items() if "resolved" in package]


def test_front_end_and_package_have_one_version():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    front_end = json.loads((CHECKOUT / "js/package.json").read_text())
    assert front_end["version"] == project["version"]

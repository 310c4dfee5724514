"""The house itself: who imports whom, what the front door offers, what importing costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nbtrack

CHECKOUT = Path(__file__).parents[1]
PACKAGE = CHECKOUT / "src" / "nbtrack"
HEAVY = ("altair", "anywidget", "duckdb", "IPython", "numpy", "pandas", "polars", "pyarrow")

# Machines and registries of whoever works here must not reach whoever clones.
OUTSIDE_TEXT = re.compile(
    rb"/(?:root|work)/\w|[\w.-]*(?:pypi|pythonhosted|npmjs|yarnpkg|debian|jsdelivr|unpkg)"
    rb"\.(?:org|com|net)"
)


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after ``statement``."""
    program = f"import sys\n{statement}\nprint(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    return set(done.stdout.split())


def tracked_files() -> list[Path]:
    """What git tracks, or would if everything here were added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        cwd=CHECKOUT,
        check=True,
    )
    paths = (CHECKOUT / name.decode() for name in listed.stdout.split(b"\0") if name)
    return [path for path in paths if path.is_file()]


def test_the_rooms_import_each_other_as_the_contracts_say() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "import nbtrack",
        "import nbtrack.errors, nbtrack.settings, nbtrack.events",
        "import nbtrack; nbtrack.run; nbtrack.log; nbtrack.search_runs",
        "import nbtrack.charts",
        "import nbtrack.integrations.tensorboard, nbtrack.integrations.wandb",
        "import nbtrack.models.saving, nbtrack.models.flavors.pytorch",
        "import nbtrack.models.serving.app, nbtrack.models.flavors.keras",
    ],
)
def test_importing_loads_no_heavy_library(statement: str) -> None:
    bare = loaded_by("pass")
    assert (loaded_by(statement) - bare) & set(HEAVY) == set()


def test_importing_nbtrack_loads_no_room() -> None:
    program = "import sys, nbtrack; print(*(m for m in sys.modules if m.startswith('nbtrack')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["nbtrack"]


def test_every_name_on_the_front_door_loads_and_no_other_is_offered() -> None:
    lazily_loaded = {name for names in nbtrack._HOMES.values() for name in names}
    assert set(nbtrack.__all__) == lazily_loaded
    assert nbtrack.__all__ == sorted(nbtrack.__all__)
    for name in nbtrack.__all__:
        assert getattr(nbtrack, name).__module__.startswith("nbtrack."), name


def test_type_checkers_see_the_names_that_load_lazily() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    seen = {
        (node.module, alias.name)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {(home, name) for home, names in nbtrack._HOMES.items() for name in names}


def test_no_name_on_the_front_door_is_a_room() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir()}
    assert rooms & set(nbtrack.__all__) == set()


def test_nobody_inside_comes_through_the_front_door() -> None:
    entered = re.compile(r"^\s*(?:import nbtrack$|from nbtrack import (?!errors|settings|events))")
    guilty = [
        f"{path.relative_to(CHECKOUT)}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text().splitlines()
        if entered.search(line)
    ]
    assert guilty == []


def test_no_module_outgrows_its_room() -> None:
    long = {
        str(path.relative_to(CHECKOUT)): lines
        for path in [*PACKAGE.rglob("*.py"), *(CHECKOUT / "js" / "src").rglob("*.ts")]
        if (lines := len(path.read_text().splitlines())) > 600
    }
    assert long == {}


def test_every_room_tells_its_design() -> None:
    rooms = """artifacts capture charts datasets magics models provenance registry store tracking
        widgets""".split()
    assert [room for room in rooms if not (PACKAGE / room / "DESIGN.md").exists()] == []


def test_no_file_names_a_registry_or_somebodys_machine() -> None:
    named = {
        str(path.relative_to(CHECKOUT)): found.group().decode()
        for path in tracked_files()
        if path != Path(__file__) and (found := OUTSIDE_TEXT.search(path.read_bytes()))
    }
    assert named == {}

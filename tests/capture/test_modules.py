"""Local modules that were imported, by their texts."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbtrack.capture.modules import LocalModules

CODE = """
import json, sys
from pathlib import Path
sys.path.insert(0, ".")
import helpers, deep.tools, numpy, pytest
from nbtrack.capture.modules import LocalModules
modules = LocalModules()
modules.look()
print(json.dumps(modules.under(Path("."))))
"""


def test_modules_of_the_project_are_found_and_installed_ones_are_not(tmp_path):
    import json

    (tmp_path / "helpers.py").write_text("k = 1\n")
    (tmp_path / "unused.py").write_text("k = 2\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "__init__.py").write_text("")
    (tmp_path / "deep" / "tools.py").write_text("k = 3\n")
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {
        "deep/__init__.py": "",
        "deep/tools.py": "k = 3\n",
        "helpers.py": "k = 1\n",
    }


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder to import from; what a test imports there is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_a_module_edited_after_its_import_is_recorded_as_it_was_imported(project):
    file = project / "edited_later.py"
    file.write_text("k = 1\n")
    module = importlib.import_module("edited_later")
    modules = LocalModules()
    modules.look()
    file.write_text("k = 22\n")
    modules.look()
    assert modules.under(project) == {"edited_later.py": "k = 1\n"}
    assert modules.edited(project) == ["edited_later.py"]
    importlib.reload(module)
    modules.look()
    assert modules.under(project) == {"edited_later.py": "k = 22\n"}
    assert modules.edited(project) == []


def test_what_was_edited_before_anybody_looked_is_not_taken_for_what_was_imported(project):
    file = project / "edited_before.py"
    file.write_text("k = 1\n")
    sys.dont_write_bytecode, was = False, sys.dont_write_bytecode
    try:
        importlib.import_module("edited_before")
    finally:
        sys.dont_write_bytecode = was
    file.write_text("k = 22\n")
    os.utime(file, (1, 1))
    modules = LocalModules()
    modules.look()
    assert modules.under(project) == {}
    assert modules.edited(project) == ["edited_before.py"]


def test_a_module_is_used_where_it_is_named_or_a_used_one_names_it(project):
    (project / "outer_one.py").write_text("import inner_one\n")
    (project / "inner_one.py").write_text("k = 1\n")
    (project / "other_one.py").write_text("k = 2\n")
    for name in ("outer_one", "other_one"):
        importlib.import_module(name)
    modules = LocalModules()
    modules.look()
    assert modules.used_by(["from outer_one import f"], project) == {"outer_one.py", "inner_one.py"}


def test_the_tracker_itself_is_no_module_of_the_project():
    import nbtrack

    modules = LocalModules()
    modules.look()
    found = modules.under(Path(nbtrack.__file__).parents[2])
    assert not [path for path in found if path.startswith("src/nbtrack")]

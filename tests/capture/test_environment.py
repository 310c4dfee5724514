"""What is said of the Python that runs."""

import os
import platform
import subprocess
import sys
from importlib import metadata

from nbtrack.capture.environment import list_packages, observe_python


def test_interpreter_and_machine_are_told():
    facts = observe_python()
    assert facts["python.version"] == platform.python_version()
    assert facts["python.implementation"] == "CPython"
    assert facts["platform"] == platform.platform()
    assert facts["machine.cpus"] == str(os.cpu_count())
    assert all(type(value) is str for value in facts.values())


def test_conda_is_known_by_its_folder(monkeypatch, tmp_path):
    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert observe_python()["python.environment"] == "conda"


def test_a_virtual_environment_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert observe_python()["python.environment"] == "venv"


def test_packages_are_listed_once_each_in_order():
    lines = list_packages().splitlines()
    assert f"pytest=={metadata.version('pytest')}" in lines
    names = [line.partition("==")[0].lower().replace("_", "-") for line in lines]
    assert names == sorted(set(names))


def test_the_first_on_the_path_counts_and_a_broken_package_is_passed_by(monkeypatch, tmp_path):
    for folder, version in (("first", "2.0"), ("second", "1.0")):
        place = tmp_path / folder / "Made_Up-x.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: Made_Up\nVersion: {version}\n"
        )
    (tmp_path / "first" / "half_gone-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), str(tmp_path / "second")])
    assert list_packages() == "Made_Up==2.0"


def test_the_room_imports_nothing_heavy():
    heavy = ("numpy", "pandas", "sklearn", "torch", "IPython", "duckdb", "pyarrow", "psutil")
    code = f"import sys, nbtrack.capture; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"

"""What is said of the Python that runs."""

import json
import os
import platform
import subprocess
import sys
from importlib import metadata

import pytest

from nbtrack.capture.environment import describe_environment, observe_python, packages_text
from nbtrack.capture.packages import Package, list_conda_packages, list_packages


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
    lines = packages_text(list_packages()).splitlines()
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
    assert list_packages() == [Package("Made_Up", "2.0")]


def test_the_room_imports_nothing_heavy():
    heavy = ("numpy", "pandas", "sklearn", "torch", "IPython", "duckdb", "pyarrow", "psutil")
    code = f"import sys, nbtrack.capture; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        (
            {
                "url": "https://me:pw@example.org/a.git",
                "vcs_info": {"vcs": "git", "commit_id": "ab1"},
            },
            "vcs git+https://example.org/a.git@ab1",
        ),
        ({"url": "file:///opt/projects/mine", "dir_info": {"editable": True}}, "editable mine"),
        ({"url": "file:///tmp/mine-1.0.whl", "archive_info": {}}, "path mine-1.0.whl"),
        (
            {"url": "https://example.org/mine.whl", "archive_info": {}},
            "url https://example.org/mine.whl",
        ),
    ],
)
def test_where_a_package_came_from_is_told(monkeypatch, tmp_path, told, origin):
    place = tmp_path / "mine-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (place / "direct_url.json").write_text(json.dumps(told))
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert list_packages() == [Package("mine", "1.0", origin)]


def test_conda_packages_are_read_from_its_records(tmp_path):
    (tmp_path / "conda-meta").mkdir()
    record = {"name": "numpy", "version": "2.1", "build": "py311_0", "channel": "conda-forge"}
    (tmp_path / "conda-meta" / "numpy.json").write_text(json.dumps(record))
    (tmp_path / "conda-meta" / "broken.json").write_text("{")
    assert list_conda_packages(str(tmp_path)) == [record]


def test_equal_environments_have_equal_texts_and_other_variables_are_not_in_it(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("SOME_PASSWORD", "hunter2!")
    texts = {describe_environment(observe_python(), list_packages()) for _ in range(2)}
    assert len(texts) == 1
    told = json.loads(texts.pop())
    assert told["variables"]["OMP_NUM_THREADS"] == "3"
    assert "hunter2" not in json.dumps(told)
    assert {"name": "pytest", "version": metadata.version("pytest"), "origin": ""} in told[
        "packages"
    ]

"""Packages of a run as files that installers read."""

import base64
import hashlib
import json
import zipfile

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.provenance.exports import export_environment
from tests.provenance.recipes import recipe

PACKAGES = [
    ("numpy", "2.1.0", ""),
    ("tool", "0.3", "vcs git+https://example.org/tool.git@abc123"),
    ("wheel-of", "1.0", "url https://example.org/wheel_of-1.0-py3-none-any.whl"),
    ("mine", "0.1", "editable mine"),
    ("blas-thing", "1.2", "conda"),
]


def recorded(packages=PACKAGES, **more):
    told = [dict(zip(("name", "version", "origin"), each, strict=True)) for each in packages]
    environment = {"python": "3.11.7", "platform": "Linux-6", "packages": told, **more}
    return recipe("brave otter", texts={"environment": json.dumps(environment)})


def test_requirements_have_every_package_as_it_was_installed(tmp_path):
    [file] = export_environment(recorded(), tmp_path / "requirements.txt")
    lines = file.read_text().splitlines()
    assert lines[1:5] == [
        "numpy==2.1.0",
        "tool @ git+https://example.org/tool.git@abc123",
        "wheel-of @ https://example.org/wheel_of-1.0-py3-none-any.whl",
        "blas-thing==1.2",
    ]
    assert lines[0].startswith("# The packages of run brave-otter")
    assert "mine 0.1 was installed from the folder" in lines[5]


def test_conda_gets_its_own_packages_with_builds_and_the_others_by_pip(tmp_path):
    conda = [
        {
            "name": "python",
            "version": "3.11.7",
            "build": "h1",
            "channel": "https://conda.anaconda.org/conda-forge/linux-64",
        },
        {
            "name": "libblas",
            "version": "3.9",
            "build": "b2",
            "channel": "https://repo.anaconda.com/pkgs/main/linux-64",
        },
    ]
    [file] = export_environment(recorded(conda=conda), tmp_path / "conda.yaml")
    assert [line for line in file.read_text().splitlines() if not line.startswith("#")] == [
        'name: "brave-otter"',
        "channels:",
        '  - "conda-forge"',
        '  - "main"',
        "dependencies:",
        '  - "python=3.11.7=h1"',
        '  - "libblas=3.9=b2"',
        '  - "pip"',
        "  - pip:",
        '      - "numpy==2.1.0"',
        '      - "tool @ git+https://example.org/tool.git@abc123"',
        '      - "wheel-of @ https://example.org/wheel_of-1.0-py3-none-any.whl"',
    ]


def test_without_conda_python_is_pinned(tmp_path):
    [file] = export_environment(recorded(), tmp_path / "environment.yml")
    text = file.read_text()
    assert '  - "python=3.11.7"' in text
    assert '  - "conda-forge"' in text


def wheel(folder, name, version):
    """A wheel with nothing in it."""
    file = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            lines.append(f"{path},sha256={digest.rstrip(b'=').decode()},{len(text)}")
        archive.writestr(f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,"]))


def test_a_project_is_locked_by_uv(tmp_path, monkeypatch):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "made_up", "1.2")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    folder = tmp_path / "again"
    folder.mkdir()
    run = recorded([("made-up", "1.2", ""), ("mine", "0.1", "editable mine")])
    written = export_environment(run, folder / "pyproject.toml")
    assert [path.name for path in written] == ["pyproject.toml", "uv.lock"]
    assert 'name = "made-up"\nversion = "1.2"' in written[1].read_text()
    assert 'requires-python = ">=3.11.7,<3.12"' in written[0].read_text()


def test_what_uv_cannot_find_is_told_and_the_project_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_NO_INDEX", "1")
    with pytest.raises(InvalidValue, match=r"uv could not lock it: .*no-such"):
        export_environment(recorded([("no-such", "1", "")]), tmp_path / "pyproject.toml")
    assert '"no-such==1"' in (tmp_path / "pyproject.toml").read_text()


def test_bad_requests_say_what_to_do(tmp_path):
    with pytest.raises(InvalidValue, match=r"requirements\.txt, conda\.yaml or pyproject\.toml"):
        export_environment(recorded(), tmp_path / "packages.json")
    (tmp_path / "requirements.txt").write_text("kept")
    with pytest.raises(InvalidValue, match="exists already"):
        export_environment(recorded(), tmp_path / "requirements.txt")
    assert (tmp_path / "requirements.txt").read_text() == "kept"
    with pytest.raises(InvalidValue, match="no packages were recorded"):
        export_environment(recipe(), tmp_path / "other.txt")

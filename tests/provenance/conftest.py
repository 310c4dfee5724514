"""Sessions that really ran: cells executed by IPython in a process of its own, in a project."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbtrack.store import Store
from nbtrack.tracking import active

_EXECUTE = """
import json, sys, threading
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
for cell in json.loads(sys.argv[1]):
    shell.run_cell(cell, store_history=True)
for thread in threading.enumerate():
    if thread.name.startswith("nbtrack") and not thread.daemon:
        thread.join()
"""


class Project:
    """A folder with a store, in which cells are executed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / ".nbtrack"

    @property
    def store(self) -> Store:
        return active.current_store(self.path)

    def execute(self, *cells: str) -> None:
        """Run the cells in one fresh session, the extension loaded first."""
        told = json.dumps(["%load_ext nbtrack", *cells])
        environment = {**os.environ, "NBTRACK_STORE": str(self.path), "MPLBACKEND": "agg"}
        subprocess.run(
            [sys.executable, "-c", _EXECUTE, told],
            cwd=self.folder,
            env=environment,
            check=True,
            capture_output=True,
            timeout=120,
        )

    def id_of(self, name: str) -> str:
        [row] = self.store.query(
            "SELECT replace(run_id::VARCHAR, '-', '') AS id FROM runs WHERE name = ?", [name]
        ).to_pylist()
        return row["id"]

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project in a folder of its own, which is no git checkout."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setattr(active, "_chosen_store", folder / ".nbtrack")
    return Project(folder)


@pytest.fixture
def checkout(project, monkeypatch):
    """The same, with one commit."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "n")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "e@example.org")
    (project.folder / "helpers.py").write_text("K = 1.5\n")
    (project.folder / ".gitignore").write_text("data/\n")
    project.git("init", "-q", "-b", "main")
    project.git("add", ".")
    project.git("commit", "-q", "-m", "first")
    return project

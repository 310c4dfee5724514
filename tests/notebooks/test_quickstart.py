"""The quickstart as it is stored, and as the programs that run notebooks run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
from nbformat import NotebookNode

import nbtrack

STORED = Path(__file__).parents[2] / "notebooks" / "01_quickstart.ipynb"
SANITIZE = Path(__file__).with_name("sanitize.cfg")
FINISHED = {"forest", "careful", "bold", "net-16-0.03", "net-16-0.3", "net-64-0.03", "net-64-0.3"}
FAILED = {"net-16-30", "net-64-30"}


class Place:
    """A folder with a copy of the quickstart, and the store that it writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notebook = Path(shutil.copy(STORED, folder))
        self.store = folder / ".nbtrack"

    def program(self, name: str, *arguments: str) -> str:
        """What a program of this environment prints, run in the folder; fails where it fails."""
        program = shutil.which(name, path=str(Path(sys.executable).parent))
        assert program is not None, f"{name} is not installed beside {sys.executable}"
        done = subprocess.run(
            [program, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("NBTRACK_", "PYTEST_"))}
        return {**kept, "NBTRACK_STORE": str(self.store)}

    def names(self, status: str) -> set[str]:
        """The names of the runs that the store has with that status."""
        query = f"SELECT name FROM runs WHERE status = '{status}'"
        return set(nbtrack.sql(query, store=self.store)["name"])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_stored_executed_from_top_to_bottom() -> None:
    cells = code_cells(nbformat.read(STORED, as_version=4))
    assert [cell.execution_count for cell in cells] == list(range(1, 11))


def test_its_outputs_come_out_the_same_on_a_fresh_store(place: Place) -> None:
    printed = place.program(
        "pytest",
        *("--nbval", "--nbval-current-env", f"--nbval-sanitize-with={SANITIZE}"),
        *("-c", os.devnull, "--rootdir=.", "-p", "no:cacheprovider", place.notebook.name),
    )
    assert " 10 passed" in printed
    assert place.names("finished") == FINISHED


def test_a_changed_result_is_noticed(place: Place) -> None:
    notebook = nbformat.read(place.notebook, as_version=4)
    (answer,) = code_cells(notebook)[8].outputs
    answer.data["text/plain"] = answer.data["text/plain"].replace("0.978", "0.987")
    nbformat.write(notebook, place.notebook)
    with pytest.raises(AssertionError, match=r"1 failed, 9 passed"):
        test_its_outputs_come_out_the_same_on_a_fresh_store(place)


def test_nbclient_runs_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBTRACK_STORE", str(place.store))
    notebook = nbformat.read(place.notebook, as_version=4)
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": place.folder}}).execute()
    assert (place.names("finished"), place.names("failed")) == (FINISHED, FAILED)
    pages = [
        output.data["text/html"]
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    cards = [page for page in pages if "inferred" in page]
    assert len(cards) == 3
    assert all("finished" in card and "running" not in card for card in cards)
    assert any("net-16-30" in page and "failed" in page for page in pages)


def test_jupyter_execute_runs_it(place: Place) -> None:
    place.program("jupyter-execute", "--inplace", place.notebook.name)
    assert (place.names("finished"), place.names("failed")) == (FINISHED, FAILED)


def test_papermill_runs_it_and_what_it_injects_counts_as_parameters(place: Place) -> None:
    place.program("papermill", place.notebook.name, "out.ipynb", "-p", "epochs", "3")
    assert place.names("failed") == FAILED
    careful = nbtrack.get_run("careful", store=place.store)
    assert careful.params["epochs"] == 3
    assert len(careful.history("accuracy")) == 3

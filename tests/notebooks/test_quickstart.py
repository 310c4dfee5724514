"""The quickstart as it is stored, and as the programs that run notebooks run it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

import nbtrack

CHECKOUT = Path(__file__).parents[2]
STORED = CHECKOUT / "notebooks" / "01_quickstart.ipynb"
SANITIZE = Path(__file__).with_name("sanitize.cfg")
FINISHED = {"forest", "careful", "bold", "net-16-0.03", "net-16-0.3", "net-64-0.03", "net-64-0.3"}
FAILED = {"net-16-30", "net-64-30"}


class Place:
    """A folder with a copy of a notebook, by default the quickstart, and the store it writes.

    ``python`` runs its kernel: this one, unless it needs what only another has.
    """

    def __init__(self, folder: Path, stored: Path = STORED, python: Path | None = None) -> None:
        self.folder = folder
        self.python = python or Path(sys.executable)
        self.notebook = Path(shutil.copy(stored, folder))
        self.store = folder / ".nbtrack"

    def nbval(self, notebook: Path, *arguments: str, may_fail: bool = False) -> str:
        """What nbval says of a notebook in the folder."""
        return self.run(
            *(str(self.python), "-m", "pytest"),
            *("--nbval", "--nbval-current-env", f"--nbval-sanitize-with={SANITIZE}"),
            *("-c", os.devnull, "--rootdir=.", "-p", "no:cacheprovider", notebook.name),
            *arguments,
            may_fail=may_fail,
        )

    def program(self, name: str, *arguments: str) -> str:
        """What a program of this environment prints, run in the folder."""
        program = shutil.which(name, path=str(Path(sys.executable).parent))
        assert program is not None, f"{name} is not installed beside {sys.executable}"
        return self.run(program, *arguments)

    def run(self, *command: str, may_fail: bool = False) -> str:
        """What a command prints, run in the folder."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert may_fail or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("NBTRACK_", "PYTEST_"))}
        if self.python != Path(sys.executable):
            kept["PYTHONPATH"] = str(CHECKOUT / "src")  # It does not have nbtrack installed.
        # The networks are small: more threads would only wait for each other.
        return {**kept, "NBTRACK_STORE": str(self.store), "OMP_NUM_THREADS": "1"}

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
    assert " 10 passed" in place.nbval(place.notebook)
    assert place.names("finished") == FINISHED


def test_what_is_measured_is_compared_and_what_differs_each_time_is_not(tmp_path: Path) -> None:
    stored_and_printed = {
        ("accuracy 0.976", "accuracy 0.967"): "FAILED",
        ("otter 8092b5f6 finished", "otter 8092b5f6 failed"): "FAILED",
        ("otter 8092b5f6 1.33 s", "otter 1f627a87 850 ms"): "PASSED",
        ("2026-11-23 15:13:26", "2027-01-02T03:04:05.678901"): "PASSED",
        ("01a208f4-6266-7b01-b82b-4396dc9ec0b4", "01a208f46266779af8e49980ac04e5e3"): "PASSED",
        ("<div>a card</div>", "<div>another</div>"): "PASSED",
    }
    cells = []
    for count, (stored, printed) in enumerate(stored_and_printed, start=1):
        cells.append(nbformat.v4.new_code_cell(f"print({printed!r})", execution_count=count))
        cells[-1].outputs = [nbformat.v4.new_output("stream", name="stdout", text=f"{stored}\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "outputs.ipynb")
    told = Place(tmp_path).nbval(tmp_path / "outputs.ipynb", "--verbose", may_fail=True)
    assert re.findall(r"::Cell \d+ (PASSED|FAILED)", told) == list(stored_and_printed.values())


def test_jupyter_execute_runs_it_and_its_cards_are_stored_finished(place: Place) -> None:
    place.program("jupyter-execute", "--inplace", place.notebook.name)
    assert (place.names("finished"), place.names("failed")) == (FINISHED, FAILED)
    pages = [
        output.data["text/html"]
        for cell in code_cells(nbformat.read(place.notebook, as_version=4))
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    cards = [page for page in pages if "inferred" in page]
    assert len(cards) == 3
    assert all("finished" in card and "running" not in card for card in cards)
    assert any("net-16-30" in page and "failed" in page for page in pages)


def test_papermill_runs_it_and_what_it_injects_counts_as_parameters(place: Place) -> None:
    place.program("papermill", place.notebook.name, "out.ipynb", "-p", "epochs", "3")
    assert place.names("failed") == FAILED
    careful = nbtrack.get_run("careful", store=place.store)
    assert careful.params["epochs"] == 3
    assert len(careful.history("accuracy")) == 3

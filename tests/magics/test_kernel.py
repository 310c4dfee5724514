"""A tracked cell in a real kernel: displays, await, interrupts, cell ids."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbtrack
from nbtrack.widgets.card import MAX_HTML_BYTES


def test_the_card_appears_at_once_and_is_completed(notebook):
    seen = notebook.run("%%track forest\nlr = .1\naccuracy = lr * 5\n")
    first, last = seen.shown[0], seen.shown[-1]
    assert "running…" in first["text/html"]
    assert "finished" in last["text/html"]
    assert "accuracy" in seen.card
    assert first["text/plain"] == last["text/plain"] == "nbtrack run 'forest'"
    assert len(seen.card.encode()) < MAX_HTML_BYTES


def test_the_card_is_there_while_the_cell_runs(notebook):
    go = notebook.folder / "go"
    sent = notebook.send(
        f"%%track\nimport os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(.01)\n"
    )
    seen = notebook.receive(sent, upon=(lambda seen: bool(seen.shown), go.touch))
    assert "running…" in seen.shown[0]["text/html"]
    assert "finished" in seen.card


def test_out_await_and_print_are_as_without_tracking(notebook):
    seen = notebook.run(
        "%%track\nimport asyncio\nprint('before')\nawait asyncio.sleep(.01)\n"
        "accuracy = 1 / 2\naccuracy\n"
    )
    assert (seen.result, seen.text()) == ("0.5", "before\n")
    assert notebook.run("_").result == "0.5"
    assert notebook.place.the_run.metrics == {"accuracy": 0.5}
    assert notebook.place.the_run.text("stdout") == "before\n"


def test_a_refused_cell_is_an_error_of_one_line(notebook):
    seen = notebook.run("%%track --frob\nprint('ran')\n")
    assert seen.status == "error"
    assert seen.text() == ""
    assert seen.error["ename"] == "InvalidCell"
    assert seen.error["traceback"] == [f"InvalidCell: {seen.error['evalue']}"]
    assert seen.shown == []


def test_an_exception_is_shown_as_always(notebook):
    seen = notebook.run("%%track\nx = 1\nraise ValueError('no data')\n")
    assert (seen.status, seen.error["ename"]) == ("error", "ValueError")
    assert "ValueError: no data" in seen.card
    assert notebook.place.the_run.text("traceback").endswith("ValueError: no data\n")


def interrupted(notebook, cell: str) -> str:
    sent = notebook.send(cell)
    seen = notebook.receive(
        sent, upon=(lambda seen: "ready" in seen.text(), notebook.manager.interrupt_kernel)
    )
    assert "killed" in seen.card
    return notebook.place.the_run.status


def test_an_interrupt_kills_the_run(notebook):
    cell = "%%track\nimport time\nprint('ready', flush=True)\nwhile True:\n    time.sleep(.01)\n"
    assert interrupted(notebook, cell) == "killed"


def test_an_interrupt_of_an_await_kills_the_run(notebook):
    # ipykernel cancels from a signal handler, which does not wake a loop that sleeps.
    cell = (
        "%%track\nimport asyncio\nprint('ready', flush=True)\n"
        "while True:\n    await asyncio.sleep(.01)\n"
    )
    assert interrupted(notebook, cell) == "killed"
    seen = notebook.run("%%track after\naccuracy = 1 / 2\n")
    assert "finished" in seen.card


def test_the_same_cell_is_compared_with_its_last_run_and_the_best(notebook):
    cell = "%%track\nlr = {}\naccuracy = lr * 2\n"
    notebook.run(cell.format(0.2), cell_id="c1")
    notebook.run("%%track other\naccuracy = 8 / 10\n", cell_id="c2")
    card = notebook.card_with(notebook.run(cell.format(0.1), cell_id="c1"), "▼ 0.2")
    assert "0.2 →" in card
    assert "best 0.8 other" in card


def test_the_comparison_outlives_the_kernel(notebook):
    cell = "%%track\nlr = {}\naccuracy = lr * 2\n"
    notebook.run(cell.format(0.1), cell_id="c1")
    notebook.run("%reload_ext nbtrack")
    notebook.card_with(notebook.run(cell.format(0.2), cell_id="c1"), "▲ 0.2")


def test_without_a_cell_id_the_source_finds_the_last_run(notebook):
    notebook.run("%%track\nlr = .1\naccuracy = lr * 2\n")
    notebook.run("%%track other\nf1 = 3 / 4\n")
    notebook.card_with(notebook.run("%%track\nlr = .2\naccuracy = lr * 2\n"), "▲ 0.2")


def test_what_the_cell_logs_is_on_the_card(notebook):
    seen = notebook.run("%%track\nimport nbtrack\nnbtrack.log(f1=.625)\n")
    assert "f1" in notebook.card_with(seen, "0.625")


# The kernel still has the store now and then, for what it finds out behind the first cell.
HOLD = """
import sys, time, duckdb
for _ in range(600):
    try:
        held = duckdb.connect(sys.argv[1])
    except duckdb.IOException:
        time.sleep(0.05)
    else:
        print("held", flush=True)
        input()
        break
"""


def test_the_cell_is_never_kept_waiting_for_a_store_that_is_held(notebook):
    notebook.run("%%track\naccuracy = 1 / 2\n")
    assert len(notebook.place.runs) == 1
    (database,) = notebook.place.path.glob("*.duckdb")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        seen = notebook.run("%%track\naccuracy = 3 / 4\naccuracy\n")
        assert seen.result == "0.75"
        assert "finished" in seen.card
    finally:
        holder.communicate(b"\n", timeout=60)
    assert len(notebook.place.runs) == 2


def test_undo_shrinks_the_card(notebook):
    notebook.run("%%track forest\naccuracy = 1 / 2\n")
    seen = notebook.run("%track undo")
    assert "deleted" in seen.shown[-1]["text/html"]
    assert "accuracy" not in seen.shown[-1]["text/html"]


def test_an_unknown_notebook_is_said_to_be_unknown(notebook):
    seen = notebook.run("%%track\nx = 1\n")
    assert notebook.place.the_run.experiment == notebook.folder.name
    assert "name unknown" in seen.card


def test_a_notebook_that_is_known_names_the_experiment(notebook):
    notebook.run("import os; os.environ['JPY_SESSION_NAME'] = 'work/churn.ipynb'")
    seen = notebook.run("%%track\nx = 1\n")
    notebook.run("del os.environ['JPY_SESSION_NAME']")
    assert notebook.place.the_run.experiment == "churn"
    assert "unknown" not in seen.card


def test_status_shows_what_a_dead_kernel_left(notebook, until):
    code = (
        "import nbtrack, os, signal\n"
        f"nbtrack.set_store({str(notebook.place.path)!r})\n"
        "nbtrack.start_run(run_name='left behind').log(loss=.5)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False, env=dict(os.environ))
    shown = until(
        lambda: (said := notebook.run("%track status").result) and "left behind" in said and said,
        "the dead run",
    )
    assert "Left by a kernel that died: 1" in shown


def test_a_parameters_cell_of_papermill_counts(place, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("NBTRACK_STORE", str(place.path))
    import nbformat
    import papermill

    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("lr = 0.1", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell("%load_ext nbtrack"),
            nbformat.v4.new_code_cell("%%track\naccuracy = lr * 2\n"),
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    nbformat.write(book, tmp_path / "in.ipynb")
    papermill.execute_notebook(
        tmp_path / "in.ipynb",
        tmp_path / "out.ipynb",
        parameters={"lr": 0.4},
        cwd=str(tmp_path),
        progress_bar=False,
    )
    assert place.the_run.params == {"lr": 0.4}
    # The kernel has gone right after its last cell, and has waited for what was being looked at.
    assert "packages" in {row["role"] for row in nbtrack.sql("FROM texts", store=place.path)}

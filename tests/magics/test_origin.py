"""What made a tracked run is recorded beside its cell, and judged against the saved notebook."""

import json

import nbformat
import pytest

import nbtrack

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgAAIAAAUAAeImBZsAAAAASUVORK5CYII="
PNG_CELL = f"""%%track drawn
import base64
from IPython.display import Image, display
display(Image(base64.b64decode({PNG!r})))
loss = 0.5 / 2"""


def run(shell, *cells):
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def verdict_of(place, until, name="r"):
    def settled():
        [stored] = [r for r in place.runs if r.name == name] or [None]
        return stored if stored is not None and stored.verdict else None

    return until(settled, "the verdict")


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A notebook file that the kernel is told to be in; call it with texts to save it."""
    file = tmp_path / "study.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(file))

    def save(*texts):
        cells = [nbformat.v4.new_code_cell(text) for text in texts]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), file)

    save()
    return save


def test_the_slice_and_its_cells_are_stored(shell, place, until):
    run(shell, "x = 1", "unused = 2", "def f():\n    return x", "%%track r\ny = f() + 0.5")
    stored = verdict_of(place, until)
    numbers = json.loads(stored.facts["session.slice"])
    cells = nbtrack.sql("SELECT number, text FROM cells ORDER BY number", store=place.path)
    texts = dict(zip(cells["number"], cells["text"], strict=True))
    assert [texts[number] for number in numbers] == [
        "x = 1",
        "def f():\n    return x",
        "%%track r\ny = f() + 0.5",
    ]
    assert "unused = 2" in texts.values()


def test_a_text_is_stored_once_however_often_its_cell_ran(shell, place, until):
    run(shell, *["x = 1"] * 5, "%%track r\ny = x + 0.5")
    verdict_of(place, until)
    found = nbtrack.sql("SELECT count(*) AS n FROM cells WHERE text = 'x = 1'", store=place.path)
    assert found["n"] == [5]
    stored = place.the_run._store.query("SELECT count(*) AS n FROM base.texts WHERE text = 'x = 1'")
    assert stored["n"].to_pylist() == [1]


def test_cells_before_the_extension_was_loaded_count(shell, place, until):
    shell.extension_manager.unload_extension("nbtrack")
    run(shell, "x = 1", "%load_ext nbtrack", "%%track r\ny = x + 0.5")
    numbers = json.loads(verdict_of(place, until).facts["session.slice"])
    cells = nbtrack.sql("SELECT number, text FROM cells", store=place.path)
    texts = dict(zip(cells["number"], cells["text"], strict=True))
    assert texts[numbers[0]] == "x = 1"


def test_a_run_is_pending_until_the_notebook_is_saved_and_then_clean(shell, place, notebook, until):
    cells = ["x = 1", "%%track r\ny = x + 0.5"]
    run(shell, *cells)
    assert verdict_of(place, until).verdict == "pending"
    notebook("# a title", *cells)
    until(lambda: place.the_run.verdict == "clean", "the verdict after saving")
    found = nbtrack.search_runs(
        filter_string="attributes.verdict = 'clean'",
        search_all_experiments=True,
        output_format="list",
        store=place.path,
    )
    assert [each.name for each in found] == ["r"]


def test_an_edit_makes_it_stale_and_names_the_cell(shell, place, notebook, until):
    run(shell, "x = 1", "%%track r\ny = x + 0.5")
    verdict_of(place, until)
    notebook("x = 2", "%%track r\ny = x + 0.5")
    until(lambda: place.the_run.verdict == "stale", "the verdict after the edit")
    [blame] = json.loads(place.the_run.facts["verdict.blames"])
    assert "Cell [" in blame["reason"]


def test_what_comes_from_outside_is_not_replayable_at_once(shell, place, until):
    shell.user_ns["given"] = 3
    run(shell, "%%track r\ny = given + 0.5")
    stored = verdict_of(place, until)
    assert stored.verdict == "not replayable"
    assert "`given`" in stored.facts["verdict.blames"]


def test_data_is_recorded_with_its_digest_and_is_known_under_another_name(shell, place, until):
    run(
        shell,
        "import numpy as np\nX = np.arange(100.0)\nother = X.copy()",
        "%%track a\nm = float(X.mean())",
        "%%track b\nm = float(other.mean())",
    )
    verdict_of(place, until, "a")
    verdict_of(place, until, "b")
    found = nbtrack.sql("SELECT name, digest, shape FROM inputs ORDER BY name", store=place.path)
    assert found["name"] == ["X", "other"]
    assert found["digest"][0] == found["digest"][1] != ""
    assert found["shape"] == ["(100,)", "(100,)"]


def test_a_file_that_the_cell_opens_is_data(shell, place, until, tmp_path):
    (tmp_path / "d.csv").write_text("a\n1\n")
    run(shell, "%%track r\nfrom pathlib import Path\nrows = len(Path('d.csv').read_text()) / 4")
    verdict_of(place, until)
    found = nbtrack.sql("SELECT name, kind FROM inputs", store=place.path)
    assert (found["name"], found["kind"]) == (["d.csv"], ["file"])


def test_figures_are_kept_as_files(shell, place, until):
    run(shell, PNG_CELL)
    stored = verdict_of(place, until, "drawn")
    until(lambda: stored.artifacts, "the figure")
    [path] = stored.artifacts
    assert stored.artifact(path).startswith(b"\x89PNG")


def test_an_object_is_kept_when_it_is_asked_for(shell, place, until):
    run(shell, "%%track r -a table\nimport pandas as pd\ntable = pd.DataFrame({'a': [1]})")
    verdict_of(place, until)
    assert list(place.the_run.artifacts) == ["table.parquet"]


def test_an_object_that_cannot_be_kept_is_told_and_the_run_is_whole(shell, place, until, capsys):
    run(shell, "%%track r -a f\nf = lambda: 1\nloss = 0.5 / 2")
    assert verdict_of(place, until).metrics == {"loss": 0.25}
    assert place.the_run.artifacts == {}


def test_the_random_state_is_kept_only_where_it_was_used(shell, place, until):
    run(shell, "%%track a\nimport random\nv = random.random()", "%%track b\nw = 0.5 / 2")
    verdict_of(place, until, "a")
    verdict_of(place, until, "b")
    kept = nbtrack.sql(
        "SELECT r.name FROM texts t JOIN runs r USING (run_id) WHERE role = 'random'",
        store=place.path,
    )
    assert kept["name"] == ["a"]


def test_a_secret_in_a_cell_is_in_no_file(shell, place, until):
    secret = "hunter2" + "-and-more"
    run(
        shell,
        f"password = '{secret}'",
        f"%%track r\nprint('api_key = \"{secret}\"')\nuser = len(password) / 2",
    )
    verdict_of(place, until)
    until(lambda: "environment" in place.the_run._detail.texts, "the environment")
    for file in place.path.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file


def test_modules_of_the_project_are_kept(shell, place, until, tmp_path, monkeypatch):
    (tmp_path / "made_up_helpers.py").write_text("k = 0.5\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    run(shell, "import made_up_helpers", "%%track r\ny = made_up_helpers.k + 1")
    verdict_of(place, until)

    def text():
        texts = place.the_run._detail.texts
        return "module:made_up_helpers.py" in texts

    until(text, "the module's text")
    assert place.the_run.text("module:made_up_helpers.py") == "k = 0.5\n"


def test_the_notebook_is_kept_without_its_outputs(shell, place, notebook, until):
    notebook("x = 1")
    run(shell, "%%track r\nx = 0.5 + 1")
    verdict_of(place, until)
    kept = json.loads(place.the_run.text("notebook"))
    assert [cell["source"] for cell in kept["cells"]] in (["x = 1"], [["x = 1"]])


def test_a_module_that_was_edited_after_its_import_is_told_and_kept_as_it_was(
    shell, place, notebook, until, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "helper_edited.py").write_text("rate = 0.25\n")
    cells = ["import helper_edited", "%%track r\nloss = helper_edited.rate * 2"]
    run(shell, cells[0])
    (tmp_path / "helper_edited.py").write_text("rate = 0.125\n")
    run(shell, cells[1])
    notebook(*cells)

    def judged():
        [stored] = [each for each in place.runs if each.name == "r"]
        return stored if stored.verdict == "stale" else None

    stored = until(judged, "a stale verdict")
    assert "`helper_edited.py` was edited after it was imported." in stored.facts["verdict.blames"]
    assert stored.text("module:helper_edited.py") == "rate = 0.25\n"


def test_a_place_of_files_that_is_out_of_reach_costs_the_file_and_nothing_else(shell, place, until):
    nbtrack.set_store(place.path, artifacts="nowhere://x/y")
    run(shell, "%%track r -a table\ntable = {'a': 1}\nlr = 0.5\nloss = lr / 2")
    assert verdict_of(place, until).metrics == {"loss": 0.25}
    assert place.the_run.params == {"lr": 0.5}
    assert place.the_run.artifacts == {}

"""Runs made again in a fresh kernel: what comes out, and what is said where it does not."""

import asyncio
import json
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

import nbtrack
from nbtrack.errors import InvalidValue, NotReplayable, RunNotFound
from nbtrack.provenance.recipe import recipe_of
from nbtrack.provenance.replay.packages import install_packages


def test_a_run_comes_out_again_from_its_cells_alone(project):
    project.execute(
        "import random\nrandom.seed(3)",
        "raise_me = 1 / 0",
        "data = [random.random() for _ in range(10)]",
        "%%track r scale=2.0\nscale = 1.0\nmean = scale * sum(data) / len(data)",
    )
    said = []
    report = nbtrack.replay("r", progress=said.append)
    assert report.status == "matched", report
    assert "mean" in report.lines[0]
    assert "the same" in report.lines[0]
    assert any("cell" in line for line in said)
    original, replayed = nbtrack.get_run("r"), nbtrack.get_run(report.run_id)
    assert replayed.metrics == original.metrics
    assert replayed.params == original.params
    assert original.facts["replayed"] == "matched"
    assert original.facts["replay.run"] == replayed.id
    assert replayed.facts["replay.of"] == original.id
    assert replayed.name == "replay of r"


def test_what_was_never_seeded_is_drawn_again(project):
    project.execute("import numpy as np", "%%track r\nnoise = float(np.random.rand())")
    assert nbtrack.replay("r").status == "matched"


def test_data_that_was_drawn_by_an_earlier_cell_is_drawn_again(project):
    project.execute(
        "import numpy as np, random",
        "X = np.random.rand(100)",
        "np.random.rand(7)",
        "mixed = sorted(X, key=lambda _: random.random())",
        "%%track r\nfirst = float(mixed[0] + np.random.rand())",
    )
    report = nbtrack.replay("r")
    assert report.status == "matched", report
    assert "the same" in report.lines[0]


def test_another_result_is_told_with_how_far_it_is_off(project):
    project.execute(
        "import os",
        "%%track r\nnoise = int.from_bytes(os.urandom(4), 'big') / 3\nratio = len(os.sep) / 2",
    )
    report = nbtrack.replay("r", tolerance=1e-9, force=True)
    assert report.status == "differs"
    assert any("noise" in line and "DIFFERS" in line for line in report.lines)
    assert any("ratio" in line and "the same" in line for line in report.lines)


def test_within_the_tolerance_it_is_nondeterminism(project):
    project.execute("import os", "%%track r\nvalue = 1e5 + os.getpid() % 997 / 2")
    report = nbtrack.replay("r", force=True)
    assert report.status == "matched"
    assert "nondeterminism" in report.lines[0]
    assert nbtrack.replay("r", tolerance=1e-9, force=True).status == "differs"


def test_a_cell_that_fails_is_named_with_its_error(project, monkeypatch):
    monkeypatch.setenv("MADE_UP_SWITCH", "1")
    project.execute(
        "import os\nkey = os.environ['MADE_UP_SWITCH']", "%%track r\nlength = len(key) / 2"
    )
    monkeypatch.delenv("MADE_UP_SWITCH")
    with pytest.raises(NotReplayable, match="`MADE_UP_SWITCH` comes from the environment"):
        nbtrack.replay("r")
    report = nbtrack.replay("r", force=True)
    assert report.status == "failed"
    assert "KeyError" in report.lines[0]
    assert "import os" in report.lines[0]
    assert nbtrack.get_run("r").facts["replayed"] == "failed"


def test_what_is_not_replayable_is_refused_with_the_reason(project):
    project.execute("names = !ls", "%%track r\nfound = len(names) / 2")
    with pytest.raises(NotReplayable, match="shell"):
        nbtrack.replay("r")
    assert nbtrack.replay("r", force=True).status in ("matched", "differs")


def test_a_run_that_no_cell_made_has_nothing_to_replay(project):
    with nbtrack.run("script") as run:
        run.log(loss=1)
    with pytest.raises(InvalidValue, match="not made by a tracked cell"):
        nbtrack.replay("script")
    with pytest.raises(RunNotFound):
        nbtrack.replay("no-such-run")


def test_the_code_is_that_of_the_run_and_the_checkout_is_left_alone(checkout):
    (checkout.folder / "helpers.py").write_text("K = 2.5\n")
    (checkout.folder / "extra.py").write_text("L = 0.25\n")
    checkout.execute(
        "import sys; sys.path.insert(0, '')\nimport helpers, extra",
        "%%track r\nscore = helpers.K + extra.L",
    )
    (checkout.folder / "helpers.py").write_text("K = 99.0\n")
    (checkout.folder / "extra.py").unlink()
    before = checkout.git("status", "--porcelain")
    report = nbtrack.replay("r")
    assert report.status == "matched", report
    assert checkout.git("status", "--porcelain") == before
    assert len(checkout.git("worktree", "list").splitlines()) == 1
    assert (checkout.folder / "helpers.py").read_text() == "K = 99.0\n"


def test_submodules_are_laid_out_as_they_were(checkout, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "inner_code.py").write_text("K = 0.5\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", str(inner), *command], check=True)
    checkout.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "s")
    checkout.git("commit", "-q", "-m", "with a submodule")
    read = "import runpy\nk = runpy.run_path('s/inner_code.py')['K']"
    (checkout.folder / "s" / "numbers.txt").write_text("not committed")
    checkout.execute(read, "%%track r\nscore = k * 3")
    (checkout.folder / "s" / "inner_code.py").write_text("K = 99.0\n")
    report = nbtrack.replay("r")
    assert report.status == "matched", report
    assert any("what changed within s" in line for line in report.lines), report
    assert len(checkout.git("-C", "s", "worktree", "list").splitlines()) == 1
    shutil.rmtree(checkout.folder / "s")
    assert any("submodule s is not checked out" in line for line in nbtrack.replay("r").lines)


def test_data_that_no_commit_holds_is_found(checkout):
    (checkout.folder / "data").mkdir()
    (checkout.folder / "data" / "d.txt").write_text("1 2 3")
    checkout.execute(
        "from pathlib import Path\ntext = Path('data/d.txt').read_text()",
        "%%track r\nmean = sum(map(int, text.split())) / 3",
    )
    assert nbtrack.replay("r").status == "matched"


def test_data_that_is_missing_is_named(project):
    (project.folder / "d.txt").write_text("1 2 3")
    project.execute(
        "from pathlib import Path",
        "%%track r\nmean = sum(map(int, Path('d.txt').read_text().split())) / 3",
    )
    (project.folder / "d.txt").unlink()
    report = nbtrack.replay("r")
    assert report.status == "failed"
    assert any("d.txt is missing" in line for line in report.lines)


def test_other_data_is_told(project):
    (project.folder / "d.txt").write_text("1 2 3")
    project.execute(
        "from pathlib import Path",
        "%%track r\nmean = sum(map(int, Path('d.txt').read_text().split())) / 3",
    )
    (project.folder / "d.txt").write_text("1 2 6")
    report = nbtrack.replay("r")
    assert report.status == "differs"
    assert any("Not the same data: `d.txt`" in line for line in report.lines)


def test_a_commit_that_is_gone_is_named(checkout):
    checkout.execute("%%track r\nscore = 1 / 2.0")
    commit = checkout.git("rev-parse", "HEAD").strip()
    shutil.rmtree(checkout.folder / ".git")
    report = nbtrack.replay("r")
    assert report.status == "matched"
    assert any(commit[:10] in line for line in report.lines)


def test_the_notebook_alone_is_one_that_others_can_run(project, tmp_path):
    project.execute("x = 2", "unused = 3", "%%track r\ny = x / 4")
    file = nbtrack.replay("r", notebook=tmp_path / "again.ipynb")
    notebook = nbformat.read(file, as_version=4)
    assert "unused = 3" not in [cell.source for cell in notebook.cells]
    (tmp_path / "done.ipynb").write_text(nbformat.writes(notebook))
    subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", str(tmp_path / "done.ipynb")],
        check=True,
        capture_output=True,
    )
    with pytest.raises(InvalidValue, match="exists already"):
        nbtrack.replay("r", notebook=file)


def test_the_folder_is_kept_when_asked_for(project):
    project.execute("%%track r\ny = 1 / 4")
    report = nbtrack.replay("r", keep=True)
    assert report.folder.is_dir()
    assert str(report.folder) in str(report)
    shutil.rmtree(report.folder)


def test_it_works_where_an_event_loop_runs_already(project):
    project.execute("%%track r\ny = 1 / 4")

    async def inside():
        return nbtrack.replay("r")

    assert asyncio.run(inside()).status == "matched"


def test_the_report_shows_hostile_names_as_text(project):
    project.execute("%%track '<img src=x>'\ny = 1 / 4")
    page = nbtrack.replay("<img src=x>")._repr_html_()
    assert "<img" not in page


def required(*names):
    """The installed packages that these need to run, themselves included."""
    found = {}
    waiting = list(names)
    while waiting:
        distribution = metadata.distribution(waiting.pop())
        name = distribution.metadata["Name"]
        if name not in found:
            found[name] = distribution.version
            wanted = (Requirement(each) for each in metadata.requires(name) or ())
            waiting += [each.name for each in wanted if not each.marker or each.marker.evaluate()]
    return found


def recorded_with(project, packages):
    """Run ``r`` as if these packages had been installed; its id."""
    run_id = project.id_of("r")
    recorded = json.loads(recipe_of(project.store, run_id).texts["environment"])
    with nbtrack.start_run(run_id=run_id) as run:
        lines = [f"{each['name']}=={each['version']}" for each in packages]
        environment = json.dumps({**recorded, "packages": packages})
        run.keep_texts({"environment": environment, "packages": "\n".join(lines)})
    return run_id


def test_the_recorded_packages_are_installed_when_asked_for(project):
    project.execute("import tqdm", "%%track r\nn = len(tqdm.__version__.split('.')) / 2")
    needed = required("nbtrack") | {"tqdm": "4.66.1", "nbtrack": "0.0.1"}
    told = [{"name": n, "version": v, "origin": ""} for n, v in needed.items()]
    run_id = recorded_with(project, told)
    said = []
    report = nbtrack.replay("r", env=True, keep=True, progress=said.append)
    try:
        assert report.status == "matched", report
        assert f"installing {len(needed) - 1} packages" in said
        assert nbtrack.get_run(report.run_id).facts["replay.of"] == run_id
        packages = recipe_of(project.store, report.run_id).packages
        assert packages["tqdm"] == "4.66.1"
        assert "pytest" not in packages
        assert not [line for line in report.lines if "packages" in line]
    finally:
        shutil.rmtree(report.folder)


def test_without_uv_pip_installs_them(project, monkeypatch, tmp_path):
    monkeypatch.setattr("nbtrack.provenance.replay.packages.find_uv", lambda: None)
    project.execute("%%track r\ny = 1 / 4")
    run_id = recorded_with(project, [{"name": "tqdm", "version": "4.66.1", "origin": ""}])
    python = install_packages(recipe_of(project.store, run_id), tmp_path / "env", [], print)
    told = [str(python), "-c", "import tqdm, nbtrack; print(tqdm.__version__, nbtrack.__file__)"]
    version, file = subprocess.check_output(told, text=True).split()
    assert version == "4.66.1"
    assert Path(file).resolve() == Path(nbtrack.__file__).resolve()


def test_packages_that_cannot_be_had_are_told(project):
    project.execute("%%track r\ny = 1 / 4")
    recorded_with(project, [{"name": "tqdm", "version": "0.0.0.1", "origin": ""}])
    with pytest.raises(NotReplayable, match=r"could not be installed: .*tqdm"):
        nbtrack.replay("r", env=True)

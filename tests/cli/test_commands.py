"""``nbtrack`` on the command line, in a process of its own, as a person runs it."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

import nbtrack
from nbtrack.tracking import active


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(active, "_chosen_store", None)
    nbtrack.set_store(tmp_path / ".nbtrack")
    return tmp_path / ".nbtrack"


@pytest.fixture
def nb(place):
    """Run ``nbtrack`` on the test's store."""

    def run(*arguments, env=None):
        return subprocess.run(
            [sys.executable, "-m", "nbtrack", *arguments],
            env={**os.environ, "NBTRACK_STORE": str(place), **(env or {})},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
        )

    return run


@pytest.fixture
def two_runs(place):
    for name, lr, acc in [("brave-otter", 0.1, 0.7), ("calm-newt", 0.2, 0.9)]:
        with nbtrack.run(name, experiment="e", lr=lr) as run:
            run.log(acc=acc)


def test_runs_lists_what_a_person_compares(nb, two_runs):
    done = nb("runs", "--order-by", "metrics.acc DESC")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:2] == ["name", "id"]
    assert {"lr", "acc"} <= set(lines[0].split())
    assert lines[1].startswith("calm-newt")
    assert lines[2].startswith("brave-otter")
    assert lines[-1] == "[2 of 2 runs]"


def test_runs_filters_and_writes_json_and_csv(nb, two_runs):
    rows = [
        json.loads(line)
        for line in nb("runs", "metrics.acc > 0.8", "--format", "json").stdout.splitlines()
    ]
    assert [row["name"] for row in rows] == ["calm-newt"]
    assert rows[0]["params.lr"] == 0.2
    table = list(csv.DictReader(io.StringIO(nb("runs", "--format", "csv").stdout)))
    assert {row["name"] for row in table} == {"brave-otter", "calm-newt"}


def test_show_tells_everything_about_a_run(nb, two_runs):
    done = nb("show", "calm-newt")
    for part in ("calm-newt", "finished", "lr", "0.2", "acc", "0.9"):
        assert part in done.stdout


def test_sql_answers(nb, two_runs):
    done = nb("sql", "SELECT name FROM runs ORDER BY name", "--format", "csv")
    assert done.stdout.splitlines() == ["name", "brave-otter", "calm-newt"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("show", "brave-oter"), "brave-otter"),
        (("sql", "SELECT nonsense FROM runs"), "nonsense"),
        (("runs", "metrics.acc >"), "column"),
    ],
)
def test_a_mistake_is_one_line_and_status_1(nb, two_runs, arguments, part):
    done = nb(*arguments)
    assert done.returncode == 1
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_delete_restore_and_purge(nb, two_runs):
    assert "Deleted calm-newt" in nb("delete", "calm-newt").stdout
    assert "calm-newt" not in nb("runs").stdout
    assert "calm-newt" in nb("runs", "--deleted").stdout
    assert "Restored calm-newt" in nb("restore", "calm-newt").stdout
    assert "calm-newt" in nb("runs").stdout
    assert nb("purge", "calm-newt", "--yes").returncode == 0
    assert nb("show", "calm-newt").returncode == 1


def test_a_backup_brings_everything_back(nb, two_runs, tmp_path):
    target = tmp_path / "kept.zip"
    assert nb("backup", str(target)).returncode == 0
    nb("purge", "calm-newt", "--yes")
    done = nb("restore", str(target))
    assert done.returncode == 0, done.stderr
    assert "calm-newt" in nb("runs").stdout


def test_doctor_says_that_all_is_well(nb, two_runs, place):
    nb("runs")
    done = nb("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(place) in done.stdout
    assert "2 runs" in done.stdout
    assert "No problem found." in done.stdout


def test_doctor_names_a_program_that_holds_the_database(nb, two_runs, place):
    nb("runs")
    source = (
        "import duckdb, sys\n"
        f"c = duckdb.connect({str(place / 'store.duckdb')!r})\n"
        "print('open', flush=True)\nsys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "open\n"
        done = nb("doctor")
        assert done.returncode == 1
        assert f"pid {holder.pid}" in done.stdout
    finally:
        holder.communicate("")


def test_an_ascii_terminal_shows_every_name(nb, place):
    with nbtrack.run("läuft-损失"):
        pass
    done = nb("runs", env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert done.returncode == 0, done.stderr
    assert "läuft-损失" in done.stdout


def test_gc_shows_first_and_frees_when_told(nb, place):
    with nbtrack.run("r") as run:
        run.log_text("old" * 1000, "a.txt")
        run.log_text("new", "a.txt")
    shown = nb("gc", "--older-than", "0s")
    assert "1 file that no run names any more" in shown.stdout
    assert "3.0 kB can be freed: nbtrack gc --yes" in shown.stdout
    assert "younger than 1d" in nb("gc").stdout
    assert "Freed 3.0 kB." in nb("gc", "--older-than", "0s", "--yes").stdout
    assert nb("gc").stdout == "Nothing to free.\n"
    assert "no age such as" in nb("gc", "--older-than", "soon").stderr
    assert nbtrack.load_text("runs:/r/a.txt") == "new"


def test_du_says_where_the_disk_went(nb, place):
    with nbtrack.run("large", experiment="e") as run:
        run.log_text("x" * 2_000_000, "a.txt")
    said = nb("du").stdout
    assert f"2.0 MB  1 file in {place / 'artifacts'}" in said
    assert "2.0 MB  e, 1 file" in said
    assert f"2.0 MB  large ({run.short_id}), 1 file" in said

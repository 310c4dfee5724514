"""``%track`` on a line of its own."""

from __future__ import annotations

import pytest

import nbtrack


def run(shell, cell):
    return shell.run_cell(cell, store_history=True)


@pytest.fixture
def tracked(shell):
    run(shell, "%%track forest\nlr = .1\naccuracy = lr * 5\n")
    return shell


def test_alone_it_shows_the_runs(tracked):
    result = run(tracked, "%track").result
    assert "forest" in str(result.df())


def test_sql_sees_the_store_and_the_notebooks_frames(tracked):
    run(tracked, "import pandas as pd\nteams = pd.DataFrame({'name': ['forest'], 'team': ['a']})")
    result = run(tracked, "%track sql SELECT team, status FROM runs JOIN teams USING (name)").result
    assert [dict(row) for row in result] == [{"team": "a", "status": "finished"}]


def test_sql_keeps_dollars_and_braces(tracked):
    result = run(tracked, "%track sql SELECT '$lr {lr}' AS said").result
    assert next(iter(result))["said"] == "$lr {lr}"


def test_a_mistake_in_sql_is_one_line(tracked, capsys):
    assert not run(tracked, "%track sql SELEKT 1").success
    assert "Traceback" not in capsys.readouterr().out


def test_log_adds_metrics_to_the_last_run(tracked, place, capsys):
    run(tracked, "auc = 0.75\nreport = {'f1': 0.5, 'n': 3}\n%track log auc report")
    assert place.the_run.metrics == {
        "accuracy": 0.5,
        "auc": 0.75,
        "report.f1": 0.5,
        "report.n": 3,
    }
    assert place.the_run.status == "finished"
    assert "to forest" in capsys.readouterr().out


def test_log_goes_to_the_run_that_is_open(tracked, place):
    with nbtrack.run("open"):
        run(tracked, "auc = 0.75\n%track log auc")
    assert {r.name: r.metrics.get("auc") for r in place.runs} == {"forest": None, "open": 0.75}


def test_log_keeps_how_the_run_ended(shell, place):
    run(shell, "%%track\n1 / 0")
    run(shell, "auc = 0.75\n%track log auc")
    assert (place.the_run.status, place.the_run.metrics) == ("failed", {"auc": 0.75})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("log acuracy", "no variable 'acuracy' in this notebook (did you mean accuracy?)"),
        ("log name", "takes numbers and dicts of numbers; name is a str"),
        ("log", "takes the names of variables"),
        ("stats", "no command 'stats' (did you mean status?)"),
        ("forest lr=1", "To track a cell, put %%track on its first line"),
    ],
)
def test_a_mistake_is_one_sentence(tracked, capsys, line, said):
    tracked.user_ns["name"] = "text"
    capsys.readouterr()
    assert not run(tracked, f"%track {line}").success
    shown = capsys.readouterr().out.strip()
    assert said in shown
    assert "\n" not in shown


def test_note_sets_the_note_and_without_text_removes_it(tracked, place):
    run(tracked, "%track note better than *last week*")
    assert place.the_run.note == "better than *last week*"
    run(tracked, "%track note")
    assert place.the_run.note == ""


def test_undo_deletes_the_last_run_and_says_which(tracked, place, capsys):
    run(tracked, "%%track second\nf1 = 1 / 4\n")
    run(tracked, "%track undo")
    said = capsys.readouterr().out
    assert "Deleted second (" in said
    assert [r.name for r in place.runs] == ["forest"]
    restore = said[said.index("nbtrack.restore_run") :].split(")")[0] + ")"
    run(tracked, f"import nbtrack\n{restore}")
    assert {r.name for r in place.runs} == {"forest", "second"}


def test_undo_goes_back_run_by_run_and_then_says_there_is_none(tracked, place, capsys):
    run(tracked, "%track undo")
    assert place.runs == []
    assert not run(tracked, "%track undo").success
    assert "No cell was tracked in this kernel yet" in capsys.readouterr().out


def test_status_says_what_runs_here(tracked, capsys):
    with nbtrack.run("open"):
        shown = repr(run(tracked, "%track status").result)
    assert "Running here: 1" in shown
    assert "open (" in shown
    assert "Nothing runs here." in repr(run(tracked, "%track status").result)


def test_help_names_every_flag_and_command(shell, capsys):
    run(shell, "%%track?")
    said = capsys.readouterr().out
    for word in ("--metric", "--only-params", "--seed", "--no-infer", "%track undo", "%track sql"):
        assert word in said

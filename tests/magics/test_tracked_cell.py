"""A tracked cell in a real IPython, in this process."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import pytest

import nbtrack
from nbtrack.capture import CellObserver
from nbtrack.errors import StoreUnavailable
from nbtrack.magics.trouble import TrackingWarning
from nbtrack.tracking import active
from nbtrack.tracking.run import Run


def run(shell, cell, **options):
    return shell.run_cell(cell, store_history=True, **options)


def refusal(shell, place, cell: str) -> str:
    """Why the cell was refused; fails if any of it ran, or a run was left."""
    shell.user_ns.pop("ran", None)
    result = run(shell, cell + "\nran = True")
    assert "ran" not in shell.user_ns
    assert result.error_before_exec is not None
    assert result.error_in_exec is None
    assert place.runs == []
    said = str(result.error_before_exec)
    assert "\n" not in said
    return said


def test_a_cell_is_recorded_with_parameters_metrics_and_source(shell, place):
    cell = "%%track forest\nn_estimators = 100\naccuracy = 0.5 + n_estimators / 1000\n"
    run(shell, cell)
    recorded = place.the_run
    assert (recorded.name, recorded.status) == ("forest", "finished")
    assert recorded.params == {"n_estimators": 100}
    assert recorded.metrics == {"accuracy": 0.6}
    assert recorded.text("source") == cell
    assert recorded.duration_s is not None


def test_the_comment_form_does_the_same(shell, place):
    run(shell, "# %track forest -t team=vision\naccuracy = 1 / 2\n")
    recorded = place.the_run
    assert (recorded.name, recorded.tags) == ("forest", {"team": "vision"})
    assert recorded.metrics == {"accuracy": 0.5}


def test_an_unnamed_run_gets_a_memorable_name(shell, place):
    run(shell, "%%track\naccuracy = 1 / 2\n")
    assert "-" in place.the_run.name


def test_a_pair_on_the_line_replaces_the_cells_own_constant(shell, place):
    run(shell, "%%track lr=0.5\nlr = 0.1\nloss = lr * 3\n")
    assert place.the_run.params == {"lr": 0.5}
    assert place.the_run.metrics == {"loss": 1.5}
    assert shell.user_ns["lr"] == 0.5


def test_flags_reach_the_run(shell, place):
    run(
        shell,
        "%%track -e iris --note 'a *first* try' -t gpu --seed 3\n"
        "import random\nscore = random.random()\n",
    )
    recorded = place.the_run
    assert (recorded.experiment, recorded.note) == ("iris", "a *first* try")
    assert recorded.tags == {"gpu": ""}
    import random

    assert recorded.metrics["score"] == random.Random(3).random()


def test_a_named_metric_and_parameter_are_recorded(shell, place):
    run(shell, "%%track -m n_errors -p path\nn_errors = len('abc')\npath = str('a') + 'b'\n")
    assert place.the_run.metrics == {"n_errors": 3}
    assert place.the_run.params == {"path": "ab"}


def test_nothing_is_inferred_on_request(shell, place):
    run(
        shell,
        "%%track --no-infer\nlr = .1\naccuracy = 1 / 2\nimport nbtrack\nnbtrack.log(kept=1.0)\n",
    )
    assert place.the_run.params == {}
    assert place.the_run.metrics == {"kept": 1.0}


def test_only_the_named_metrics_are_recorded(shell, place):
    run(shell, "%%track --only-metrics f1\naccuracy = 1 / 2\nf1 = 1 / 4\n")
    assert place.the_run.metrics == {"f1": 0.25}


def test_what_the_cell_logs_wins_over_what_is_inferred(shell, place):
    run(shell, "%%track\nimport nbtrack\naccuracy = 1 / 2\nnbtrack.log(accuracy=.75)\n")
    assert place.the_run.metrics == {"accuracy": 0.75}
    assert len(place.the_run.history("accuracy")) == 1


def test_a_loop_becomes_a_curve(shell, place):
    run(shell, "%%track\nloss = 1.0\nfor epoch in range(5):\n    loss = loss / 2\n")
    steps = place.the_run.history("loss").df()
    assert steps["value"].tolist() == [0.5, 0.25, 0.125, 0.0625, 0.03125]


def test_printed_text_is_kept_and_shown(shell, place, capsys):
    run(shell, "%%track\nimport sys\nprint('to out')\nprint('to err', file=sys.stderr)\n")
    shown = capsys.readouterr()
    assert "to out" in shown.out
    assert "to err" in shown.err
    assert place.the_run.text("stdout").startswith("to out\n")
    assert place.the_run.text("stderr") == "to err\n"


def test_a_console_is_told_the_outcome_in_a_line(shell, capsys):
    run(shell, "%%track forest\naccuracy = 1 / 2\n")
    assert "forest (" in (said := capsys.readouterr().out)
    assert ") finished in " in said
    assert "accuracy 0.5" in said


def test_an_exception_is_shown_and_the_run_failed(shell, place, capsys):
    result = run(shell, "%%track\nx = 1\nraise ValueError('no data')\n")
    assert isinstance(result.error_in_exec, ValueError)
    assert "----> 3 raise ValueError('no data')" in capsys.readouterr().out
    recorded = place.the_run
    assert recorded.status == "failed"
    kept = recorded.text("traceback")
    assert kept.startswith("Traceback (most recent call last):")
    assert kept.endswith("ValueError: no data\n")
    assert "interactiveshell.py" not in kept


def test_an_interrupt_is_a_killed_run(shell, place):
    run(shell, "%%track\naccuracy = 1 / 2\nraise KeyboardInterrupt\n")
    assert place.the_run.status == "killed"
    assert place.the_run.metrics == {"accuracy": 0.5}


@pytest.mark.filterwarnings("ignore:To exit")
@pytest.mark.parametrize(("code", "status"), [("", "finished"), ("0", "finished"), ("3", "failed")])
def test_a_system_exit_ends_the_run_as_its_code_says(shell, place, code, status):
    run(shell, f"%%track\nimport sys\nsys.exit({code})\n")
    assert place.the_run.status == status


def test_a_syntax_error_is_pythons_own_and_leaves_no_run(shell, place, capsys):
    for cell in ("%%track\nx = = 1\n", "%%track\nreturn 3\n", "%%track --frob\nx = = 1\n"):
        result = run(shell, cell)
        assert isinstance(result.error_before_exec or result.error_in_exec, SyntaxError)
    assert capsys.readouterr().out.count("SyntaxError: ") == 3
    assert place.runs == []


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%track --metrics acc\nacc = .5", "no flag '--metrics' (did you mean --metric?)"),
        ("%%track -m nowhere\nx = 1", "nowhere"),
        ("%%track -m acc -m acc\nacc = .5", "'acc' is named twice"),
        ("%%track lr=.1\nimport math\nlr = math.sqrt(2)", "lr"),
        ("%%track status\nx = 1", "%track status"),
        ("%%track a\n%%track b\nx = 1", "lines 1 and 2"),
        ("%%track 'two\tlines'\nx = 1", "name"),
    ],
)
def test_a_mistake_is_one_sentence_before_the_cell_runs(shell, place, capsys, cell, said):
    assert said in refusal(shell, place, cell)
    shown = capsys.readouterr().out.strip()
    assert shown.startswith("InvalidCell: ")
    assert "Traceback" not in shown


def test_a_refused_cell_does_not_spoil_the_next(shell, place):
    refusal(shell, place, "%%track --frob")
    run(shell, "%%track\naccuracy = 1 / 2\n")
    run(shell, "x = 1")
    assert place.the_run.metrics == {"accuracy": 0.5}


def test_a_cell_while_another_run_is_open_must_say_nested(shell, place):
    with nbtrack.run("outer") as outer:
        result = run(shell, "%%track\nx = 1\n")
        assert "'outer' is still open" in str(result.error_before_exec)
        assert "--nested" in str(result.error_before_exec)
        run(shell, "%%track inner --nested\naccuracy = 1 / 2\n")
    rows = nbtrack.sql(
        "SELECT replace(parent_id::VARCHAR, '-', '') AS p FROM runs WHERE name = 'inner'",
        store=place.path,
    )
    assert [row["p"] for row in rows] == [outer.id]


def test_a_run_open_in_another_thread_is_not_in_the_way(shell, place):
    opened, close = threading.Event(), threading.Event()

    def train() -> None:
        with nbtrack.run("in the background"):
            opened.set()
            close.wait(60)

    thread = threading.Thread(target=train)
    thread.start()
    assert opened.wait(60)
    result = run(shell, "%%track mine\naccuracy = 1 / 2\n")
    close.set()
    thread.join()
    assert result.success
    assert {r.name: r.status for r in place.runs}["mine"] == "finished"


def test_line_numbers_and_the_result_are_the_cells_own(shell):
    result = run(shell, "%%track\nimport sys\nsys._getframe().f_lineno\n")
    assert result.result == 3
    assert shell.user_ns["_"] == 3


def test_shell_escapes_and_line_magics_work(shell, place):
    result = run(shell, "%%track\nx = !echo hello\ny = %pwd\nx\n")
    assert list(result.result) == ["hello"]
    assert shell.user_ns["y"] == str(Path.cwd())
    assert place.the_run.status == "finished"


def test_top_level_await_works(shell, place):
    run(shell, "%%track\nimport asyncio\nawait asyncio.sleep(0)\naccuracy = 1 / 2\n")
    assert place.the_run.metrics == {"accuracy": 0.5}


@pytest.mark.parametrize("order", ["%%track t\n%%time\n", "%%time\n%%track t\n"])
def test_time_on_the_next_line_or_the_one_before(shell, place, capsys, order):
    result = run(shell, f"{order}lr = .1\naccuracy = lr * 5\naccuracy\n")
    assert "Wall time" in capsys.readouterr().out
    assert result.result == 0.5
    assert place.the_run.params == {"lr": 0.1}
    assert place.the_run.metrics == {"accuracy": 0.5}


def test_capture_below_hides_the_output_and_keeps_the_run(shell, place, capsys):
    run(shell, "%%track t\n%%capture captured\nprint('hidden')\naccuracy = 1 / 2\n")
    assert "hidden" not in capsys.readouterr().out
    assert shell.user_ns["captured"].stdout == "hidden\n"
    assert [r.metrics for r in place.runs] == [{"accuracy": 0.5}]


def test_an_error_that_capture_swallows_is_the_runs(shell, place):
    run(shell, "%%track t\n%%capture\n1 / 0\n")
    assert place.the_run.status == "failed"
    assert "ZeroDivisionError" in place.the_run.text("traceback")


def test_a_shell_script_is_tracked_without_being_read(shell, place):
    run(shell, "%%track t\n%%bash\necho x = 1\n")
    assert (place.the_run.status, place.the_run.params) == ("finished", {})


def test_timeit_and_prun_run_as_always(shell, place, capsys):
    run(shell, "%%track a\n%%timeit -n2 -r1\nx = 1 / 2\n")
    run(shell, "%%track b\n%%prun -q\naccuracy = 1 / 2\n")
    assert "per loop" in capsys.readouterr().out
    assert [r.status for r in place.runs] == ["finished", "finished"]
    assert place.runs[1].metrics == {"accuracy": 0.5}


def test_the_magic_called_by_code_tracks_a_cell_of_its_own(shell, place):
    shell.run_cell_magic("track", "forest", "accuracy = 1 / 2\n")
    assert place.the_run.name == "forest"


def test_a_tracked_cell_inside_a_tracked_cell_is_its_child(shell, place):
    run(
        shell,
        "%%track outer\nget_ipython().run_cell('%%track inner\\nf1 = 1 / 4')\naccuracy = 1 / 2\n",
    )
    runs = {r.name: r for r in place.runs}
    assert runs["inner"].metrics == {"f1": 0.25}
    assert runs["outer"].metrics == {"accuracy": 0.5}
    assert {r.status for r in runs.values()} == {"finished"}


def test_a_plain_cell_inside_a_tracked_cell_is_left_alone(shell, place):
    run(shell, "%%track\nget_ipython().run_cell('f1 = 1 / 4')\naccuracy = 1 / 2\n")
    assert place.the_run.metrics == {"accuracy": 0.5}


def test_a_cell_run_by_another_thread_is_tracked_there(shell, place):
    def work() -> None:
        shell.run_cell("%%track in-a-thread\nf1 = 1 / 4\n")

    shell.user_ns["work"] = work
    run(
        shell,
        "%%track outer\nimport threading\nt = threading.Thread(target=work)\nt.start()\nt.join()\n"
        "accuracy = 1 / 2\n",
    )
    runs = {r.name: r for r in place.runs}
    assert runs["in-a-thread"].metrics == {"f1": 0.25}
    assert runs["outer"].metrics == {"accuracy": 0.5}


def test_a_cell_that_ends_its_run_itself_is_not_troubled(shell, place):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = run(shell, "%%track\nimport nbtrack\nnbtrack.log(a=1.0)\nnbtrack.end_run()\n")
    assert result.success
    assert place.the_run.metrics == {"a": 1.0}


def test_a_silent_cell_is_not_tracked(shell, place):
    run(shell, "%%track\naccuracy = 1 / 2\n", silent=True)
    assert place.runs == []


def test_blank_and_empty_cells(shell, place):
    run(shell, "   \n")
    assert place.runs == []
    run(shell, "%%track empty\n")
    assert place.the_run.name == "empty"


def test_a_cell_that_reads_its_parameters_through_functions(shell, place):
    run(shell, "lr = .25\ndef train():\n    return lr * 2\n")
    run(shell, "%%track\naccuracy = train()\n")
    assert place.the_run.params == {"lr": 0.25}


def test_a_metric_of_an_earlier_run_is_no_parameter(shell, place):
    run(shell, "%%track first\naccuracy = 1 / 2\n")
    run(shell, "%%track second\nerror = 1 - accuracy\n")
    assert "accuracy" not in place.runs[-1].params


def test_on_tracks_what_measures_and_off_stops_it(shell, place, capsys):
    run(shell, "%track on")
    run(shell, "import math\nlabels = [1, 0, 1]\n")
    run(shell, "class M:\n    def fit(self): return self\n    def score(self): return .5\n")
    run(shell, "accuracy = M().fit().score()\n")
    run(shell, "%track off")
    run(shell, "accuracy = M().fit().score()\n")
    assert [r.metrics for r in place.runs] == [{"accuracy": 0.5}]
    said = capsys.readouterr().out
    assert "Every cell that trains or measures" in said
    assert "Only cells that ask for it" in said


def test_a_failure_inside_tracking_is_one_warning_and_the_cell_runs(shell, place, monkeypatch):
    def broken(self: Run, params: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(Run, "log_params", broken)
    with pytest.warns(TrackingWarning, match="disk on fire") as told:
        result = run(shell, "%%track\nlr = .1\naccuracy = lr * 5\naccuracy\n")
    assert result.result == 0.5
    assert len(told) == 1
    assert "disk on fire" in place.the_run.facts["tracking.trouble"]


def test_where_nothing_can_be_written_the_cell_runs_and_the_user_is_told(
    shell, tmp_path, monkeypatch
):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setattr(active, "_chosen_store", blocked / ".nbtrack")
    with pytest.warns(RuntimeWarning, match="cannot write to"):
        result = run(shell, "%%track\nx = 2\nx\n")
    assert result.result == 2
    blocked.unlink()  # What waits in memory can be written, when the store closes at the latest.


def test_where_a_run_cannot_be_started_the_cell_runs_untracked(shell, place, monkeypatch, capsys):
    def refuse(**_: object) -> None:
        raise StoreUnavailable("no permission to write here")

    monkeypatch.setattr("nbtrack.magics.cell.start_run", refuse)
    with pytest.warns(TrackingWarning, match="no permission to write here"):
        result = run(shell, "%%track\nx = 2\nx\n")
    assert result.result == 2
    assert "not tracked" in capsys.readouterr().out
    assert place.runs == []


def test_an_interrupt_while_results_are_recorded_still_ends_the_run(shell, place, monkeypatch):
    def interrupted(self: CellObserver, result: object, error: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(CellObserver, "finish", interrupted)
    with pytest.warns(TrackingWarning, match="by the user"):
        run(shell, "%%track\nx = 1\n")
    assert place.the_run.status == "finished"


def test_git_and_packages_are_written_when_they_are_known(shell, place, until):

    run(shell, "%%track\nx = 1\n")
    recorded = place.the_run
    facts = until(lambda: "python" in str(recorded.reload().facts) and recorded.facts, "facts")
    assert any(key.startswith("python") for key in facts)
    assert "pytest" in until(lambda: recorded.reload() and recorded.text("packages"), "packages")

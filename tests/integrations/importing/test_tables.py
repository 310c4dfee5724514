"""What the columns of a table are taken for, and how to say otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

import nbtrack
from nbtrack.cli import main
from nbtrack.errors import InvalidValue


def written(folder: Path, text: str, name: str = "table.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_row_is_a_run(tmp_path: Path, place: Path) -> None:
    file = written(
        tmp_path,
        "Run Name,Status,start_time,lr,depth,params.x,metrics.y,accuracy,note\n"
        "a,crashed,2024-01-02T03:04:05,0.1,3,7,9,0.9,fine\n"
        "b,finished,2024-01-02T03:04:05,0.2,4,8,10,,\n",
    )
    report = nbtrack.import_table(file)
    assert "a row is a run" in report.remarks[0]
    a, b = nbtrack.get_run("a"), nbtrack.get_run("b")
    assert (a.status, a.note, a.experiment) == ("failed", "fine", "table")
    assert dict(a.params) == {"lr": 0.1, "depth": 3, "x": 7}
    assert dict(a.metrics) == {"y": 9.0, "accuracy": 0.9}
    # A cell that is empty is no value.
    assert dict(b.metrics) == {"y": 10.0}
    [both] = nbtrack.sql("SELECT DISTINCT started FROM runs").arrow().to_pylist()
    assert str(both["started"]) == "2024-01-02 03:04:05"


def test_row_is_a_step(tmp_path: Path, place: Path) -> None:
    file = written(tmp_path, "run;epoch;loss;lr\nx;0;1.5;0.1\nx;1;0.5;0.1\ny;0;1.0;0.2\ny;1;;0.3\n")
    report = nbtrack.import_table(file)
    assert "a row is a step of a run" in report.remarks[0]
    assert report.not_carried == {"params that change within a run, but for their first": 1}
    points = nbtrack.sql("SELECT name, step, value FROM metrics JOIN runs USING (run_id)").arrow()
    assert {(row["name"], row["step"]): row["value"] for row in points.to_pylist()} == {
        ("x", 0): 1.5,
        ("x", 1): 0.5,
        ("y", 0): 1.0,
    }


def test_row_is_a_point(tmp_path: Path, place: Path) -> None:
    file = written(
        tmp_path,
        "run_id,key,value,step,timestamp\n"
        "x,loss,1.5,0,1700000000\nx,acc,0.5,0,1700000000\nx,loss,nan,1,1700000001\n",
    )
    nbtrack.import_table(file)
    points = nbtrack.sql(
        "SELECT key, step, epoch(ts) AS at, isnan(value) AS nan FROM metrics ORDER BY key, step"
    ).arrow()
    assert [tuple(row.values()) for row in points.to_pylist()] == [
        ("acc", 0, 1.7e9, False),
        ("loss", 0, 1.7e9, False),
        ("loss", 1, 1.7e9 + 1, True),
    ]


def test_columns_are_what_somebody_says(tmp_path: Path, place: Path) -> None:
    file = written(tmp_path, "lr,depth,place,junk,when\n0.1,3,lab,1,5\n0.1,3,lab,1,6\n")
    nbtrack.import_table(
        file, metrics=["lr"], tags=["place"], ignore=["junk"], step="when", experiment="mine"
    )
    [run] = nbtrack.search_runs(["mine"], output_format="list")
    assert (dict(run.tags), "junk" in run.params) == ({"place": "lab"}, False)
    assert run.metrics["lr"] == 0.1


def test_new_rows_of_a_file_are_added(tmp_path: Path, place: Path) -> None:
    text = "lr,loss\n0.1,1.0\n0.1,1.0\n"
    file = written(tmp_path, text)
    assert nbtrack.import_table(file).runs == 2
    written(tmp_path, text + "0.1,1.0\n0.2,2.0\n")
    again = nbtrack.import_table(file)
    assert (again.runs, again.already_there) == (2, 2)


@pytest.mark.parametrize(
    ("text", "said", "told"),
    [
        ("a,b\n", {}, "no rows"),
        ("a,a\n1,2\n", {}, "two columns of one name"),
        ("a,b\n1,2\n", {"metrics": ["c"]}, "no column 'c'"),
        ("a,b\n1,2,3\n", {}, "cannot be read as a table"),
        ("run,step,loss\nx,first,1\n", {}, "no whole numbers"),
    ],
)
def test_table_that_cannot_be_read_is_told_in_a_sentence(
    text: str, said: dict[str, list[str]], told: str, tmp_path: Path, place: Path
) -> None:
    with pytest.raises(InvalidValue, match=told):
        nbtrack.import_table(written(tmp_path, text), **said)


def test_command_says_what_it_understood(
    tmp_path: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "name,lr,acc\na,0.1,0.5\n")
    with pytest.raises(SystemExit) as ended:
        main(["--store", str(place), "import", "csv", str(file), "--param", "acc"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "1 run\n" in shown
    assert "params: acc, lr" in shown

"""Questions about recorded runs, and what is done to them."""

import pandas as pd
import polars as pl
import pytest

import nbtrack
from nbtrack.errors import AmbiguousRun, InvalidFilter, InvalidValue, RunNotFound

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def three_runs():
    made = []
    for name, experiment, lr, acc in [
        ("brave-otter", "a", 0.1, 0.7),
        ("calm-newt", "a", 0.2, 0.9),
        ("brave-ox", "b", 0.3, 0.8),
    ]:
        with nbtrack.run(name, experiment=experiment, lr=lr, model="rf") as run:
            run.log(acc=acc)
        made.append(run)
    return made


def test_search_runs_gives_a_frame_with_mlflows_column_names(three_runs):
    frame = nbtrack.search_runs(
        filter_string="metrics.acc > 0.75 and params.model = 'rf'", order_by=["metrics.acc DESC"]
    )
    assert isinstance(frame, pd.DataFrame)
    assert frame["metrics.acc"].tolist() == [0.9, 0.8]
    assert {"run_id", "experiment", "status", "params.lr", "params.model"} <= set(frame.columns)


def test_search_runs_looks_in_the_chosen_experiment(three_runs):
    nbtrack.set_experiment("a")
    assert len(nbtrack.search_runs()) == 2
    assert len(nbtrack.search_runs(["b"])) == 1
    assert len(nbtrack.search_runs(search_all_experiments=True)) == 3
    assert isinstance(nbtrack.search_runs(output_format="polars"), pl.DataFrame)
    assert [r.name for r in nbtrack.search_runs(["b"], output_format="list")] == ["brave-ox"]


def test_a_filter_passed_first_is_told_where_it_belongs(three_runs):
    with pytest.raises(InvalidValue, match="filter_string="):
        nbtrack.search_runs("metrics.acc > 1")
    with pytest.raises(InvalidFilter):
        nbtrack.search_runs(filter_string="metrics.acc >")


def test_a_run_is_found_by_any_unique_part(three_runs):
    run = three_runs[1]
    assert nbtrack.get_run("calm-newt").id == run.id
    assert nbtrack.get_run(run.short_id).id == run.id
    with pytest.raises(RunNotFound, match="brave-otter"):
        nbtrack.get_run("brave-oter")
    with nbtrack.run("calm-newt"):
        pass
    with pytest.raises(AmbiguousRun, match="calm-newt"):
        nbtrack.get_run("calm-newt")


def test_sql_joins_the_callers_frames(three_runs):
    budget = pd.DataFrame({"name": ["brave-ox", "calm-newt"], "cost": [3, 4]})
    polars_budget = pl.from_pandas(budget)
    for _ in (budget, polars_budget):
        answer = nbtrack.sql("SELECT name, cost FROM runs JOIN budget USING (name) ORDER BY cost")
        assert list(answer) == [{"name": "brave-ox", "cost": 3}, {"name": "calm-newt", "cost": 4}]
    answer = nbtrack.sql("SELECT sum(cost) AS s FROM polars_budget")
    assert answer.df()["s"].tolist() == [7]
    assert answer.pl()["s"].to_list() == [7]


def test_sql_reads_and_never_writes(three_runs):
    for statement in ("DROP VIEW runs", "DELETE FROM base.runs", "CREATE TABLE t (a INT)"):
        with pytest.raises(Exception, match=r"(?i)read.?only|select|cannot"):
            nbtrack.sql(statement)
    assert len(nbtrack.sql("SELECT * FROM runs")) == 3


def test_deleted_runs_come_back_and_purged_ones_do_not(three_runs, place):
    otter, newt, _ = three_runs
    newt_params = nbtrack.get_run(newt.id).params
    nbtrack.delete_run("brave-otter")
    nbtrack.delete_run(newt.id)
    assert nbtrack.sql("SELECT name FROM runs")["name"] == ["brave-ox"]
    nbtrack.restore_run(newt.id)
    assert nbtrack.get_run("calm-newt").params == newt_params
    assert nbtrack.purge(otter.id) == 1
    with pytest.raises(RunNotFound):
        nbtrack.get_run(otter.id)


def test_a_leaked_secret_is_gone_from_every_file_after_purge(place):
    with nbtrack.run("leak", token="s3cr3t-in-a-param") as run:
        run.log({"s3cr3t-metric": 1})
        run.set_tag("t", "s3cr3t-in-a-tag")
        run.keep_text("stdout", "s3cr3t-in-a-text")
        run.keep_artifact("login.png", b"s3cr3t-in-a-file")
    with nbtrack.run("innocent") as other:
        other.log(kept=1)
        other.keep_artifact("kept.txt", b"kept")
    nbtrack.sql("SELECT * FROM runs")
    nbtrack.purge("leak")
    for file in place.rglob("*"):
        if file.is_file():
            assert b"s3cr3t" not in file.read_bytes(), file
    assert run.id not in nbtrack.sql("SELECT run_id::VARCHAR AS id FROM all_runs")["id"]
    assert nbtrack.get_run("innocent").metrics == {"kept": 1.0}
    assert nbtrack.get_run("innocent").artifact("kept.txt") == b"kept"


def test_experiments_are_listed_renamed_deleted_and_restored(three_runs):
    counts = {row["experiment"]: row["runs"] for row in nbtrack.list_experiments()}
    assert counts == {"a": 2, "b": 1}
    nbtrack.rename_experiment("a", "c")
    assert {row["experiment"] for row in nbtrack.list_experiments()} == {"b", "c"}
    assert nbtrack.delete_experiment("c") == 2
    assert [row["experiment"] for row in nbtrack.list_experiments()] == ["b"]
    assert nbtrack.restore_experiment("c") == 2
    with pytest.raises(InvalidValue, match="no experiment 'zzz'"):
        nbtrack.rename_experiment("zzz", "y")


def test_a_stored_run_shows_what_it_holds(three_runs):
    run = nbtrack.get_run("calm-newt")
    assert "calm-newt" in repr(run)
    assert "acc" in run._repr_html_()
    assert run["acc"] == 0.9
    assert run["lr"] == 0.2
    assert set(run._ipython_key_completions_()) == {"acc", "lr", "model"}


def test_a_hostile_name_is_text_in_every_page(place):
    with nbtrack.run("<script>alert(1)</script>", x="<img src=x>") as run:
        run.log({"<b>": 1})
    shown = nbtrack.get_run(run.id)._repr_html_() + nbtrack.sql("FROM params")._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown

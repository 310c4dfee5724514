"""Runs found by query, by free text, by name and by part of an id."""

import pytest
from recording import change, record

from nbtrack.errors import AmbiguousRun, InvalidFilter, RunNotFound
from nbtrack.store import RunQuery, find_run, run_frame, run_page


def names(store, **query):
    return run_page(store, RunQuery(**query)).table["name"].to_pylist()


@pytest.fixture
def runs(store):
    return {
        "otter": record(
            store, "brave-otter", experiment="Vision", params={"model": "ResNet", "lr": 0.1}
        ),
        "newt": record(store, "calm-newt", experiment="text", tags={"team": "Blue"}, note="Ünïque"),
        "ox": record(store, "brave-ox", experiment="text", params={"model": "rf"}, deleted=True),
    }


def test_without_an_order_the_newest_run_is_first(store, runs):
    assert names(store) == ["calm-newt", "brave-otter"]


def test_lifecycle_chooses_between_runs_in_use_and_those_in_the_trash(store, runs):
    assert names(store, lifecycle="deleted") == ["brave-ox"]
    assert names(store, lifecycle="all") == ["brave-ox", "calm-newt", "brave-otter"]
    change(store, runs["ox"], deleted=False)
    assert names(store, lifecycle="deleted") == []
    assert names(store)[0] == "brave-ox"


def test_experiments_narrow_the_runs_and_follow_a_move(store, runs):
    assert names(store, experiments=("text",)) == ["calm-newt"]
    change(store, runs["otter"], experiment="text")
    assert names(store, experiments=("text",)) == ["calm-newt", "brave-otter"]
    assert names(store, experiments=()) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("OTTER", ["brave-otter"]),
        ("vision", ["brave-otter"]),
        ("resnet", ["brave-otter"]),
        ("blue", ["calm-newt"]),
        ("ünïque", ["calm-newt"]),
        ("lr=0.1", ["brave-otter"]),
        ("team=bl", ["calm-newt"]),
        ("brave vision", ["brave-otter"]),
        ("brave text", []),
        ("lr", []),
        ("%", []),
    ],
)
def test_every_word_of_a_search_occurs_somewhere_in_the_run(store, runs, search, found):
    assert names(store, search=search) == found


def test_a_search_finds_part_of_an_id(store, runs):
    assert names(store, search=runs["newt"][-8:].upper()) == ["calm-newt"]


def test_a_search_knows_only_what_holds_now(store, runs):
    change(store, runs["newt"], tags={"team": None}, name="eager-newt")
    change(store, runs["otter"], tags={"team": "red"})
    change(store, runs["otter"], tags={"team": "green"})
    assert names(store, search="blue") == names(store, search="calm") == []
    assert names(store, search="red") == []
    assert names(store, search="green") == ["brave-otter"]
    assert names(store, search="eager") == ["eager-newt"]


def test_times_are_compared_in_utc(store, runs):
    started = run_page(store, RunQuery("name = 'calm-newt'")).table["started"][0].as_py()
    after = f"{started.isoformat()}"
    assert names(store, filter=f"started >= '{after}'") == ["calm-newt"]
    assert names(store, filter=f"started < '{after}+00:00'") == ["brave-otter"]
    assert names(store, filter=f"start_time > {int(started.timestamp() * 1000) + 10**9}") == []
    assert names(store, filter="ended IS NOT NULL AND ended >= '2020-01-01'", lifecycle="all")


def test_mlflows_attributes_and_tags_reach_ours(store, runs):
    assert names(store, filter="tags.mlflow.runName = 'calm-newt'") == ["calm-newt"]
    assert names(store, filter=f"attributes.run_id IN ('{runs['newt']}')") == ["calm-newt"]
    assert names(store, filter="attributes.status = 'FINISHED' and run_name LIKE 'brave%'") == [
        "brave-otter"
    ]


def test_a_parameter_of_mixed_types_sorts_numbers_before_texts(store):
    for name, value in [("a", 10), ("b", 9.5), ("c", "auto"), ("d", None), ("e", float("nan"))]:
        record(store, name, params={"depth": value})
    record(store, "f")
    assert names(store, order_by=("params.depth",)) == ["b", "a", "d", "c", "f", "e"]
    assert names(store, order_by=("params.depth DESC",)) == ["a", "b", "c", "d", "f", "e"]


def test_a_frame_has_a_typed_column_for_everything(store):
    record(store, "one", params={"lr": 1, "on": True, "model": "rf", "x": None}, tags={"t": "a"})
    parent = record(store, "two", params={"lr": 2, "on": False, "model": 3}, metrics={"acc": 0.5})
    record(store, "three", params={"lr": 10**30}, metrics={"acc": float("nan")}, parent=parent)
    frame = run_frame(store, RunQuery("params.lr < 5", order_by=("params.lr",)))
    assert frame.column_names[:7] == [
        "run_id",
        "run_name",
        "status",
        "experiment",
        "start_time",
        "end_time",
        "duration_s",
    ]
    held = frame.select([name for name in frame.column_names if "." in name]).to_pydict()
    assert held == {
        "metrics.acc": [None, 0.5],
        "params.lr": [1, 2],
        "params.model": ["rf", "3"],
        "params.on": [True, False],
        "params.x": ["None", None],
        "tags.t": ["a", None],
    }
    everything = run_frame(store, RunQuery())
    assert everything["params.lr"].to_pylist() == [str(10**30), "2", "1"]
    assert everything["parent_id"].to_pylist() == [parent, None, None]
    assert run_frame(store, RunQuery(), limit=1)["run_name"].to_pylist() == ["three"]


def test_a_frame_of_no_runs_has_the_attributes(store):
    frame = run_frame(store, RunQuery())
    assert frame.num_rows == 0
    assert {"run_id", "start_time", "user"} <= set(frame.column_names)


def test_a_run_is_found_by_its_name_and_by_any_part_of_its_id(store, runs):
    run = runs["newt"]
    assert find_run(store, "calm-newt") == run
    assert find_run(store, run) == run
    assert find_run(store, run[-8:]) == run
    assert find_run(store, run[-8:-3].upper()) == run
    assert find_run(store, f"{run[:8]}-{run[8:12]}-{run[12:16]}-{run[16:20]}-{run[20:]}") == run
    change(store, run, name="eager-newt")
    assert find_run(store, "eager-newt") == run
    with pytest.raises(RunNotFound):
        find_run(store, "calm-newt")


def test_a_name_comes_before_a_part_of_an_id(store, runs):
    beef = record(store, runs["newt"][-8:])
    assert find_run(store, runs["newt"][-8:]) == beef


def test_a_run_that_is_not_there_is_told_with_the_closest_name(store, runs):
    with pytest.raises(
        RunNotFound,
        match=r"No run 'brave-oter' in \.nbtrack \(closest: 'brave-otter'\)\. "
        r"List runs with nbtrack\.runs\(\)\.",
    ):
        find_run(store, "brave-oter")
    for ref in ("", "x", runs["newt"][-3:], "%", "' OR 1=1 --"):
        with pytest.raises(RunNotFound, match="List runs with"):
            find_run(store, ref)


def test_a_deleted_run_is_found_only_when_asked(store, runs):
    assert find_run(store, "brave-ox", lifecycle="all") == runs["ox"]
    assert find_run(store, "brave-ox", lifecycle="deleted") == runs["ox"]
    with pytest.raises(RunNotFound, match=r"in the trash .* nbtrack\.restore_run"):
        find_run(store, "brave-ox")
    with pytest.raises(RunNotFound, match="is not in the trash"):
        find_run(store, "calm-newt", lifecycle="deleted")


def test_a_name_that_several_runs_bear_lists_them(store):
    made = [record(store, "twin") for _ in range(7)]
    with pytest.raises(AmbiguousRun, match=r"'twin' fits 7 runs: .*, and 2 more\.") as caught:
        find_run(store, "twin")
    listed = [run for run in made if f"{run[-8:]} (twin, started 20" in str(caught.value)]
    assert listed == made[-5:]
    with pytest.raises(AmbiguousRun, match="fits 7 runs"):
        find_run(store, made[0][:6])


def test_who_asks_for_the_newest_gets_the_newest_of_that_name(store):
    made = [record(store, "twin") for _ in range(3)]
    assert find_run(store, "twin", newest=True) == made[-1]
    with pytest.raises(AmbiguousRun):
        find_run(store, made[0][:6], newest=True)


def test_a_search_of_too_many_words_is_refused(store):
    with pytest.raises(InvalidFilter, match="has 21 words; 20 are the most"):
        names(store, search=" ".join(f"word-{n}" for n in range(21)))


def test_an_order_that_cannot_be_read_is_refused(store):
    with pytest.raises(InvalidFilter, match="of the order"):
        run_page(store, RunQuery(order_by=("metrics.acc sideways",)))

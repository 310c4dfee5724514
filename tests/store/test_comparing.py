"""Runs that meet comparisons: what is missing meets none, and infinity is the greatest float."""

import pytest
from using_store import end_run, log, start_run

from nbtrack.events import ParamsLogged, ParamValue
from nbtrack.store import Comparison, Sorting, Store, matching_runs


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("compared"))
    runs = {}
    for name, value in {"low": 0.1, "nan": float("nan"), "inf": float("inf"), "none": None}.items():
        runs[name] = start_run(store, name)
        if value is not None:
            log(store, runs[name], 0, m=value)
            writer = store.writer()
            params = {"p": ParamValue("str", f"{name}%")}
            writer.append(ParamsLogged(writer.now_us(), runs[name], params))
        end_run(store, runs[name])
    store.fold()
    yield store, {run: name for name, run in runs.items()}
    store.close()


@pytest.mark.parametrize(
    ("comparison", "names"),
    [
        (Comparison("metrics", "m", ">", 0.0), {"low", "inf"}),
        (Comparison("metrics", "m", "<=", 1.7976931348623157e308), {"low", "inf"}),
        (Comparison("metrics", "m", "!=", 0.1), {"nan", "inf"}),
        (Comparison("metrics", "other", "<", 1.0), set()),
        (Comparison("params", "p", "!=", "x"), {"low", "nan", "inf"}),
        (Comparison("params", "p", "IS NULL"), {"none"}),
        (Comparison("params", "p", "LIKE", "N%"), set()),
        (Comparison("params", "p", "ILIKE", "N%"), {"nan"}),
        (Comparison("attributes", "status", "=", "FINISHED"), {"low", "nan", "inf", "none"}),
        (Comparison("attributes", "run_name", "IN", ["low", "none"]), {"low", "none"}),
    ],
)
def test_what_a_run_does_not_have_meets_no_comparison(filled, comparison, names):
    store, name_of = filled
    found = matching_runs(store, experiments=["exp"], comparisons=[comparison])
    assert {name_of[run] for run in found} == names


def test_nan_and_then_what_is_missing_come_last(filled):
    store, name_of = filled
    for descending, first in ((False, ["low", "inf"]), (True, ["inf", "low"])):
        order = [Sorting("metrics", "m", descending)]
        found = matching_runs(store, experiments=["exp"], order=order)
        assert [name_of[run] for run in found] == [*first, "nan", "none"]
        page = matching_runs(store, experiments=["exp"], order=order, offset=1, limit=2)
        assert page == found[1:3]

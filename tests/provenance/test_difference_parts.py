"""What is held to be a difference, on recipes written by hand."""

import json

import pytest

from nbtrack.provenance.difference import difference
from nbtrack.provenance.difference.cells import matched_cells, moved_numbers
from nbtrack.store import StoredInput
from tests.provenance.recipes import data, recipe


def said(section):
    return [(change.kind, change.name, change.a, change.b, change.note) for change in section]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ({"lr": 0.1}, {"lr": 0.1}, []),
        ({"lr": 0.1}, {"lr": 1.0}, [("changed", "lr", "0.1", "1.0", "10 times")]),
        ({"n": 100}, {"n": 10}, [("changed", "n", "100", "10", "1/10")]),
        ({"lr": 0.1}, {"lr": 0.13}, [("changed", "lr", "0.1", "0.13", "")]),
        ({"lr": 0}, {"lr": 5}, [("changed", "lr", "0", "5", "")]),
        ({"lr": 5}, {"lr": 0}, [("changed", "lr", "5", "0", "")]),
        ({"o": "sgd"}, {"o": "adam"}, [("changed", "o", "sgd", "adam", "")]),
        ({"x": "inf"}, {"x": 1}, [("changed", "x", "inf", "1", "")]),
        ({"x": "nan"}, {"x": 1}, [("changed", "x", "nan", "1", "")]),
        ({"x": 1e-320}, {"x": 1e300}, [("changed", "x", "1e-320", "1e+300", "")]),
        ({"lr": 1}, {}, [("removed", "lr", "1", None, "")]),
        ({}, {"lr": 1}, [("added", "lr", None, "1", "")]),
    ],
)
def test_parameters_tell_both_values_and_a_round_factor(a, b, expected):
    found = difference(recipe(params=a), recipe("b", params=b))
    assert said(found["parameters"]) == expected


LONG = "\n".join(f"step_{n} = prepare({n})" for n in range(200))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (["x = 1"], ["x = 1"], []),
        ([("i", "x = 1")], [("i", "print('nothing alike')")], ["changed"]),
        (["model = fit(X, lr=0.1)"], ["model = fit(X, lr=0.2)"], ["changed"]),
        (["x = 1"], ["x = 1", "completely_other()"], ["added"]),
        (["x = 1", "completely_other()"], ["x = 1"], ["removed"]),
        (["abcdef = 12"], ["zzz(9, 'q')"], ["added", "removed"]),
        (["x = 1", "load('file')"], ["load('file')", "x = 1"], ["moved"]),
        ([LONG], [LONG + "\nmore()"], ["changed"]),
        (["f()", "f()"], ["f()"], ["removed"]),
    ],
)
def test_cells_are_changed_added_removed_or_moved(a, b, expected):
    found = difference(recipe(cells=a), recipe("b", cells=b))
    assert sorted(change.kind for change in found["cells"]) == expected


def test_an_id_matters_more_than_likeness():
    a = recipe(cells=[("1", "y = load('train')"), ("2", "z = 3")])
    b = recipe("b", cells=[("2", "y = load('train2')"), ("1", "q = 5 * 5")])
    pairs = matched_cells(a.cells, b.cells)
    assert [(one.cell_id, other.cell_id) for one, other in pairs] == [("1", "1"), ("2", "2")]


def test_the_most_similar_cells_are_partners():
    a = recipe(cells=["model = fit(X, alpha=1)", "model = fit(X, alpha=1, beta=2)"])
    b = recipe("b", cells=["model = fit(X, alpha=1, beta=3)", "model = fit(X, alpha=2)"])
    pairs = matched_cells(a.cells, b.cells)
    assert [(one.number, other.number) for one, other in pairs] == [(1, 2), (2, 1)]


def test_a_new_cell_stands_where_it_was_executed():
    a = recipe(cells=["x = 1", "y = 2222"])
    b = recipe("b", cells=["x = 1", "import os, sys", "y = 2222"])
    pairs = matched_cells(a.cells, b.cells)
    assert [other.number for _, other in pairs] == [1, 2, 3]
    assert pairs[1][0] is None


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([], set()), ([1, 2, 3], set()), ([2, 3, 1], {1}), ([3, 1, 2, 4], {3}), ([2, 1], {2})],
)
def test_the_fewest_cells_are_said_to_have_moved(numbers, expected):
    found = moved_numbers(numbers)
    assert len(found) == len(expected)
    rest = [number for number in numbers if number not in found]
    assert rest == sorted(rest)


def test_a_line_that_begins_like_a_header_of_a_diff_is_kept():
    a = recipe(texts={"module:q.sql": "-- old\n++ x\nSELECT 1\n"})
    b = recipe("b", texts={"module:q.sql": "SELECT 1\n@@ new\n"})
    [change] = difference(a, b)["modules"]
    assert change.lines == ("--- old", "-++ x", " SELECT 1", "+@@ new")


def test_what_lies_between_two_parts_of_a_diff_is_marked():
    a = "\n".join(str(n) for n in range(40))
    b = a.replace("\n3\n", "\nthree\n").replace("\n33\n", "\nthirty\n")
    [change] = difference(recipe(texts={"module:m.py": a}), recipe("b", texts={"module:m.py": b}))[
        "modules"
    ]
    assert change.lines.count("…") == 1
    assert {"-3", "+three", "-33", "+thirty"} <= set(change.lines)


def test_modules_come_and_go():
    a = recipe(texts={"module:a.py": "A = 1\n", "module:same.py": "S = 1\n"})
    b = recipe("b", texts={"module:b.py": "B = 1\n", "module:same.py": "S = 1\n"})
    found = difference(a, b)
    assert [(c.kind, c.name) for c in found["modules"]] == [("removed", "a.py"), ("added", "b.py")]
    assert [s.same for s in found.sections if s.title == "modules"] == [1]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([data("X")], [data("X")], []),
        ([data("X")], [data("X", "d2")], [("changed", "X", "other content")]),
        ([data("X")], [data("Y")], [("renamed", "X", "the same content under another name")]),
        ([data("X")], [data("Y", "d2")], [("removed", "X", ""), ("added", "Y", "")]),
        ([data("X", "")], [data("X", "")], []),
        ([data("X", "")], [data("Y", "")], [("removed", "X", ""), ("added", "Y", "")]),
        (
            [data("X", "", shape="(1,)")],
            [data("X", "", shape="(2,)")],
            [("changed", "X", "content not read in both")],
        ),
        ([data("X")], [data("X", "")], [("changed", "X", "content not read in one")]),
        (
            [data("X", schema={"a": "int64", "b": "str"})],
            [data("X", "d2", schema={"a": "float64", "c": "str"})],
            [
                (
                    "changed",
                    "X",
                    "new columns: c; without columns: b; other types: a int64 → float64",
                )
            ],
        ),
    ],
)
def test_data_is_told_by_content_and_columns(a, b, expected):
    found = difference(recipe(inputs=a), recipe("b", inputs=b))
    assert [(c.kind, c.name, c.note) for c in found["data"]] == expected


def test_data_tells_its_shape_before_and_after():
    a = recipe(inputs=[data("X", "d1", shape="(10, 2)")])
    b = recipe("b", inputs=[data("X", "d2", shape="(11, 2)")])
    [change] = difference(a, b)["data"]
    assert change.a == "pandas.DataFrame (10, 2) d1"
    assert change.b == "pandas.DataFrame (11, 2) d2"


def test_imported_packages_come_first():
    packages = "aaa==1\nscikit-learn==1.5\nzzz==1"
    cells = ["from sklearn.svm import SVC", "import zzz.inner as z"]
    a = recipe(cells=cells, texts={"packages": packages})
    b = recipe("b", cells=cells, texts={"packages": packages.replace("==1", "==2")})
    found = difference(a, b)["packages"]
    assert [change.name for change in found] == ["scikit-learn", "zzz", "aaa"]
    assert [bool(change.note) for change in found] == [True, True, False]


def test_git_and_environment_are_told():
    facts = {"git.commit": "c1", "git.branch": "main", "python.version": "3.11.1", "why.x": "1"}
    environment = json.dumps({"variables": {"OMP_NUM_THREADS": "1"}})
    a = recipe(facts=facts, texts={"environment": environment, "git.diff": "old\n"})
    changed = {**facts, "git.commit": "c2", "python.version": "3.12.0"}
    b = recipe("b", facts=changed, texts={"environment": '{"variables": {"TZ": "UTC"}}'})
    found = difference(a, b)
    assert said(found["git"])[0] == ("changed", "commit", "c1", "c2", "")
    assert found["git"][1].lines == ("-old",)
    assert [(c.name, c.a, c.b) for c in found["environment"]] == [
        ("python.version", "3.11.1", "3.12.0"),
        ("$OMP_NUM_THREADS", "1", None),
        ("$TZ", None, "UTC"),
    ]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (0.5, 0.5, None),
        (float("nan"), float("nan"), None),
        (0.5, 0.25, ("0.5", "0.25", "-0.25, better", -0.5)),
        (0.5, 1.0, ("0.5", "1", "+0.5, worse", 1.0)),
        (-2.0, -1.0, ("-2", "-1", "+1, worse", 0.5)),
        (0.0, 1.0, ("0", "1", "+1, worse", None)),
        (1.0, float("nan"), ("1", "nan", "", None)),
        (1.0, float("inf"), ("1", "inf", "", None)),
        (1.0, 1.0 + 1e-12, ("1", "1.0000000000010001", "+1e-12, worse", pytest.approx(1e-12))),
    ],
)
def test_metrics_tell_how_far_they_went_and_whether_that_is_better(a, b, expected):
    found = difference(recipe(metrics={"loss": a}), recipe("b", metrics={"loss": b}))["metrics"]
    if expected is None:
        assert found == ()
    else:
        [change] = found
        # 1 + 1e-12 is not exactly that.
        note = "+1e-12, worse" if "e-12" in change.note else change.note
        assert (change.a, change.b, note, change.relative) == expected


def test_metrics_of_the_machine_are_no_difference():
    a = recipe(metrics={"system/cpu": 1.0})
    assert difference(a, recipe("b", metrics={"system/cpu": 2.0}))["metrics"] == ()


def test_a_script_is_compared_by_its_source():
    a = recipe(texts={"source": "lr = 1\nfit(lr)\n"})
    b = recipe("b", texts={"source": "lr = 2\nfit(lr)\n"})
    [change] = difference(a, b)["cells"]
    assert change.lines == ("-lr = 1", "+lr = 2", " fit(lr)")


def test_duration_is_told_and_no_difference():
    a, b = recipe(duration_s=1.0), recipe("b", duration_s=90.0)
    found = difference(a, b)
    assert found.durations_s == (1.0, 90.0)
    assert not any(section.changes for section in found.sections)


@pytest.mark.parametrize("text", ["[1, 2", "null", "[1]", '{"variables": 3}', "[" * 100_000])
def test_texts_that_are_not_as_they_should_be_are_passed_over(text):
    broken = StoredInput("X", "k", "d2", "", text, None, False, "", "")
    a = recipe(inputs=[data("X")], texts={"environment": text, "packages": "no version\n==\n"})
    b = recipe("b", inputs=[broken], texts={"environment": "{}"})
    assert len(difference(a, b)["data"]) == 1
    assert difference(a, b)["environment"] == ()


def test_the_dict_survives_json():
    a = recipe(cells=["x = 1"], metrics={"m": 1.0}, params={"\ud800": 1})
    b = recipe("b", cells=["x = 2"], metrics={"m": float("nan")})
    told = difference(a, b).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert list(told)[-1] == "metrics"

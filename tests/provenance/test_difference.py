"""What changed between two runs: causes first, effects last."""

import json
from html.parser import HTMLParser

import pytest

import nbtrack


@pytest.fixture
def two(project):
    project.execute(
        "import numpy as np\nX = np.arange(10.0)",
        "def f(v):\n    return v.mean()",
        "%%track a\nlr = 0.1\nloss = f(X) * lr",
    )
    project.execute(
        "import numpy as np\nX = np.arange(11.0)",
        "def f(v):\n    return v.mean() + 1",
        "%%track b\nlr = 1.0\nextra = 'on'\nloss = f(X) * lr",
    )
    return nbtrack.diff("a", "b")


def test_parameters_tell_both_values_and_how_they_relate(two):
    changes = {change.name: change for change in two["parameters"]}
    assert (changes["lr"].a, changes["lr"].b, changes["lr"].note) == ("0.1", "1.0", "10 times")
    assert (changes["extra"].kind, changes["extra"].b) == ("added", "on")


def test_cells_are_matched_and_their_lines_compared(two):
    changed = [change for change in two["cells"] if change.kind == "changed"]
    assert len(changed) == 3
    lines = [line for change in changed for line in change.lines]
    assert "-    return v.mean()" in lines
    assert "+    return v.mean() + 1" in lines


def test_data_and_metrics_are_told(two):
    [data] = two["data"]
    assert data.name == "X"
    assert "(10,)" in data.a
    assert "(11,)" in data.b
    [metric] = two["metrics"]
    assert metric.name == "loss"
    assert metric.relative > 0


def test_causes_come_before_effects(two):
    titles = [section.title for section in two.sections]
    assert titles[0] == "parameters"
    assert titles[-1] == "metrics"
    assert two["packages"] == ()
    assert two["modules"] == ()


def test_it_is_text_a_dict_and_a_page(two):
    text = str(two)
    assert "lr" in text
    assert "0.1 → 1.0" in text
    assert max(map(len, text.splitlines())) <= 110
    assert json.loads(json.dumps(two.to_dict()))["parameters"]
    page = two._repr_html_()
    assert len(page) < 50_000
    assert "<script" not in page
    with pytest.raises(KeyError, match="no section 'colours'"):
        two["colours"]


def test_a_run_differs_in_nothing_from_itself(two):
    same = nbtrack.diff("a", "a")
    assert not any(section.changes for section in same.sections)
    assert "Nothing that was recorded differs" in str(same)
    assert "Nothing that was recorded differs" in same._repr_html_()


def test_runs_of_scripts_are_compared_too(project):
    for name, lr in (("one", 0.1), ("two", 0.2)):
        with nbtrack.run(name, lr=lr) as run:
            run.log(loss=lr)
    found = nbtrack.diff("one", "two")
    assert [change.name for change in found["parameters"]] == ["lr"]
    assert found["cells"] == ()


def test_hostile_texts_are_shown_as_text(project):
    bad = "<script>alert(1)</script>"
    with nbtrack.run("one") as run:
        run.log_params({bad: bad})
    with nbtrack.run("two") as run:
        run.log(**{bad: 1.0})
        run.keep_text("source", f"x = '{bad}'\n")
    page = nbtrack.diff("one", "two")._repr_html_()
    tags = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.add(tag)

    Reader().feed(page)
    assert "script" not in tags


def test_what_is_too_much_is_cut_and_counted(project):
    for name in ("one", "two"):
        with nbtrack.run(name) as run:
            run.log_params({f"p{n}": f"{name}{n}" * 20 for n in range(400)})
            run.keep_text("source", "\n".join(f"{name} line {n}" for n in range(4000)))
    page = nbtrack.diff("one", "two")._repr_html_()
    assert len(page.encode()) < 50_000
    assert "more" in page

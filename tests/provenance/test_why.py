"""Why two runs differ, by real replays."""

import json

import pytest

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.provenance.why.report import percent


@pytest.fixture
def two(project):
    """Runs ``a`` and ``b``: a setting moves ``loss`` by 3, a module by 1, a comment by nothing."""
    (project.folder / "helpers.py").write_text("def scale(v):\n    return v + 1.0\n")
    head = "import sys; sys.path.insert(0, '')\nfrom helpers import scale"
    project.execute(head, "%%track a\nlr = 1.5\nloss = scale(lr)")
    (project.folder / "helpers.py").write_text("def scale(v):\n    return v + 2.0\n")
    project.execute(head, "%%track b\nlr = 4.5\nloss = scale(lr)  # the same")
    return project


def test_causes_are_ranked_by_what_they_do_and_a_search_goes_on_where_it_was(two):
    said = []

    def interrupt(what):
        said.append(what)
        if what.startswith("replay 3"):
            raise KeyboardInterrupt

    first = nbtrack.why("a", "b", progress=interrupt)
    assert said[0] == "4 replays: the run as it was, 2 differences one by one, all together"
    assert first.interrupted
    assert first.replayed == 2.5
    assert [trial.reason for trial in first.trials if trial.share is None] == ["not reached"]
    assert "goes on where it was" in str(first)

    found = nbtrack.why("a", "b")
    assert (found.replays, found.kept) == (4, 2)
    assert [(t.part.name, t.effect, t.share) for t in found.trials] == [
        ("lr", 3.0, 0.75),
        ("helpers.py", 1.0, 0.25),
    ]
    assert found.together.share == 1.0
    assert str(found).splitlines()[1].split() == ["75%", "+3", "setting", "lr", "1.5", "→", "4.5"]
    assert "All together they explain 100%." in str(found)
    assert json.loads(json.dumps(found.to_dict()))["trials"][0]["share"] == 0.75
    assert "75%" in found._repr_html_()
    # No run was added: what was tried is a fact of A.
    assert len(nbtrack.search_runs()) == 2


def test_a_difference_that_breaks_the_run_is_told(project):
    project.execute("x = 1.5", "%%track a\nloss = x * 2")
    project.execute("width = 2.5", "%%track b\nloss = width * 3")
    found = nbtrack.why("a", "b")
    assert any("NameError" in trial.reason for trial in found.trials)
    assert found.together.share == 1.0


def test_where_nothing_differs_there_is_nothing_to_ask(two):
    with pytest.raises(InvalidValue, match="the same in"):
        nbtrack.why("a", "a")
    with pytest.raises(InvalidValue, match="No metric 'accuracy'"):
        nbtrack.why("a", "b", metric="accuracy")
    with nbtrack.run("script") as run:
        run.log(loss=1)
    with pytest.raises(InvalidValue, match="not made by a tracked cell"):
        nbtrack.why("a", "script")


@pytest.mark.parametrize(
    ("share", "told"), [(-0.001, "0%"), (0.004, "0%"), (-0.25, "-25%"), (1.0, "100%")]
)
def test_nothing_is_never_a_negative_share(share, told):
    assert percent(share) == told

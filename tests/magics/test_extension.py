"""Loading, reloading, unloading; Tab."""

from __future__ import annotations

import pytest

from nbtrack import settings


def registered(shell):
    return {
        "transformers": len(shell.input_transformers_cleanup),
        "ast": len(shell.ast_transformers),
        "pre": len(shell.events.callbacks["pre_run_cell"]),
        "post": len(shell.events.callbacks["post_run_cell"]),
        "matchers": len(shell.Completer.custom_matchers),
        "magics": [
            kind for kind in ("line", "cell") if "track" in shell.magics_manager.magics[kind]
        ],
    }


def test_unloading_leaves_nothing_behind(shell):
    loaded = registered(shell)
    shell.run_line_magic("unload_ext", "nbtrack")
    unloaded = registered(shell)
    assert unloaded["magics"] == []
    assert all(loaded[key] == unloaded[key] + 1 for key in loaded if key != "magics")
    shell.run_line_magic("load_ext", "nbtrack")
    assert registered(shell) == loaded


def test_reloading_registers_everything_once(shell, place):
    loaded = registered(shell)
    shell.run_line_magic("reload_ext", "nbtrack")
    shell.run_line_magic("reload_ext", "nbtrack")
    assert registered(shell) == loaded
    shell.run_cell("%%track\naccuracy = 1 / 2\n")
    assert len(place.runs) == 1


def test_unloading_inside_a_tracked_cell_ends_its_run(shell, place):
    shell.run_cell("%%track\n%unload_ext nbtrack\naccuracy = 1 / 2\n")
    assert [r.status for r in place.runs] == ["finished"]
    shell.run_line_magic("load_ext", "nbtrack")


def test_the_notebooks_configuration_is_taken(shell, monkeypatch):
    shell.config.NBTrack.experiment = "configured"
    monkeypatch.setattr(settings, "_configured", {})
    shell.run_line_magic("reload_ext", "nbtrack")
    assert settings.default_experiment() == "configured"
    del shell.config["NBTrack"]
    settings.configure({})


def completions(shell, text: str, at: int | None = None) -> set[str]:
    """What Tab offers at ``at`` (default: the end of the first line), as the whole word."""
    cursor = len(text.split("\n")[0]) if at is None else at
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        found = list(shell.Completer.completions(text, cursor))
    return {(text[: c.start] + c.text).split(" ")[-1] for c in found}


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("%%track --no", {"--note", "--no-infer"}),
        ("%%track --only", {"--only-metrics", "--only-params"}),
        ("%%track -m acc\naccuracy = 1", {"accuracy"}),
        ("%%track -p le\nx = 1", {"learning_rate"}),
        ("%%track n_\nn_trees = 100\nn_done = f(3)", {"n_trees="}),
        ("# %track --see", {"--seed"}),
        ("%track st", {"status"}),
        ("%track u", {"undo"}),
        ("%track log learn", {"learning_rate"}),
    ],
)
def test_tab_completes(shell, text, offered):
    shell.user_ns["learning_rate"] = 0.1
    found = completions(shell, text)
    assert offered <= found
    if "-" in text:
        assert all(word.startswith("-") or word in offered for word in found)


def test_tab_completes_the_magic_itself(shell):
    assert "%%track" in completions(shell, "%%tra")


def test_tab_elsewhere_is_not_ours(shell):
    shell.user_ns["learning_rate"] = 0.1
    assert "learning_rate" in completions(shell, "lear")
    assert not any("=" in word for word in completions(shell, "n_"))

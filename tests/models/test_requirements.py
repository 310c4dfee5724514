"""What a model needs, found in a fresh process by who asks for what."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.models.environment import given_requirements, pinned, read_requirements


def names(lines: list[str]) -> set[str]:
    return {line.partition("==")[0] for line in lines}


def test_a_function_needs_what_it_imports_when_it_is_called(tmp_path: Path) -> None:
    def plotted(data: Any) -> Any:
        import altair

        return [altair.__version__ for _ in data]

    bundle = nbtrack.save_model(plotted, tmp_path / "m", input_example=np.ones(2))
    lines = read_requirements(bundle.path)
    assert f"altair=={metadata.version('altair')}" in lines
    assert f"cloudpickle=={metadata.version('cloudpickle')}" in lines
    # Altair declares jsonschema and imports it; it does not declare polars.
    assert "jsonschema" in names(lines)
    assert not names(lines) & {"polars", "nbtrack", "pytest", "matplotlib"}


def test_what_the_user_gives_is_not_looked_for(tmp_path: Path) -> None:
    def never(data: Any) -> Any:
        raise AssertionError("called")

    (tmp_path / "needs.txt").write_text("a==1  # the first\n\n# nothing\nb>=2\n")
    bundle = nbtrack.save_model(
        never,
        tmp_path / "m",
        pip_requirements=tmp_path / "needs.txt",
        extra_pip_requirements=["c"],
    )
    assert read_requirements(bundle.path) == ["a==1", "b>=2", "c"]


def test_a_model_that_does_not_load_elsewhere_is_saved_with_a_warning(tmp_path: Path) -> None:
    class Fickle(nbtrack.PythonModel):
        def load_context(self, context: Any) -> None:
            import os

            if os.getpid() != here:
                raise RuntimeError("only at home")

        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input

    import os

    here = os.getpid()
    with pytest.warns(UserWarning, match=r"does not load in a fresh process.*only at home"):
        bundle = nbtrack.save_model(Fickle(), tmp_path / "m", input_example=np.ones(2))
    assert names(read_requirements(bundle.path)) == {"cloudpickle"}


def test_versions_have_no_name_of_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tmp_path / "abacus-2.1.0+cpu.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: Abacus\nVersion: 2.1.0+cpu\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert pinned(["abacus", "not-installed-here"]) == ["Abacus==2.1.0"]


@pytest.mark.parametrize(
    ("given", "message"),
    [("nowhere.txt", "cannot be read"), ([3], "one line of text, got 3"), (["a\nb"], "one line")],
)
def test_requirements_of_another_kind_are_refused(given: Any, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        given_requirements(given)

"""What people type: `diff`, `replay`, `why`, with runs by name, part of an id, or object."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.tracking.active import current_store
from nbtrack.tracking.handle import RunHandle
from nbtrack.tracking.past import Place
from nbtrack.tracking.settling import settle

if TYPE_CHECKING:
    from nbtrack.provenance.difference import Difference
    from nbtrack.provenance.replay import ReplayReport
    from nbtrack.provenance.why import WhyReport
    from nbtrack.store import Store

RunReference = str | RunHandle


def diff(a: RunReference, b: RunReference, *, store: Place = None) -> Difference:
    """What changed from run ``a`` to run ``b``: the most likely causes first, then the metrics.

    Runs are named by their name (the newest that bears it), a unique part of their id, or the
    object. Raises `RunNotFound`.
    """
    from nbtrack.provenance.difference import difference
    from nbtrack.provenance.recipe import recipe_of

    place = _settled(store)
    return difference(recipe_of(place, id_of(place, a)), recipe_of(place, id_of(place, b)))


def replay(
    run: RunReference,
    *,
    tolerance: float = 0.01,
    env: bool = False,
    keep: bool = False,
    force: bool = False,
    timeout_s: float | None = None,
    notebook: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
    store: Place = None,
) -> ReplayReport | Path:
    """Make ``run`` again in a fresh kernel, from its cells alone, and compare.

    Parameters
    ----------
    tolerance
        How far a metric may be off, relative to its value, and still count as
        nondeterminism.
    env
        Install the recorded packages first, in an environment of their own: by uv
        where it is installed, else by venv and pip.
    keep
        Leave the folder in which it ran.
    force
        Try it also where the verdict is *not replayable*.
    timeout_s
        Give up after so many seconds.
    notebook
        Only write the notebook to this file, and give its path.
    progress
        Is told what is being done, in a few words each time.
    """
    from nbtrack.provenance.replay import replay as make_again
    from nbtrack.provenance.replay import write_notebook

    place = _settled(store)
    if notebook is not None:
        return write_notebook(place, id_of(place, run), Path(notebook))
    return make_again(
        place,
        id_of(place, run),
        tolerance=tolerance,
        env=env,
        keep=keep,
        force=force,
        timeout_s=timeout_s,
        progress=progress,
    )


def why(
    a: RunReference,
    b: RunReference,
    *,
    metric: str | None = None,
    timeout_s: float | None = None,
    progress: Callable[[str], None] | None = None,
    store: Place = None,
) -> WhyReport:
    """Which of the differences between two runs moved ``metric``, the strongest first.

    Run ``a`` is made again as it was, with each difference of ``b`` alone, and with all of
    them: as many replays as there are differences, and two. An interrupt ends it with what
    is known by then; the same call goes on from there.

    Parameters
    ----------
    metric
        The one that differs most, relative to its size, where none is named.
    timeout_s
        Give up on a replay after so many seconds.
    progress
        Is told how many replays it takes, then what is being tried.
    """
    from nbtrack.provenance.why import why as search

    place = _settled(store)
    ids = id_of(place, a), id_of(place, b)
    return search(place, *ids, metric=metric, timeout_s=timeout_s, progress=progress)


def export_environment(run: RunReference, file: str | Path, *, store: Place = None) -> list[Path]:
    """Write the packages that ``run`` had, for pip, conda or uv; the files that were written.

    The name of ``file`` says which: ``requirements.txt``, ``conda.yaml``, or
    ``pyproject.toml`` (with ``uv.lock`` beside it where uv is installed). Raises
    `InvalidValue` for another name, a file that is there already, or a run of which no
    packages were recorded.
    """
    from nbtrack.provenance.exports import export_environment as export
    from nbtrack.provenance.recipe import recipe_of

    place = _settled(store)
    return export(recipe_of(place, id_of(place, run)), Path(file))


def _settled(place: Place) -> Store:
    """The store, once what this process has begun to record stands in it."""
    settle()
    return current_store(place)


def id_of(store: Store, run: RunReference) -> str:
    """The full id of a run. Raises `RunNotFound` or `AmbiguousRun`."""
    from nbtrack.store import find_run

    # A cell that was run twice made two runs of one name: who makes again means the newest.
    return run.id if isinstance(run, RunHandle) else find_run(store, run, newest=True)

"""What people type: `diff` and `replay`, with runs by name, part of an id, or object."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.tracking.active import current_store
from nbtrack.tracking.handle import RunHandle
from nbtrack.tracking.past import Place

if TYPE_CHECKING:
    from nbtrack.provenance.difference import Difference
    from nbtrack.provenance.replay import ReplayReport
    from nbtrack.store import Store

RunReference = str | RunHandle


def diff(a: RunReference, b: RunReference, *, store: Place = None) -> Difference:
    """What changed from run ``a`` to run ``b``: the most likely causes first, then the metrics.

    Runs are named by their name, a unique part of their id, or the object. Raises `RunNotFound`.
    """
    from nbtrack.provenance.difference import difference
    from nbtrack.provenance.recipe import recipe_of

    place = current_store(store)
    return difference(recipe_of(place, id_of(place, a)), recipe_of(place, id_of(place, b)))


def replay(
    run: RunReference,
    *,
    tolerance: float = 0.01,
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

    place = current_store(store)
    if notebook is not None:
        return write_notebook(place, id_of(place, run), Path(notebook))
    return make_again(
        place,
        id_of(place, run),
        tolerance=tolerance,
        keep=keep,
        force=force,
        timeout_s=timeout_s,
        progress=progress,
    )


def id_of(store: Store, run: RunReference) -> str:
    """The full id of a run. Raises `RunNotFound` or `AmbiguousRun`."""
    from nbtrack.store import find_run

    return run.id if isinstance(run, RunHandle) else find_run(store, run)

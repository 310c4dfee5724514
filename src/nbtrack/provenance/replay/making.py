"""A run made again: its cells in a fresh kernel, compared, and recorded as a run of its own.

The kernel logs to a store that passes with its folder, so that nothing of a failed try
is left in the user's; what came out is then written there, as a child of the run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue, NotReplayable
from nbtrack.provenance.recipe import Recipe, recipe_of
from nbtrack.provenance.replay.comparison import compare_metrics, other_differences
from nbtrack.provenance.replay.kernel import run_notebook
from nbtrack.provenance.replay.notebook import notebook_of
from nbtrack.provenance.replay.packages import install_packages
from nbtrack.provenance.replay.report import ReplayReport, Status
from nbtrack.provenance.replay.workplace import Workplace
from nbtrack.tracking.active import start_run
from nbtrack.tracking.stored import StoredRun

if TYPE_CHECKING:
    from nbtrack.store import Store

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What a recipe gave when it was made again: ``again`` is ``None`` if it did not come so far.

    ``failure`` says why, ``notes`` what was not as it was, in sentences.
    """

    again: Recipe | None
    failure: str
    notes: tuple[str, ...]
    place: Workplace


@contextmanager
def made_again(
    recipe: Recipe,
    project: Path,
    *,
    env: bool = False,
    keep: bool = False,
    timeout_s: float | None = None,
    progress: Progress | None = None,
) -> Iterator[Made]:
    """Execute the recipe's cells in a fresh kernel; its place is there for as long as this lasts.

    ``project`` is a folder of the user's checkout. Raises `InvalidValue` for a run that no
    cell made, `MissingExtra` where nbclient is not installed.
    """
    said = progress or _say_nothing
    document = notebook_of(recipe)
    said("laying out the code and the data as they were")
    with Workplace(recipe, project, keep=keep) as place:
        python = Path(sys.executable)
        if env:
            python = install_packages(recipe, place.folder / "env", place.notes, said)
        failure = run_notebook(document, place, python, timeout_s, said)
        again = _last_run(place.store)
        if again is None and not failure:
            failure = "The tracked cell was not reached."
        yield Made(None if failure else again, failure, tuple(place.notes), place)


def replay(
    store: Store,
    run_id: str,
    *,
    tolerance: float = 0.01,
    env: bool = False,
    keep: bool = False,
    force: bool = False,
    timeout_s: float | None = None,
    progress: Progress | None = None,
) -> ReplayReport:
    """Make the run with that full id again, and compare; see `nbtrack.replay`.

    Raises `InvalidValue` for a run that no cell made, `NotReplayable` for one whose
    verdict says so, `MissingExtra` where nbclient is not installed.
    """
    recipe = recipe_of(store, run_id)
    if recipe.cells and recipe.run.verdict == "not replayable" and not force:
        raise NotReplayable(
            f"Run {recipe.run.name!r} cannot be made again: {' '.join(recipe.blames)} "
            "With force it is tried all the same."
        )
    with made_again(
        recipe,
        store.path.parent,
        env=env,
        keep=keep,
        timeout_s=timeout_s,
        progress=progress,
    ) as made:
        report = _compared(recipe, made, tolerance)
        recorded = _record(store, recipe, made, report)
    return replace(report, run_id=recorded, folder=made.place.folder if keep else None)


def _say_nothing(_: str) -> None:
    pass


def _last_run(place: Path) -> Recipe | None:
    """What the replay's own store has of the tracked cell, if it came to that."""
    from nbtrack.store import Store

    if not place.exists():
        return None
    store = Store(place)
    found = store.query(
        "SELECT replace(run_id::VARCHAR, '-', '') AS id FROM runs ORDER BY started DESC LIMIT 1"
    ).to_pylist()
    return recipe_of(store, found[0]["id"]) if found else None


def _compared(recipe: Recipe, made: Made, tolerance: float) -> ReplayReport:
    if made.again is None:
        return ReplayReport("failed", recipe.run.name, "", (made.failure, *made.notes))
    metrics = compare_metrics(recipe, made.again, tolerance)
    status: Status = (
        "matched" if all(each.outcome in ("same", "close") for each in metrics) else "differs"
    )
    told = [str(each) for each in metrics] or ["The run has no metrics: it ran through again."]
    lines = [*told, *other_differences(recipe, made.again), *made.notes]
    return ReplayReport(status, recipe.run.name, "", tuple(lines))


def _record(store: Store, recipe: Recipe, made: Made, report: ReplayReport) -> str:
    """Write the replay to the user's store as a child of its run, and mark the run."""
    run = start_run(
        run_name=f"replay of {recipe.run.name}",
        experiment=recipe.run.experiment,
        nested=True,
        parent_run_id=recipe.run.run_id,
        store=store.path,
    )
    try:
        run.observe({"replay.of": recipe.run.run_id, "replay.status": report.status})
        run.keep_text("report", str(report))
        if made.again is not None:
            _copy(made.again, run, made.place.store)
    finally:
        run.end("failed" if report.status == "failed" else "finished")
    StoredRun(store, recipe.run.run_id).observe({"replayed": report.status, "replay.run": run.id})
    return run.id


def _copy(again: Recipe, run: Any, place: Path) -> None:
    from nbtrack.store import Store, metric_history
    from nbtrack.tracking.values import read_param

    store = Store(place)
    run.log_params({p.key: read_param(p.type, p.value) for p in again.run.params})
    for metric in again.run.metrics:
        history = metric_history(store, again.run.run_id, metric.key)
        run.log_curve(metric.key, history["step"].to_pylist(), history["value"].to_pylist())
    run.observe({k: v for k, v in again.run.facts.items() if k.startswith(("python.", "machine."))})
    kept = ("source", "stdout", "stderr", "packages", "environment")
    run.keep_texts({role: text for role, text in again.texts.items() if role in kept})


def write_notebook(store: Store, run_id: str, file: Path) -> Path:
    """Write the notebook that would make the run again.

    Raises `InvalidValue` if no cell made it, or ``file`` is no name for a notebook or is taken.
    """
    if file.suffix != ".ipynb":
        raise InvalidValue(f"A notebook's name ends in .ipynb, got {file.name}.")
    if file.exists():
        raise InvalidValue(f"{file} exists already; choose another name for the notebook.")
    document = json.dumps(notebook_of(recipe_of(store, run_id)), indent=1, ensure_ascii=False)
    file.write_text(document, encoding="utf-8")
    return file

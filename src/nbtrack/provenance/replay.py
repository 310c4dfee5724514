"""A run made again: its cells in a fresh kernel, compared, and recorded as a run of its own.

The kernel logs to a store that passes with its folder, so that nothing of a failed try
is left in the user's; what came out is then written there, as a child of the run.
"""

from __future__ import annotations

import html
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nbtrack.errors import InvalidValue, MissingExtra, NotReplayable
from nbtrack.provenance.comparison import compare_metrics, other_differences
from nbtrack.provenance.recipe import Recipe, recipe_of
from nbtrack.provenance.replay_notebook import notebook_of
from nbtrack.provenance.workplace import Workplace
from nbtrack.tracking.active import start_run
from nbtrack.tracking.stored import StoredRun

if TYPE_CHECKING:
    from nbtrack.store import Store

Status = Literal["matched", "differs", "failed"]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How a replay went. ``lines`` say it in sentences, the metrics first.

    ``run_id`` is the run that the replay was recorded as; ``folder`` is where it ran,
    if it was kept.
    """

    status: Status
    name: str
    run_id: str
    lines: tuple[str, ...]
    folder: Path | None = None

    def __repr__(self) -> str:
        kept = [f"It ran in {self.folder}."] if self.folder else []
        lines = [f"Replay of {self.name}: {self.status}", *self.lines, *kept]
        return "\n  ".join(lines)

    def _repr_html_(self) -> str:
        good = "color:#2e9d55;color:var(--jp-success-color1,#2e9d55)"
        bad = "color:#d9534f;color:var(--jp-error-color1,#d9534f)"
        style = good if self.status == "matched" else bad
        lines = [*self.lines, *([f"It ran in {self.folder}."] if self.folder else [])]
        told = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
        return (
            '<div style="border:1px solid #88888844;border-radius:6px;padding:8px 12px;'
            'max-width:860px;overflow-wrap:anywhere">'
            f"<div>Replay of <b>{html.escape(self.name)}</b>: "
            f'<b style="{style}">{self.status}</b></div>'
            f'<div style="margin-top:4px;font-size:92%">{told}</div></div>'
        )


def replay(
    store: Store,
    run_id: str,
    *,
    tolerance: float = 0.01,
    keep: bool = False,
    force: bool = False,
    timeout_s: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> ReplayReport:
    """Make the run with that full id again, and compare; see `nbtrack.replay`.

    Raises `InvalidValue` for a run that no cell made, `NotReplayable` for one whose
    verdict says so, `MissingExtra` where nbclient is not installed.
    """
    recipe = recipe_of(store, run_id)
    document = notebook_of(recipe)
    if recipe.run.verdict == "not replayable" and not force:
        raise NotReplayable(
            f"Run {recipe.run.name!r} cannot be made again: {' '.join(recipe.blames)} "
            "With force it is tried all the same."
        )
    said = progress or _say_nothing
    said("laying out the code and the data as they were")
    with Workplace(recipe, store.path.parent, keep=keep) as place:
        failure = _execute(document, place, timeout_s, said)
        said("comparing")
        again = _last_run(place.store)
        report = _compared(recipe, again, failure, place, tolerance)
        replayed = _record(store, recipe, again, report, place.store)
    return ReplayReport(
        report.status, report.name, replayed, report.lines, place.folder if keep else None
    )


def _say_nothing(_: str) -> None:
    pass


def _execute(
    document: dict[str, Any],
    place: Workplace,
    timeout_s: float | None,
    said: Callable[[str], None],
) -> str:
    """Run the notebook in a kernel of its own; why it failed, or nothing."""
    if importlib.util.find_spec("nbclient") is None:
        raise MissingExtra("A replay needs nbclient: python -m pip install 'nbtrack[replay]'")
    notebook = place.folder / "replay.ipynb"
    notebook.write_text(json.dumps(document), encoding="utf-8")
    program = [sys.executable, "-m", "nbtrack.provenance.execute"]
    running = subprocess.Popen(
        [*program, str(notebook), str(place.cwd), str(timeout_s or 0)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=_environment(place),
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    with running:
        try:
            return _listen(running, said)
        except BaseException:
            # Its kernel ends with it.
            running.kill()
            raise


def _listen(running: subprocess.Popen[str], said: Callable[[str], None]) -> str:
    failure = ""
    assert running.stdout is not None
    assert running.stderr is not None
    # What it says on stderr must not fill the pipe while its progress is read.
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.extend(running.stderr or ()), daemon=True)
    reader.start()
    for line in running.stdout:
        with suppress(ValueError):
            told = json.loads(line)
            failure = told.get("failure", failure)
            if doing := told.get("doing"):
                said(doing)
    reader.join()
    if running.wait() and not failure:
        last = next((line.strip() for line in reversed(errors) if line.strip()), "no reason told")
        failure = f"The kernel could not be run: {last}"
    return failure


def _environment(place: Workplace) -> dict[str, str]:
    """This process's variables, with those that were recorded, and a store of its own."""
    recorded = place.recipe.environment.get("variables", {})
    kept = {name: str(value) for name, value in recorded.items() if "[redacted]" not in str(value)}
    hidden = ("JPY_SESSION_NAME", "JPY_PARENT_PID")
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**inherited, **kept, "NBTRACK_STORE": str(place.store)}


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


def _compared(
    recipe: Recipe, again: Recipe | None, failure: str, place: Workplace, tolerance: float
) -> ReplayReport:
    lines = list(place.notes)
    if failure or again is None:
        lines.insert(0, failure or "The tracked cell was not reached.")
        return ReplayReport("failed", recipe.run.name, "", tuple(lines))
    metrics = compare_metrics(recipe, again, tolerance)
    status: Status = (
        "matched" if all(each.outcome in ("same", "close") for each in metrics) else "differs"
    )
    told = [str(each) for each in metrics] or ["The run has no metrics: it ran through again."]
    lines = [*told, *other_differences(recipe, again), *lines]
    return ReplayReport(status, recipe.run.name, "", tuple(lines))


def _record(
    store: Store, recipe: Recipe, again: Recipe | None, report: ReplayReport, place: Path
) -> str:
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
        if again is not None:
            _copy(again, run, place)
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
    """Write the notebook that would make the run again. Raises `InvalidValue`."""
    from nbtrack.provenance.replay_notebook import write_notebook as write

    if file.suffix != ".ipynb":
        raise InvalidValue(f"A notebook's name ends in .ipynb, got {file.name}.")
    return write(recipe_of(store, run_id), file)

"""Which of the differences between two runs moved a metric: each is tried alone, by a replay.

Run A is made again as it was, then with one difference of B at a time, then with all of
them. What came out is kept as facts of A, under a digest of what was replayed, so that
a search that was interrupted goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.capture.environment import packages_text
from nbtrack.capture.packages import list_packages
from nbtrack.errors import InvalidValue, NotReplayable
from nbtrack.provenance.difference.view import short
from nbtrack.provenance.recipe import Recipe, recipe_of
from nbtrack.provenance.replay import made_again
from nbtrack.provenance.replay.workplace import data_paths, path_below
from nbtrack.provenance.why.mixture import Mixture, Part
from nbtrack.provenance.why.report import Trial, WhyReport
from nbtrack.tracking.stored import StoredRun

if TYPE_CHECKING:
    from nbtrack.store import Store

Progress = Callable[[str], None]
Replayer = Callable[[Recipe], Mapping[str, float]]


def why(
    store: Store,
    a_id: str,
    b_id: str,
    *,
    metric: str | None = None,
    timeout_s: float | None = None,
    progress: Progress | None = None,
) -> WhyReport:
    """Rank what differs between two runs by what it did to ``metric``; see `nbtrack.why`.

    Raises `InvalidValue` where no metric differs, or no cell made one of the runs;
    `NotReplayable` where A cannot be made again.
    """
    a, b = recipe_of(store, a_id), recipe_of(store, b_id)
    for recipe in (a, b):
        if not recipe.cells:
            raise InvalidValue(
                f"Run {recipe.title} was not made by a tracked cell whose session was "
                "recorded: there is nothing to replay."
            )
    chosen = _chosen(a, b, metric)

    def metrics_again(recipe: Recipe) -> Mapping[str, float]:
        with made_again(recipe, store.path.parent, timeout_s=timeout_s) as made:
            if made.again is None:
                raise NotReplayable(made.failure)
            return made.again.metrics

    here = _surroundings(a, store.path.parent)
    search = _Search(StoredRun(store, a.run.run_id), a, chosen, metrics_again, here)
    return search.run(Mixture(a, b), b, progress or _say_nothing)


def _say_nothing(_: str) -> None:
    pass


def _chosen(a: Recipe, b: Recipe, metric: str | None) -> str:
    ours, theirs = a.metrics, b.metrics
    both = [
        name
        for name in ours
        if name in theirs and math.isfinite(ours[name]) and math.isfinite(theirs[name])
    ]
    if metric is not None and metric not in both:
        known = ", ".join(both) or "none"
        raise InvalidValue(f"No metric {metric!r} with a number in both runs (they have: {known}).")
    differing = [name for name in ([metric] if metric else both) if ours[name] != theirs[name]]
    if not differing:
        what = f"{metric} is" if metric else "All metrics that both runs have are"
        raise InvalidValue(f"{what} the same in {a.title} and {b.title}.")
    return max(
        differing,
        key=lambda name: abs(theirs[name] - ours[name]) / max(abs(ours[name]), abs(theirs[name])),
    )


class _Search:
    """Replays, or finds among the facts of A, what the metric is for each mixture."""

    def __init__(
        self, run: StoredRun, a: Recipe, metric: str, replay: Replayer, here: Sequence[str]
    ) -> None:
        self._run = run
        self._known = dict(a.run.facts)
        self._metric = metric
        self._replay = replay
        self._here = here

    def run(self, mixture: Mixture, b: Recipe, said: Progress) -> WhyReport:
        """Try A as it was, each part, and all of them; stop where the user interrupts."""
        a, parts = mixture.a, mixture.parts
        plan: list[tuple[Part, ...]] = [()]
        if parts:
            plan += [*((part,) for part in parts), parts]
        plan = list(dict.fromkeys(plan))  # of one part alone, that is all together
        recipes = {taken: mixture.recipe(taken) for taken in plan}
        kept = sum(_key(recipe, self._here) in self._known for recipe in recipes.values())
        said(_announced(len(parts), len(plan), kept))
        found: dict[tuple[Part, ...], float | str] = {}
        interrupted = False
        try:
            for number, (taken, recipe) in enumerate(recipes.items(), 1):
                what = "as it was" if not taken else str(taken[0])
                if len(taken) > 1:
                    what = "all differences together"
                said(f"replay {number} of {len(plan)}: {short(what, 80)}")
                found[taken] = self._tried(recipe, must_run=not taken)
        except KeyboardInterrupt:
            interrupted = True
        values = a.metrics[self._metric], b.metrics[self._metric]
        trials = [_trial(part, found.get((part,)), found.get(()), values) for part in parts]
        trials.sort(key=lambda trial: (trial.share is None, -abs(trial.share or 0.0)))
        everything = Part("setting", "all together")
        base = found.get(())
        return WhyReport(
            a.title,
            b.title,
            self._metric,
            values,
            base if isinstance(base, float) else None,
            tuple(trials),
            _trial(everything, found.get(parts), base, values) if parts else None,
            len(plan),
            kept,
            interrupted,
            mixture.untried,
        )

    def _tried(self, recipe: Recipe, *, must_run: bool) -> float | str:
        """The metric with that recipe, or why there is none."""
        key = _key(recipe, self._here)
        if key not in self._known:
            try:
                metrics = dict(self._replay(recipe))
            except NotReplayable as error:
                if must_run:
                    raise
                return str(error)
            self._known[key] = json.dumps(metrics)
            self._run.observe({key: self._known[key]})
        value = json.loads(self._known[key]).get(self._metric)
        return float(value) if value is not None else f"It measured no {self._metric}."


def _announced(parts: int, replays: int, kept: int) -> str:
    known = f", {kept} of them kept from before" if kept else ""
    together = ", all together" if parts > 1 else ""
    return f"{replays} replays{known}: the run as it was, {parts} differences one by one{together}"


def _surroundings(recipe: Recipe, project: Path) -> list[str]:
    """What replays find here and do not bring along: packages, and data by size and time."""
    found = [sys.version, packages_text(list_packages())]
    for name in data_paths(recipe):
        try:
            status = (project / path_below(recipe) / name).stat()
            found.append(f"{name} {status.st_size} {status.st_mtime_ns}")
        except (OSError, ValueError):
            found.append(name)
    return found


def _key(recipe: Recipe, here: Sequence[str]) -> str:
    """The fact under which a replay is kept: what was replayed tells it, and where."""
    told = [
        *here,
        [cell.text for cell in recipe.cells],
        sorted((role, text) for role, text in recipe.texts.items() if _matters(role)),
        recipe.run.facts.get("git.commit", ""),
    ]
    return "why." + hashlib.blake2b(json.dumps(told).encode(), digest_size=16).hexdigest()


def _matters(role: str) -> bool:
    return role.startswith(("module:", "random")) or role in ("git.diff", "environment")


def _trial(
    part: Part,
    value: float | str | None,
    base: float | str | None,
    recorded: tuple[float, float],
) -> Trial:
    if isinstance(value, float) and isinstance(base, float):
        effect = value - base
        if math.isfinite(effect):
            return Trial(part, value, effect, effect / (recorded[1] - recorded[0]))
        return Trial(part, reason=f"The metric is {value} then.")
    return Trial(part, reason=value if isinstance(value, str) else "not reached")

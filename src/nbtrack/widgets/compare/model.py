"""What a comparison shows: which runs, the first of them the baseline, and all that they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue, RunNotFound
from nbtrack.events import short_id
from nbtrack.provenance.difference.view import marked_lines
from nbtrack.widgets.column_choice import metric_rank
from nbtrack.widgets.compare.rows import Group, groups_of
from nbtrack.widgets.frame import lock_of
from nbtrack.widgets.run_detail import (
    CURVE_POINTS,
    MAX_FIGURES,
    SYSTEM,
    curve_keys,
    drawn_files,
    is_drawn,
    milliseconds,
)
from nbtrack.widgets.wire import Answer, ipc_bytes

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.provenance.difference import Change, Difference
    from nbtrack.provenance.recipe import Recipe
    from nbtrack.store import RunDetail, Store, StoredArtifact

MAX_RUNS = 8
MAX_CURVES = 24
MAX_DIFF_LINES = 400


@dataclass(frozen=True, slots=True)
class Compared:
    """One run as it was read."""

    recipe: Recipe
    files: tuple[StoredArtifact, ...]

    @property
    def run(self) -> RunDetail:
        """The run itself."""
        return self.recipe.run


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Everything that is compared, as the store had it at one time; the baseline comes first."""

    runs: tuple[Compared, ...]
    differences: tuple[Difference, ...]
    groups: tuple[Group, ...]
    curves: tuple[str, ...]

    def group(self, title: str) -> Group | None:
        """The group of that title, where any run has something of it."""
        return next((group for group in self.groups if group.title == title), None)


class CompareModel:
    """The state of one comparison: ``runs`` are full ids, at most `MAX_RUNS`.

    Any thread may call any method.
    """

    def __init__(self, store: Store, runs: Sequence[str]) -> None:
        self.store = store
        self.runs: list[str] = []
        self._lock = lock_of(store)
        # A run keeps its hue when others go, or when it becomes the baseline.
        self._hues: dict[str, int] = {}
        self._kept: dict[str, tuple[str, Compared]] = {}
        self._state: list[str] = []
        self._reading: Reading | None = None
        # Asked for by the page and by the html.
        self._curves: tuple[Reading, pyarrow.Table] | None = None
        self.choose(runs)

    def choose(self, runs: Sequence[str]) -> None:
        """Compare these runs, given by full ids.

        Raises `InvalidValue` where they are too many, `RunNotFound` for one of another store.
        """
        if len(runs) > MAX_RUNS:
            raise InvalidValue(
                f"A comparison shows at most {MAX_RUNS} runs, not {len(runs)}: select fewer, "
                "or look at all of them with nbtrack.parallel()."
            )
        with self._lock:
            for run_id in runs:
                if run_id not in self._kept and self._run(run_id) is None:
                    raise RunNotFound(
                        f"Run {short_id(run_id)} is not in {self.store.path}: "
                        "runs are compared with runs of the same store."
                    )
            self.runs, self._reading = list(runs), None
            self._hues = {run: hue for run, hue in self._hues.items() if run in self.runs}
            for run in self.runs:
                if run not in self._hues:
                    taken = set(self._hues.values())
                    self._hues[run] = next(hue for hue in range(MAX_RUNS) if hue not in taken)

    def hue(self, run_id: str) -> int:
        """Which of the palette's colours the run has."""
        return self._hues[run_id]

    def refresh(self) -> bool:
        """Look whether the store has something new of these runs; whether it had."""
        with self._lock:
            # A run that was purged meanwhile is no longer compared.
            found = [each for run_id in self.runs if (each := self._run(run_id)) is not None]
            state = [told for told, _ in found]
            if self._reading is not None and state == self._state:
                return False
            self._state, self._reading = state, _compare(tuple(run for _, run in found))
            return True

    def read(self) -> Reading:
        """The comparison, as it was when `refresh` looked last."""
        with self._lock:
            if self._reading is None:
                self.refresh()
            assert self._reading is not None
            return self._reading

    def snapshot(self) -> dict[str, Any]:
        """What the browser draws: JSON, and the curves as Arrow."""
        with self._lock:
            reading = self.read()
            heads = [_head_json(each.run, self.hue(each.run.run_id)) for each in reading.runs]
        return {
            "runs": heads,
            "groups": [
                {"title": group.title, "rows": [row.to_json() for row in group.rows]}
                for group in reading.groups
            ],
            "code": [_code_json(difference) for difference in reading.differences],
            "keys": reading.curves,
            "curves": ipc_bytes(self.curves()),
            "figures": _figures_json(reading.runs),
            "store": str(self.store.path),
        }

    def curves(self) -> pyarrow.Table:
        """The curves that are drawn: run_id, key, steps and values."""
        from nbtrack.store import listed_curves

        with self._lock:
            reading = self.read()
            if self._curves is None or self._curves[0] is not reading:
                ids = [each.run.run_id for each in reading.runs]
                drawn = listed_curves(self.store, ids, reading.curves, points=CURVE_POINTS)
                self._curves = (reading, drawn)
            return self._curves[1]

    def figures(self, digests: Sequence[str]) -> Answer:
        """The bytes of pictures of these runs, those of ``digests`` alone."""
        wanted = set(digests)
        files = {f.digest: f for each in self.read().runs for f in each.files if f.digest in wanted}
        found = list(drawn_files(self.store, files.values(), limit=len(files)))
        content = {
            "kind": "figures",
            "digests": [file.digest for file, _ in found],
            "media_types": [file.media_type for file, _ in found],
        }
        return Answer(content, [data for _, data in found])

    def table(self) -> pyarrow.Table:
        """Everything in groups: group, name, same, and a column per run, named as the run."""
        import pyarrow

        reading = self.read()
        rows = [(group.title, row) for group in reading.groups for row in group.rows]
        columns: dict[str, Any] = {
            "group": pyarrow.array([title for title, _ in rows], pyarrow.string()),
            "name": pyarrow.array([row.name for _, row in rows], pyarrow.string()),
            "same": pyarrow.array([row.is_same for _, row in rows], pyarrow.bool_()),
        }
        names = [each.run.name for each in reading.runs]
        for place, each in enumerate(reading.runs):
            name = each.run.name
            if names.count(name) > 1 or name in ("group", "name", "same"):
                name = each.recipe.title
            texts = [row.texts[place] for _, row in rows]
            columns[name] = pyarrow.array(texts, pyarrow.string())
        return pyarrow.table(columns)

    def _run(self, run_id: str) -> tuple[str, Compared] | None:
        from nbtrack.provenance.recipe import recipe_with
        from nbtrack.store import run_artifacts, run_detail

        try:
            detail = run_detail(self.store, run_id)
        except RunNotFound:
            return None
        files = tuple(run_artifacts(self.store, run_id))
        # Its text, since NaN differs from itself.
        state = repr((detail, files))
        kept = self._kept.get(run_id)
        if kept is None or kept[0] != state:
            recipe = recipe_with(self.store, detail)
            kept = self._kept[run_id] = (state, Compared(recipe, files))
        return kept


def _compare(runs: tuple[Compared, ...]) -> Reading:
    from nbtrack.provenance.difference import difference

    recipes = [each.recipe for each in runs]
    differences = tuple(difference(recipes[0], other) for other in recipes[1:])
    groups = groups_of(recipes, [each.files for each in runs], differences)
    return Reading(runs, differences, tuple(groups), tuple(_curve_keys(recipes)))


def _curve_keys(recipes: Sequence[Recipe]) -> list[str]:
    """Metrics that have curves, those that most runs have first, at most `MAX_CURVES`."""
    counts: dict[str, int] = {}
    for recipe in recipes:
        for key in curve_keys(recipe.run):
            if not key.startswith(SYSTEM):
                counts[key] = counts.get(key, 0) + 1
    shared = [key for key, count in counts.items() if count > 1 or len(recipes) == 1]
    return sorted(shared, key=lambda key: (-counts[key], metric_rank(key), key))[:MAX_CURVES]


def _head_json(run: RunDetail, hue: int) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "short_id": short_id(run.run_id),
        "name": run.name,
        "status": run.status,
        "started_ms": milliseconds(run.started),
        "duration_s": run.duration_s,
        "hue": hue,
    }


def _code_json(difference: Difference) -> dict[str, object]:
    """What of the code differs from the baseline: cells, modules, what was not committed."""
    changes = code_changes(difference)
    same = sum(s.same for s in difference.sections if s.title in ("cells", "modules"))
    return {"changes": [_change_json(change) for change in changes], "same": same}


def code_changes(difference: Difference) -> list[Change]:
    """The changes of cells, modules and what was not committed, in this order."""
    uncommitted = [change for change in difference["git"] if change.lines]
    return [*difference["cells"], *difference["modules"], *uncommitted]


def _change_json(change: Change) -> Mapping[str, object]:
    return {
        "kind": change.kind,
        "name": change.name[:200],
        "note": change.note,
        "lines": marked_lines(change.lines[:MAX_DIFF_LINES]),
        "cut": max(0, len(change.lines) - MAX_DIFF_LINES),
    }


def _figures_json(runs: Sequence[Compared]) -> list[dict[str, object]]:
    """Pictures by path, with the digest that each run has there; the first `MAX_FIGURES` paths."""
    paths = dict.fromkeys(file.path for each in runs for file in each.files if is_drawn(file))
    digests = [{file.path: file.digest for file in each.files if is_drawn(file)} for each in runs]
    return [
        {"path": path, "digests": [each.get(path) for each in digests]}
        for path in list(paths)[:MAX_FIGURES]
    ]

"""`Run` as W&B's scripts hold it: rows of a step go to a run of the store, as W&B counts steps.

A row is what is logged until it is committed. Each part of it is written when it is
logged, so that a process that is killed loses nothing of it.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.integrations.arrays import array_of
from nbtrack.integrations.gathered import GatheredTables, warn_once
from nbtrack.integrations.importing.wandb.naming import flat_row, tags_of
from nbtrack.integrations.wandb.artifact import Artifact
from nbtrack.integrations.wandb.extremes import Extremes
from nbtrack.integrations.wandb.mappings import Config, Summary
from nbtrack.integrations.wandb.media import Histogram, Image, Media, Plot, Table
from nbtrack.integrations.wandb.watching import Watching
from nbtrack.tracking import run as tracking
from nbtrack.tracking.files.paths import files_under

_TABLES_EVERY_S = 120.0


class Run:
    """A run with the methods of W&B's, made by `init`; ``tracked`` is nbtrack's own.

    What is set here and kept in nbtrack under another name is named there: ``project`` is the
    experiment, ``tags``, ``group`` and ``job_type`` tags, ``notes`` the note.
    """

    def __init__(
        self,
        tracked: tracking.Run,
        *,
        run_id: str,
        entity: str | None = None,
        group: str | None = None,
        job_type: str | None = None,
        tags: Sequence[str] = (),
        notes: str | None = None,
        may_change: bool = False,
        resumed_at: int | None = None,
    ) -> None:
        self.tracked = tracked
        self.id = run_id
        self.entity = entity or ""
        self.group = group or ""
        self.job_type = job_type or ""
        self.resumed = resumed_at is not None
        self.config = Config(tracked, may_change=may_change or self.resumed)
        self._tags = tuple(tags)
        self._notes = notes or ""
        self._owner = os.getpid()
        self._lock = threading.RLock()
        self._step = resumed_at or 0
        self._is_row_begun = False
        self._last: dict[str, Any] = {}
        self._logged: set[str] = set()
        self._extremes = Extremes()
        self._saved: list[tuple[str, Path]] = []
        self._folder: str | None = None
        self._tables = GatheredTables(tracked, every_s=_TABLES_EVERY_S, is_resumed=self.resumed)
        self._watching = Watching(self.log)
        self.summary = Summary(self._last, self._keep_summary)

    # Rows

    def log(
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None
    ) -> None:
        """Log a row, or with ``commit=False`` a part of it: numbers, texts, media, dicts of those.

        Steps count up by one a row. A row with ``step`` goes on until a later one begins or
        ``commit=True`` is said; what comes for an earlier step is left out, with a warning.
        """
        numbers: Mapping[str, Any] = data
        with self._lock:
            if step is not None and not self._begin_row(int(step)):
                return
            try:
                for value in data.values():
                    if type(value) is not float and type(value) is not int:
                        numbers = self._sorted_out(data)
                        break
            except AttributeError:
                if isinstance(data, Mapping):
                    raise
                raise InvalidValue(
                    f"wandb.log takes a dict of what to log, got {type(data).__name__}."
                ) from None
            if numbers:
                self._write(numbers)
                self._is_row_begun = True
            if step is None if commit is None else commit:
                self._end_row()

    @property
    def step(self) -> int:
        """The step of the row that is being logged."""
        return self._step

    def _begin_row(self, step: int) -> bool:
        if step < self._step:
            warn_once(
                f"wandb.log(…, step={step}) comes after step {self._step} has begun, and is left "
                "out, as W&B does; so is what else comes too late."
            )
            return False
        if step > self._step:
            self._step, self._is_row_begun = step, False
        return True

    def _write(self, numbers: Mapping[str, Any]) -> None:
        self.tracked.log(numbers, step=self._step)
        self._last.update(numbers)
        self._logged.update(numbers)
        if self._extremes:
            self._extremes.see(numbers)

    def _end_row(self) -> None:
        self._step += 1
        self._is_row_begun = False

    def _sorted_out(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The numbers of a row; all else is kept as what it is."""
        numbers: dict[str, Any] = {}
        for key, value in flat_row(data):
            number = self._number_or_kept(key, value)
            if number is not None:
                numbers[key] = number
        return numbers

    def _number_or_kept(self, key: str, value: Any) -> float | None:
        if isinstance(value, (bool, int, float)):
            return value
        if value is None:
            return None
        if isinstance(value, str):
            self._tables.add("text", key, self._step, {"text": value})
        elif isinstance(value, Histogram):
            self._tables.add("histograms", key, self._step, value.row())
        elif isinstance(value, Media):
            self._keep(key, value)
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Media):
            for each in value:
                self._keep(key, each)
        elif (found := _media_of(value)) is not None:
            self._keep(key, found)
        else:
            return self._number_of_array(key, value)
        return None

    def _number_of_array(self, key: str, value: Any) -> float | None:
        if hasattr(value, "detach") or hasattr(value, "__array__"):
            array = array_of(value)
            if array.size == 1:
                return float(array.item())
            # As W&B does it.
            if array.size > 32:
                histogram = Histogram(array, num_bins=32)
                self._tables.add("histograms", key, self._step, histogram.row())
                return None
        elif hasattr(value, "__float__"):
            return float(value)
        warn_once(
            f"wandb.log keeps numbers, texts and media, and leaves out {key!r} "
            f"({type(value).__name__}); log a number of it, a wandb.Histogram or a wandb.Table."
        )
        return None

    def _keep(self, key: str, media: Media) -> str:
        path, data = media.file(key, self._step, lambda inner: self._keep(key, inner))
        self.tracked.keep_artifact(path, data)
        if media.caption is not None:
            self._tables.add("text", f"{key}.caption", self._step, {"text": str(media.caption)})
        return path

    # What it is and what came of it

    @property
    def name(self) -> str:
        """The run's name."""
        return self.tracked.name

    @name.setter
    def name(self, name: str) -> None:
        self.tracked.rename(name)

    @property
    def project(self) -> str:
        """Its experiment."""
        return self.tracked.experiment

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, without ``group`` and ``job_type``."""
        return self._tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        for gone in set(self._tags) - set(tags):
            self.tracked.delete_tag(gone)
        self.tracked.set_tags(tags_of(tags, None, None))
        self._tags = tuple(tags)

    @property
    def notes(self) -> str:
        """Its note."""
        return self._notes

    @notes.setter
    def notes(self, notes: str) -> None:
        self.tracked.set_note(notes)
        self._notes = notes

    @property
    def url(self) -> None:
        """None: there is no page on a server."""
        return None

    def get_url(self) -> None:
        """None, as `url`."""

    def define_metric(
        self,
        name: str,
        step_metric: Any = None,  # noqa: ARG002
        step_sync: bool | None = None,  # noqa: ARG002
        hidden: bool | None = None,  # noqa: ARG002
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,  # noqa: ARG002
    ) -> None:
        """Ask for ``min``, ``max``, ``mean`` or ``first`` of a metric: at the end, as ``name.min``.

        ``name`` may end in ``*``. ``step_metric`` is logged as a metric of its own; steps stay
        those of the rows.
        """
        self._extremes.ask(name, summary or "", goal)

    def _keep_summary(self, key: str, value: Any) -> None:
        if isinstance(value, str):
            self._tables.add("text", key, self._step, {"text": value})
            return
        step = max(self._step - 1, 0)
        for name, number in self._sorted_out({key: value}).items():
            # What was logged is its own summary.
            if name not in self._logged:
                self.tracked.log({name: number}, step=step)

    # Files

    @property
    def dir(self) -> str:
        """A folder for files of yours: what is in it at the end is kept with the run."""
        if self._folder is None:
            # What is loaded when a process is ending cannot start threads, and fails.
            import_module("nbtrack.artifacts")
            self._folder = tempfile.mkdtemp(prefix="nbtrack-wandb-")
        return self._folder

    def save(
        self,
        glob_str: str | os.PathLike[str],
        base_path: str | os.PathLike[str] | None = None,
        policy: str = "live",
        glob: bool = True,  # noqa: ARG002
    ) -> list[str]:
        """Keep files, under their path below ``base_path``; their paths.

        They are kept now, and again at the end unless ``policy`` is ``now``. Without
        ``base_path`` paths are below this folder, or below the one above for an absolute path.
        """
        asked = os.fspath(glob_str)
        above = Path(asked).parent.parent if os.path.isabs(asked) else Path()
        base = Path(base_path if base_path is not None else above).absolute()
        found = [Path(os.path.abspath(file)) for file in _found(asked)]
        outside = [file for file in found if not file.is_relative_to(base)]
        if outside:
            raise InvalidValue(f"{outside[0]} is not below {base}; say another base_path.")
        files = [(file.relative_to(base).as_posix(), file) for file in found]
        self.tracked.keep_files(files)
        if policy != "now":
            self._saved += files
        return [path for path, _ in files]

    def log_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,  # noqa: ARG002 - there are no versions to name
        tags: Sequence[str] | None = None,  # noqa: ARG002
    ) -> Artifact:
        """Keep an artifact's files in the run's folder ``artifacts/name``."""
        artifact = artifact_or_path
        if not isinstance(artifact, Artifact):
            path = Path(artifact)
            artifact = Artifact(name or path.name, type or "unspecified")
            (artifact.add_dir if path.is_dir() else artifact.add_file)(path)
        folder = f"artifacts/{artifact.name}"
        self.tracked.keep_files([(f"{folder}/{p}", f) for p, f in artifact.files_by_path.items()])
        self.tracked.log_dict(artifact.about, f"{folder}.json")
        return artifact

    def log_code(self, *args: Any, **options: Any) -> None:
        """Keep nothing: nbtrack knows a notebook's code by itself, and scripts are in git."""

    def alert(self, title: str, text: str, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Send nothing; the alert is kept as a text of the run."""
        self._tables.add("text", "alerts", self._step, {"text": f"{title}: {text}"})

    # Gradients

    def watch(
        self,
        models: Any,
        criterion: Any = None,  # noqa: ARG002
        log: str | None = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,
        log_graph: bool = False,
    ) -> None:
        """Log histograms of a torch module's gradients or parameters, every ``log_freq`` batches.

        ``log`` is ``gradients``, ``parameters``, ``all`` or None. They belong to the row that
        is logged next.
        """
        if log_graph:
            warn_once("nbtrack has no picture of graphs; wandb.watch keeps histograms alone.")
        self._watching.begin(models, log, log_freq, idx)

    def unwatch(self, models: Any = None) -> None:
        """Stop what `watch` began, for these modules or all."""
        self._watching.end(models)

    # The end

    def settle(self) -> None:
        """Keep what waits: texts, histograms, extremes, files that were saved."""
        if self._owner != os.getpid() or self.tracked.status != "running":
            return
        with self._lock:
            if self._is_row_begun:
                self._end_row()
            found = {k: v for k, v in self._extremes.found().items() if k not in self._logged}
            if found:
                self.tracked.log(found, step=max(self._step - 1, 0))
            self._tables.keep()
            files = [(path, file) for path, file in self._saved if file.is_file()]
            if self._folder is not None:
                files += files_under(Path(self._folder))
            # One by one: a process that is ending starts no threads.
            for file in files:
                self.tracked.keep_files([file])
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:  # noqa: ARG002
        """End the run: *failed* if ``exit_code`` is not 0."""
        self._watching.end(None)
        self.settle()
        self.tracked.end("failed" if exit_code else "finished")

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watching.end(None)
        self.settle()
        self.tracked.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        return repr(self.tracked)

    def _repr_html_(self) -> str:
        return self.tracked._repr_html_()


def _found(pattern: str) -> list[str]:
    """Files that a pattern finds, and those in a folder that it finds."""
    files = []
    for path in sorted(glob.glob(pattern)):
        if os.path.isdir(path):
            files += [str(file) for file in sorted(Path(path).rglob("*")) if file.is_file()]
        else:
            files.append(path)
    return files


def _media_of(value: Any) -> Media | None:
    """What W&B makes of a figure, a picture or a DataFrame that is logged as it is."""
    # A script may log pyplot itself: its current figure is meant.
    if getattr(value, "__name__", "") == "matplotlib.pyplot":
        value = value.gcf()
    library = type(value).__module__.partition(".")[0]
    if hasattr(value, "savefig") or library == "PIL":
        return Image(value)
    if library == "plotly" and hasattr(value, "to_json"):
        return Plot(value)
    if hasattr(value, "itertuples"):
        return Table(dataframe=value)
    return None

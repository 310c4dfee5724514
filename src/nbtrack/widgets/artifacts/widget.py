"""A run's files in a notebook: a tree, and a preview of the one that is open."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import InvalidValue
from nbtrack.tracking.handle import RunHandle
from nbtrack.widgets.artifacts.model import FilesModel
from nbtrack.widgets.artifacts.static import files_html, summary_of
from nbtrack.widgets.live import HeardWidget, built
from nbtrack.widgets.run_detail import files_json
from nbtrack.widgets.static_parts import esc, quiet
from nbtrack.widgets.wire import Answer

if TYPE_CHECKING:
    import pandas
    import pyarrow

NOTHING = (
    "This run keeps no files yet: log_artifact, log_figure, log_table and log_model keep some."
)


def browse_artifacts(
    run: RunHandle | str | None = None,
    artifact_path: str | None = None,
    *,
    store: str | PathLike[str] | None = None,
) -> ArtifactBrowser:
    """The files that a run keeps, as a tree with a preview of the one that is open.

    ``run`` is a run, its name or id; the run that is open, else the newest, without it.
    ``artifact_path`` is the file to open. Pictures, texts, json, csv and Parquet, pages of
    html, sound and models' descriptions are shown, and of large files only the part that is
    looked at is read. Raises `RunNotFound`, `AmbiguousRun`, and ``KeyError`` for a path at which
    the run keeps nothing.

    >>> nbtrack.browse_artifacts("brave-otter", "tables/errors.parquet")
    """
    from nbtrack.store import RunQuery, run_page
    from nbtrack.tracking.active import active_run, current_store
    from nbtrack.tracking.past import get_run

    if run is None and store is None:
        run = active_run()
    place = current_store(store)
    if run is None:
        newest = run_page(place, RunQuery(), columns=(), limit=1).table["run_id"].to_pylist()
        if not newest:
            raise InvalidValue(f"There are no runs in {place.path} whose files could be shown.")
        run = str(newest[0])
    if isinstance(run, str):
        run = get_run(run, store=place.path)
    return ArtifactBrowser(run, artifact_path)


class ArtifactBrowser(HeardWidget):
    """The files of one run; live while the run keeps more. Made by `nbtrack.browse_artifacts`.

    ============  =============  ========================================================
    trait         type           meaning
    ============  =============  ========================================================
    ``path``      str or None    the file that is open; may be set. Without one the
                                 pictures among the files are shown
    ============  =============  ========================================================
    """

    _esm = built("artifacts.js")
    _css = built("artifacts.css")

    path: Any = traitlets.Any(None, help="The path of the file that is open.")

    # Apart from the list, which may be long and does not change when a file is opened.
    _opened = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def __init__(self, run: RunHandle, path: str | None = None) -> None:
        if not isinstance(run, RunHandle):
            raise InvalidValue(
                f"Files are of one run, not of a {type(run).__name__}: "
                "give nbtrack.get_run('name'), or browse_artifacts('name')."
            )
        self._files = FilesModel(run.store, run.id)
        self._run: dict[str, str] = {}
        self._state = ""
        self._refresh()
        if path is not None:
            self._files.find(path)
        self._begin_on(run.store)
        self.path = path

    def __repr__(self) -> str:
        return f"Files of {' '.join(self._run['name'].split())!r}: {summary_of(self._files)}"

    def df(self) -> pandas.DataFrame:
        """The files as a pandas DataFrame: path, size_bytes, media_type, digest."""
        return self.arrow().to_pandas()

    def arrow(self) -> pyarrow.Table:
        """The files as an Arrow table: path, size_bytes, media_type, digest."""
        import pyarrow

        files = self._files.files
        return pyarrow.table(
            {
                "path": pyarrow.array([f.path for f in files], pyarrow.string()),
                "size_bytes": pyarrow.array([f.size_bytes for f in files], pyarrow.int64()),
                "media_type": pyarrow.array([f.media_type for f in files], pyarrow.string()),
                "digest": pyarrow.array([f.digest for f in files], pyarrow.string()),
            }
        )

    def _html(self) -> str:
        head = f"<div><b>{esc(self._run['name'])}</b></div>{quiet(summary_of(self._files))}"
        return f"<div>{head}{files_html(self._files, self._opened) or quiet(NOTHING)}</div>"

    def _draw(self) -> dict[str, Any]:
        return {
            "run": self._run,
            **files_json(self._files.files),
            "store": str(self.store.path),
        }

    def _refresh(self) -> bool:
        from nbtrack.store import run_detail

        run = run_detail(self._files.store, self._files.run_id)
        self._run = {"run_id": run.run_id, "name": run.name, "experiment": run.experiment}
        files = self._files.read()
        state = repr((self._run, files))
        changed, self._state = state != self._state, state
        return changed

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        match intent["kind"]:
            case "select":
                self._selection.replace(intent["runs"])
            case "close":
                self._opened = None
            case "preview" if any(file.path == intent["path"] for file in self._files.files):
                self._opened = intent["path"]
        return self._files.answer(intent) or Answer({"kind": "done"})

    def _tell_traits(self) -> None:
        self.path = self._opened

    @traitlets.validate("path")
    def _find_path(self, proposal: Mapping[str, Any]) -> str | None:
        path = proposal["value"]
        return None if path is None else self._files.find(str(path)).path

    @traitlets.observe("path")
    def _lead_path(self, change: Mapping[str, Any]) -> None:
        if not self._following:
            with self._leading():
                self._opened = change["new"]

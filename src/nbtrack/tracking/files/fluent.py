"""Files of the active run, or of one that is named, by function, as in MLflow."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.tracking.active import active_run, chosen_experiment, current_store, start_run
from nbtrack.tracking.files.reading import FileInfo
from nbtrack.tracking.handle import RunHandle
from nbtrack.tracking.past import Place, get_run

if TYPE_CHECKING:
    import pandas

_RUNS = "runs:/"


def log_artifact(
    local_path: str | os.PathLike[str],
    artifact_path: str | None = None,
    run_id: str | None = None,
) -> None:
    """Keep a file or folder with a run; see `Run.log_artifact`."""
    _writable(run_id).log_artifact(local_path, artifact_path)


def log_artifacts(
    local_dir: str | os.PathLike[str],
    artifact_path: str | None = None,
    run_id: str | None = None,
) -> None:
    """Keep all that is in a folder with a run; see `Run.log_artifacts`."""
    _writable(run_id).log_artifacts(local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Keep a text as a file of a run."""
    _writable(run_id).log_text(text, artifact_file)


def log_dict(
    dictionary: Mapping[str, Any] | Sequence[Any],
    artifact_file: str,
    run_id: str | None = None,
) -> None:
    """Keep a dict or list as a JSON or YAML file of a run."""
    _writable(run_id).log_dict(dictionary, artifact_file)


def log_figure(
    figure: object, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None
) -> None:
    """Keep a figure as a file of the active run; see `Run.log_figure`."""
    _writable(None).log_figure(figure, artifact_file, save_kwargs=save_kwargs)


def log_image(
    image: object,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Keep an image as a file of the active run; see `Run.log_image`."""
    _writable(None).log_image(image, artifact_file, key, step, timestamp, synchronous)


def log_table(data: object, artifact_file: str, run_id: str | None = None) -> None:
    """Keep a table as a file of a run, or add rows to it; see `Run.log_table`."""
    _writable(run_id).log_table(data, artifact_file)


def log_audio(audio: object, artifact_file: str, sample_rate: int | None = None) -> None:
    """Keep a sound as a file of the active run; see `Run.log_audio`."""
    _writable(None).log_audio(audio, artifact_file, sample_rate)


def log_html(html: object, artifact_file: str) -> None:
    """Keep a page as a file of the active run; see `Run.log_html`."""
    _writable(None).log_html(html, artifact_file)


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    *,
    store: Place = None,
) -> list[FileInfo]:
    """The files and folders right in a folder of a run: ``runs:/<run>/<path>``, or by its parts."""
    run, path = _asked(artifact_uri, run_id, artifact_path, store)
    return run.list_artifacts(path)


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | os.PathLike[str] | None = None,
    *,
    store: Place = None,
) -> str:
    """Write files of a run below ``dst_path``; see `StoredRun.download_artifacts`."""
    run, path = _asked(artifact_uri, run_id, artifact_path, store)
    return run.download_artifacts(path, dst_path)


def load_text(artifact_uri: str, *, store: Place = None) -> str:
    """The text of a file, as ``runs:/<run>/<path>``."""
    run, path = _asked(artifact_uri, None, None, store)
    return run.load_text(path)


def load_dict(artifact_uri: str, *, store: Place = None) -> Any:
    """What a JSON or YAML file holds, as ``runs:/<run>/<path>``."""
    run, path = _asked(artifact_uri, None, None, store)
    return run.load_dict(path)


def load_image(artifact_uri: str, *, store: Place = None) -> Any:
    """An image as ``PIL.Image``, by ``runs:/<run>/<path>``."""
    run, path = _asked(artifact_uri, None, None, store)
    return run.load_image(path)


def load_table(
    artifact_file: str,
    run_ids: Sequence[str] | None = None,
    extra_columns: Sequence[str] | None = None,
    *,
    store: Place = None,
) -> pandas.DataFrame:
    """The tables that runs keep under one path, below each other.

    Without ``run_ids`` those of all runs in the chosen experiment, or of all where none was
    chosen. ``extra_columns`` are columns of `search_runs`, such as ``run_id``.
    """
    import pyarrow

    from nbtrack.store import RunQuery, run_frame, runs_keeping
    from nbtrack.tracking.answers import to_pandas
    from nbtrack.tracking.files.tables import added

    place = current_store(store)
    chosen = chosen_experiment()
    query = RunQuery(experiments=(chosen,) if chosen and run_ids is None else None)
    wanted = None if run_ids is None else {get_run(run_id, store=store).id for run_id in run_ids}
    whole: pyarrow.Table | None = None
    keeping = set(runs_keeping(place, artifact_file))
    if wanted is not None:
        keeping &= wanted
    for row in run_frame(place, query).to_pylist():
        run_id = row["run_id"]
        if run_id not in keeping:
            continue
        table = get_run(run_id, store=store).load_table(artifact_file).arrow()
        for column in extra_columns or ():
            if column not in row:
                raise InvalidValue(f"extra_columns are columns of search_runs, got {column!r}.")
            table = table.append_column(column, pyarrow.array([row[column]] * table.num_rows))
        whole = table if whole is None else added(whole, table)
    if whole is None:
        raise InvalidValue(f"No run that was asked for keeps a table {artifact_file!r}.")
    return to_pandas(whole)


def _writable(run_id: str | None) -> RunHandle:
    if run_id is not None:
        current = active_run()
        return current if current is not None and current.id == run_id else get_run(run_id)
    return active_run() or start_run()


def _asked(
    uri: str | None, run_id: str | None, path: str | None, store: Place
) -> tuple[RunHandle, str]:
    """The run and the path in it that an address or its parts name."""
    if (uri is None) == (run_id is None):
        raise InvalidValue("Give either artifact_uri='runs:/<run>/<path>' or run_id.")
    if uri is not None:
        if not uri.startswith(_RUNS):
            raise InvalidValue(f"An artifact's address is 'runs:/<run>/<path>', got {uri!r}.")
        run_id, _, found = uri.removeprefix(_RUNS).lstrip("/").partition("/")
        if path is not None:
            raise InvalidValue("artifact_path goes with run_id; artifact_uri has a path already.")
        path = found
    assert run_id is not None
    return get_run(run_id, store=store), path or ""

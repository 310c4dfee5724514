"""Files that MLflow keeps at an address: on this disk, or where fsspec reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nbtrack.errors import ArtifactsUnavailable
from nbtrack.integrations.importing.source import Omissions, SourceFile

# MLflow's schemes that fsspec knows under another name.
_SCHEMES = {"wasbs": "abfs", "abfss": "abfs", "gs": "gs", "s3": "s3", "hdfs": "hdfs"}


def files_at(
    address: str, omissions: Omissions, *, otherwise: Path | None = None
) -> Iterator[SourceFile]:
    """What is below ``address``, or in the folder ``otherwise`` if the store was moved.

    What cannot be reached is told and left out.
    """
    parts = urlsplit(address)
    if parts.scheme in ("", "file") or len(parts.scheme) == 1:
        folder = local_path(address)
        if not folder.is_dir() and otherwise is not None:
            folder = otherwise
        yield from files_in(folder)
    elif parts.scheme in _SCHEMES:
        yield from _remote(address, _SCHEMES[parts.scheme], omissions)
    else:
        omissions.omit(f"places of files at {parts.scheme}:")


def chosen_location(address: str, experiment_id: str) -> str:
    """``address``, if somebody chose it for an experiment: else it is a store's, and ends so."""
    return "" if address.rstrip("/").endswith(f"/{experiment_id}") else address


def local_path(address: str) -> Path:
    """The path that a ``file:`` address, or a plain one, names."""
    parts = urlsplit(address)
    return Path(unquote(parts.path)) if parts.scheme == "file" else Path(address)


def files_in(folder: Path) -> Iterator[SourceFile]:
    """What is below a folder of this disk, if it is there."""
    for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if file.is_file():
            yield SourceFile(file.relative_to(folder).as_posix(), file)


def _remote(address: str, scheme: str, omissions: Omissions) -> Iterator[SourceFile]:
    try:
        import fsspec

        files, root = fsspec.core.url_to_fs(f"{scheme}:{address.partition(':')[2]}")
        found: list[str] = sorted(files.find(root))
    except ImportError as error:
        omissions.omit(f"places of files at {scheme}:")
        omissions.remark(f"files at {scheme}: need a library ({error}); see nbtrack's extras")
        return
    except Exception as error:
        raise ArtifactsUnavailable(
            f"{address} cannot be read ({type(error).__name__}: {error}); mend that and import "
            "again, or import without files."
        ) from error
    for path in found:
        read: Callable[[], bytes] = partial(files.cat_file, path)
        yield SourceFile(path.removeprefix(root).lstrip("/"), read)

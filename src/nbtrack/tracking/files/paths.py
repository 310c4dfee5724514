"""What a file that a run keeps may be called, and what kind of file a name tells."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path

from nbtrack.errors import InvalidValue

MAX_PATH_CHARS = 1000
# What Python's list does not have, or differently from system to system.
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".md": "text/markdown",
    ".npy": "application/x-npy",
    ".parquet": "application/vnd.apache.parquet",
    ".txt": "text/plain",
    ".wav": "audio/wav",
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def check_artifact_path(path: object) -> str:
    """``path`` as a file is kept under: relative, with ``/`` between folders.

    A run's files are its own root, and no path leads out of it: not on the machine that
    keeps it, nor on another that fetches it. Raises `InvalidValue`.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InvalidValue(
            f"The path of an artifact must be a string, got {path!r} ({type(path).__name__})."
        )
    text = path if isinstance(path, str) else Path(path).as_posix()
    if not isinstance(text, str) or not text or len(text) > MAX_PATH_CHARS:
        raise InvalidValue(f"The path of an artifact must have 1 to {MAX_PATH_CHARS} characters.")
    if any(part in ("", ".", "..") for part in text.split("/")) or "\\" in text or text[1:2] == ":":
        raise InvalidValue(
            f"The path of an artifact must be relative to its run, with single '/' between "
            f"folders and no '..', got {text!r}."
        )
    if any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in text):
        raise InvalidValue(
            "The path of an artifact must not hold control characters or lone surrogates, "
            f"got {text!r}."
        )
    return text


def check_folder(path: str | os.PathLike[str] | None) -> str:
    """As `check_artifact_path` for a folder: ``""`` is the run's root, a ``/`` may end it."""
    text = "" if path is None else os.fspath(path).removesuffix("/")
    return check_artifact_path(text) if text not in ("", ".") else ""


def join_path(folder: str, name: str) -> str:
    """``name`` in ``folder``, which may be the root."""
    return check_artifact_path(f"{folder}/{name}" if folder else name)


def media_type_of(path: str) -> str:
    """The media type that the ending of a path tells; empty if it tells none."""
    ending = os.path.splitext(path)[1].lower()
    return _MEDIA_TYPES.get(ending) or mimetypes.guess_type(path)[0] or ""


def files_under(folder: Path) -> list[tuple[str, Path]]:
    """Every file below a folder with its path in it, in order of path; links are followed.

    Raises `InvalidValue` for what cannot be kept: a pipe, a socket, a link in a circle.
    """
    found: list[tuple[str, Path]] = []

    def walk(place: Path, prefix: str, above: frozenset[str]) -> None:
        real = os.path.realpath(place)
        if real in above:
            raise InvalidValue(f"{place} is a link to a folder above it; log its files one by one.")
        for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
            if entry.is_dir():
                walk(Path(entry.path), f"{prefix}{entry.name}/", above | {real})
            elif entry.is_file():
                found.append((f"{prefix}{entry.name}", Path(entry.path)))
            else:
                raise InvalidValue(
                    f"{entry.path} is neither a file nor a folder, nor a link to one."
                )

    walk(folder, "", frozenset())
    return found

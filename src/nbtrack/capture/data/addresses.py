"""Data on other machines: by what its place says of it, never by its content."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from nbtrack.capture.data.classes import is_of
from nbtrack.capture.data.reading import Reading
from nbtrack.capture.scalars import loaded

if TYPE_CHECKING:
    from nbtrack.capture.data.digest import Digest

TIMEOUT_S = 5.0
_MAX_CHARS = 1_000
_ADDRESS = re.compile(
    r"(?:s3|s3a|gs|gcs|az|abfs|abfss|adl|hf|https?|ftp|sftp|ssh|hdfs|webdavs?|memory|r2|oci)://\S+\Z"
)
# What places call a mark of the content, best first. A size alone is none.
_MARKS = ("etag", "md5hash", "md5", "checksum", "crc32c", "generation", "version_id")
_TIMES = ("mtime", "lastmodified", "last_modified", "updated", "modified", "created")


def address_of(value: Any) -> str:
    """The address that a value is, or that fsspec opened; empty for any other value."""
    if is_of(value, "fsspec", "OpenFile"):
        value = value.full_name
    if type(value) is not str or not len(value) <= _MAX_CHARS or not _ADDRESS.match(value):
        return ""
    return value


def read_address(value: Any, digest: Digest, *, allow_network: bool) -> Reading | None:
    """What fsspec knows about an address without a download, if the network may be asked."""
    from nbtrack.capture.secrets import redact

    address = address_of(value)
    if not address:
        return None
    source = redact(address)
    if not allow_network or loaded("fsspec") is None:
        why = "it is on another machine" if not allow_network else "fsspec is not loaded"
        return Reading("address", source=source, note=f"not read: {why}", is_read=False)
    known = _asked(address)
    if isinstance(known, str):
        return Reading("address", source=source, note=f"not read: {known}", is_read=False)
    facts = {str(name).lower().replace("-", "_"): each for name, each in known.items()}
    names = [name for name in _MARKS if facts.get(name)] or [
        name for name in _TIMES if facts.get(name)
    ]
    size = facts.get("size")
    if not names:
        note = "not read: its place tells neither an etag nor a time"
        return Reading("address", source=source, note=note, is_read=False)
    digest.label("address", size, names[0], facts[names[0]])
    digest.size_bytes += size if isinstance(size, int) else 0
    note = f"by its size and {names[0]}, not its content"
    return Reading("address", source=source, note=note, is_partial=True)


def _asked(address: str) -> dict[str, Any] | str:
    """What its file system says about an address, or why it said nothing."""
    answers: list[dict[str, Any] | str] = []

    def ask() -> None:
        from fsspec.core import url_to_fs

        try:
            files, path = url_to_fs(address)
            answers.append(dict(files.info(path)))
        except Exception as error:  # noqa: BLE001 - each file system has errors of its own
            answers.append(f"{type(error).__name__} when its place was asked")

    asking = threading.Thread(target=ask, name="nbtrack-address", daemon=True)
    asking.start()
    asking.join(TIMEOUT_S)
    return answers[0] if answers else f"its place did not answer within {TIMEOUT_S:g} s"

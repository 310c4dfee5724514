"""Where artifacts are kept: ``place`` says what a place can do, each file beside it is one.

`open_place` finds the file for an address. Another kind of place is another file, and a
line in `_KINDS` if it has a scheme that the general one must not take.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from nbtrack.artifacts.places.folder import ArtifactFolder
from nbtrack.artifacts.places.place import ArtifactPlace
from nbtrack.errors import InvalidValue

_KINDS = {
    **dict.fromkeys(("s3", "s3a"), ("nbtrack.artifacts.places.s3", "S3Place")),
    **dict.fromkeys(("abfs", "abfss", "az"), ("nbtrack.artifacts.places.azure", "AzurePlace")),
}
_ANY = ("nbtrack.artifacts.places.anywhere", "FsspecPlace")


def open_place(address: str) -> ArtifactPlace:
    """The place at an address that `check_address` gave; nothing is asked or made yet."""
    scheme, separator, _ = address.partition("://")
    if not separator:
        return ArtifactFolder(Path(address))
    module, kind = _KINDS.get(scheme, _ANY)
    opened: ArtifactPlace = getattr(import_module(module), kind)(address)
    return opened


def check_address(address: str | os.PathLike[str]) -> str:
    """An address as it is written down: the absolute path of a folder, or an fsspec URL.

    Raises `InvalidValue` for one that holds a password or token, or names no bucket.
    """
    text = os.fspath(address)
    parts = urlsplit(text)
    if "://" not in text:
        return str(Path(text).expanduser().absolute())
    if parts.scheme in ("file", "local"):
        from urllib.request import url2pathname

        return str(Path(url2pathname(parts.path)).absolute())
    if parts.password or parts.query or parts.fragment:
        raise InvalidValue(
            f"The address {parts.scheme}://… of a place for artifacts is written into the store's "
            "folder, and must hold no password or token; leave credentials to the environment."
        )
    if not (parts.netloc or parts.path.strip("/")):
        raise InvalidValue(
            f"{text!r} names no bucket or folder, as in '{parts.scheme}://bucket/x'."
        )
    return text.rstrip("/")

"""The artifacts of a store: in which places they are, and the lock under which they come and go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack import settings
from nbtrack.errors import StoreHeld

if TYPE_CHECKING:
    from nbtrack.artifacts import Artifacts
    from nbtrack.store import Store
    from nbtrack.store.locks import StoreLock

_LOCK = "artifacts."
# How long gc waits for files that are being kept just now.
_PATIENCE_S = 5.0

# Places asked for by `set_store`, by the store's folder, until they are written down.
_asked: dict[Path, str] = {}
_settled: set[Path] = set()
_opened: dict[Path, tuple[object, Artifacts]] = {}


def ask_for_place(folder: Path, address: str) -> None:
    """New files of the store in ``folder`` go to that address from their next call on."""
    _asked[folder] = address
    _settled.discard(folder)


def artifacts_of(store: Store) -> Artifacts:
    """What the store keeps, in the places that its folder names."""
    from nbtrack.artifacts import Artifacts
    from nbtrack.artifacts.where import FILE, read_whereabouts

    folder = store.path
    if folder not in _settled:
        _settle(folder)
    try:
        found = (folder / FILE).stat()
        mark: object = (found.st_mtime_ns, found.st_size, found.st_ino)
    except FileNotFoundError:
        mark = None
    known = _opened.get(folder)
    if known is None or known[0] != mark:
        known = (mark, Artifacts(read_whereabouts(folder).open(folder)))
        _opened[folder] = known
    return known[1]


@contextmanager
def keeping(store: Store) -> Iterator[Artifacts]:
    """From the look whether bytes are there to the event that names them, nobody frees any."""
    artifacts = artifacts_of(store)
    with _lock(store.path).shared():
        yield artifacts


@contextmanager
def freeing(store: Store) -> Iterator[Artifacts]:
    """While bytes are removed, nobody comes to rely on them. Raises `StoreHeld`."""
    artifacts = artifacts_of(store)
    try:
        with _lock(store.path, _PATIENCE_S).exclusive():
            yield artifacts
    except StoreHeld as error:
        raise StoreHeld(f"Files are being kept just now; try again later. {error}") from error


def _settle(folder: Path) -> None:
    """Write down the place that this process was told, once."""
    from nbtrack.artifacts import check_address
    from nbtrack.artifacts.where import put_first

    address = _asked.get(folder) or settings.artifacts_place()
    if address:
        with _lock(folder).exclusive():
            put_first(folder, check_address(address))
    _settled.add(folder)


def _lock(folder: Path, patience_s: float | None = None) -> StoreLock:
    from nbtrack.store.locks import PATIENCE_S, StoreLock
    from nbtrack.store.place import make_store_folder

    if not folder.is_dir():
        make_store_folder(folder)
    return StoreLock(folder, name=_LOCK, patience_s=patience_s or PATIENCE_S)

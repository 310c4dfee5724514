"""In which places a store keeps the files of its runs: ``artifacts.json`` in its folder.

Whoever opens the store, a kernel, the command line or a server, must find the same bytes;
so the store itself says where they are. A store without the file keeps them in ``artifacts``
beside its database.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from nbtrack.artifacts.places import open_place
from nbtrack.artifacts.places.place import ArtifactPlace
from nbtrack.errors import StoreDamaged

FILE = "artifacts.json"
# The folder in the store; always the last of its places if it is no other.
INSIDE = "artifacts"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The places of a store, the newest first; ``owner`` is the store's own mark in each."""

    owner: str
    addresses: tuple[str, ...]

    def open(self, folder: Path) -> list[ArtifactPlace]:
        """The places themselves. A path is relative to the store's folder."""
        return [
            open_place(address if "://" in address else str(folder / address))
            for address in self.addresses
        ]


def read_whereabouts(folder: Path) -> Whereabouts:
    """Where the store in ``folder`` keeps files. Raises `StoreDamaged` if that cannot be read."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        addresses, owner = [str(each) for each in said["places"]], str(said["owner"])
    except FileNotFoundError:
        addresses, owner = [], ""
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(
            f"{folder / FILE} does not say where artifacts are ({error}); bring it back from a "
            "copy, or name the place with nbtrack.set_store(…, artifacts=…)."
        ) from error
    return Whereabouts(owner, tuple(dict.fromkeys([*addresses, INSIDE])))


def put_first(folder: Path, address: str) -> Whereabouts:
    """From now on new files go to ``address``; the places before it are still read.

    The caller keeps others from doing the same at once.
    """
    if Path(address) == folder / INSIDE:
        address = INSIDE
    try:
        known = read_whereabouts(folder)
    except StoreDamaged:
        known = Whereabouts("", ())
    if known.addresses[:1] == (address,):
        return known
    new = Whereabouts(
        known.owner or uuid.uuid4().hex, tuple(dict.fromkeys([address, *known.addresses]))
    )
    for place in new.open(folder)[:1]:
        if address != INSIDE:
            place.claim(new.owner)
    text = json.dumps({"owner": new.owner, "places": new.addresses}, indent=1) + "\n"
    passing = folder / f"{FILE}.{uuid.uuid4().hex}"
    passing.write_text(text, encoding="utf-8")
    os.replace(passing, folder / FILE)
    return new

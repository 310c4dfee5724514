"""Bytes by the hash of their content, each kept once however many runs have them.

``places`` are where: a folder, S3, Azure and all that fsspec reaches. ``kept`` sends,
reads and verifies; ``where`` knows which places a store has. Which run has which bytes,
under what path, is an event (`nbtrack.events.ArtifactKept`). DESIGN.md has the reasons.
"""

from nbtrack.artifacts.kept import Artifacts, Wanted
from nbtrack.artifacts.places import check_address
from nbtrack.artifacts.places.folder import ArtifactFolder

__all__ = ["ArtifactFolder", "Artifacts", "Wanted", "check_address"]

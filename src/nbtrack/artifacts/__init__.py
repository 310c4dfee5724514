"""Bytes by the hash of their content, each kept once however many runs have them.

``folder`` keeps them beside the store. Which run has which of them, and under
what path, is an event (`nbtrack.events.ArtifactKept`).
"""

from nbtrack.artifacts.folder import ArtifactFolder

__all__ = ["ArtifactFolder"]

"""What changed between two runs: ``sections`` find it, ``view`` shows it."""

from nbtrack.provenance.difference.changes import Change, Difference, Section
from nbtrack.provenance.difference.sections import difference

__all__ = ["Change", "Difference", "Section", "difference"]

"""How to observe a cell and what is around it; where it goes is for others to know.

``observer`` is one execution of a cell: ``syntax`` reads its text, ``reads`` what it
reads through functions, ``turns`` and ``instrument`` watch it run, ``scalars`` and
``estimators`` tell settings from measurements. ``streams`` keeps what it prints,
``surroundings`` looks at git (``git``) and Python (``environment``) beside it, and
``program`` knows which notebook or script is running.
"""

from nbtrack.capture.loops import Candidates
from nbtrack.capture.measuring import measures
from nbtrack.capture.observer import CellObserver, CellOptions, Inferred

__all__ = ["Candidates", "CellObserver", "CellOptions", "Inferred", "measures"]

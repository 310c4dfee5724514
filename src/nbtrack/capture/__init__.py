"""How to observe a cell and what is around it; where it goes is for others to know.

``observer`` is one execution of a cell. ``syntax`` reads its text (with ``loops``,
``expressions``, ``bindings`` and ``words``), ``reads`` what it reads through functions;
``instrument`` and ``turns`` watch it run; ``inference`` tells parameters from metrics,
by what ``scalars`` and ``estimators`` say of values. ``measuring`` says whether a cell is
worth it. ``streams`` keeps what it prints, ``surroundings`` looks at git (``git``) and
Python (``environment``) beside it, and ``program`` knows which notebook or script runs.
"""

from nbtrack.capture.loops import Candidates
from nbtrack.capture.measuring import measures
from nbtrack.capture.observer import CellObserver, CellOptions, Inferred

__all__ = ["Candidates", "CellObserver", "CellOptions", "Inferred", "measures"]

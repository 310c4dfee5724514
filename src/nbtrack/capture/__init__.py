"""How to observe a cell and what is around it; where it goes is for others to know.

``observer`` is one execution of a cell. ``syntax`` reads its text (with ``loops``,
``expressions``, ``bindings`` and ``words``), ``reads`` what it reads through functions;
``instrument`` and ``turns`` watch it run; ``inference`` tells parameters from metrics,
by what ``scalars`` and ``estimators`` say of values. ``measuring`` says whether a cell is
worth it. ``streams`` keeps what it prints, ``outputs`` what it shows, ``objects`` what it is
told to keep. ``inputs`` looks at the data that it reads (``data``, ``paths``), ``resources``
at the machine. ``surroundings`` looks at git (``git``), Python (``environment``,
``packages``) and local ``modules`` beside it, and ``program`` knows which notebook or script
runs. ``session`` slices back to the cells that made its inputs, and judges them; ``secrets``
and ``random_state`` are what their names say.
"""

from nbtrack.capture.loops import Candidates
from nbtrack.capture.measuring import measures
from nbtrack.capture.observer import CellObserver, CellOptions, Inferred

__all__ = ["Candidates", "CellObserver", "CellOptions", "Inferred", "measures"]

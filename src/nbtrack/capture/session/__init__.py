"""What made a cell's inputs, read off the texts of the cells that a kernel has executed.

``reader`` says of one cell which names it needs, binds and may change (its `Effects`, noted in
a ``record``), with ``functions`` for what is done only when it is called. What goes beyond names
stands in ``outside`` (people, clocks, chance) and ``standing`` (files, settings); ``nodes`` and
``words`` know trees and calls, ``python`` turns what a user wrote, magics and all, into Python.
``namespace`` follows what names stand for from cell to cell. ``slicing`` walks back from a cell
to the executions that made what it needs, and ``verdict`` holds those against the notebook as it
was saved. Texts are all that is needed: nothing is executed.
"""

from nbtrack.capture.session.cells import Blame, NotebookCell, SessionCell, Slice, Verdict
from nbtrack.capture.session.reader import effects_of
from nbtrack.capture.session.slicing import slice_back
from nbtrack.capture.session.verdict import judge

__all__ = [
    "Blame",
    "NotebookCell",
    "SessionCell",
    "Slice",
    "Verdict",
    "effects_of",
    "judge",
    "slice_back",
]

"""Runs made again: a ``notebook`` of their cells, in a ``workplace``, by a ``kernel``, compared."""

from nbtrack.provenance.replay.making import made_again, replay, write_notebook
from nbtrack.provenance.replay.report import ReplayReport

__all__ = ["ReplayReport", "made_again", "replay", "write_notebook"]

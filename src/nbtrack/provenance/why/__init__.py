"""Why two runs differ: a ``search`` replays mixtures of them, a ``report`` ranks the causes."""

from nbtrack.provenance.why.report import Trial, WhyReport
from nbtrack.provenance.why.search import why

__all__ = ["Trial", "WhyReport", "why"]

"""Runs as Altair charts: a table of runs comes in, a Vega-Lite spec with its data goes out.

``scatter``, ``contour`` and ``importance`` each have a module. They share how a column
is read (``quantities``), how it becomes a channel (``encoding``), how texts are shown
(``labels``) and how everything looks (``style``). DESIGN.md has the reasons.
"""

from nbtrack.charts.chart import Chart
from nbtrack.charts.contour import contour
from nbtrack.charts.importance import importance
from nbtrack.charts.scatter import scatter

__all__ = ["Chart", "contour", "importance", "scatter"]

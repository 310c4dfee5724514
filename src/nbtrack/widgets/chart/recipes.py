"""What tells one chart from another: which columns it shows, as what, and who draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.charts import Chart
    from nbtrack.charts.style import Theme

Columns = Mapping[str, str | None]
Logs = Mapping[str, bool | None]


@dataclass(frozen=True, slots=True)
class Role:
    """What a column is shown as; ``kinds`` of columns are looked through in this order."""

    name: str
    title: str
    kinds: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """One kind of chart.

    ``draw`` gets the runs, the column of each role and whether axes are logarithmic, and
    gives what draws it in a theme: what both themes share is computed once. It sees
    ``max_runs`` runs at most, the newest.
    """

    name: str
    said: str
    roles: tuple[Role, ...]
    axes: tuple[str, ...]
    draw: Callable[[pyarrow.Table, Columns, Logs], Callable[[Theme], Chart]]
    sees_params: bool = False
    max_runs: int = 100_000

    def title(self, labels: Mapping[str, str]) -> str:
        """What the chart shows, in words; ``labels`` are what its columns are called."""
        shown = {role: labels.get(role, "?") for role in ("x", "y", "color", "metric")}
        title = self.said.format(**shown)
        return f"{title}, coloured by {labels['color']}" if "color" in labels else title


def _scatter(runs: pyarrow.Table, columns: Columns, logs: Logs) -> Callable[[Theme], Chart]:
    from nbtrack.charts import scatter

    x, y = _named(columns, ("x", "y"))
    return lambda theme: scatter(
        runs, x, y, color=columns["color"], log_x=logs["x"], log_y=logs["y"], theme=theme
    )


def _contour(runs: pyarrow.Table, columns: Columns, logs: Logs) -> Callable[[Theme], Chart]:
    from nbtrack.charts import contour

    x, y, metric = _named(columns, ("x", "y", "metric"))
    return lambda theme: contour(runs, x, y, metric, log_x=logs["x"], log_y=logs["y"], theme=theme)


def _importance(runs: pyarrow.Table, columns: Columns, logs: Logs) -> Callable[[Theme], Chart]:  # noqa: ARG001
    from nbtrack.charts.importance import weigh

    [metric] = _named(columns, ("metric",))
    return weigh(runs, metric).drawn


def _named(columns: Columns, roles: Sequence[str]) -> list[str]:
    return [columns[role] or role for role in roles]


_MEASURED = ("metrics", "params", "attributes", "tags")
_SET = ("params", "metrics", "attributes", "tags")

SCATTER = Recipe(
    "scatter",
    "{y} by {x}",
    (
        Role("x", "X", _SET),
        Role("y", "Y", _MEASURED),
        Role("color", "Colour", _SET, optional=True),
    ),
    ("x", "y"),
    _scatter,
)
CONTOUR = Recipe(
    "contour",
    "{metric} by {x} and {y}",
    (
        Role("x", "X", ("params", "metrics")),
        Role("y", "Y", ("params", "metrics")),
        Role("metric", "Metric", ("metrics", "params")),
    ),
    ("x", "y"),
    _contour,
)
IMPORTANCE = Recipe(
    "importance",
    "what {metric} depends on",
    (Role("metric", "Metric", ("metrics", "params")),),
    (),
    _importance,
    sees_params=True,
    max_runs=20_000,
)

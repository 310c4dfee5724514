"""One run as a sheet, for files that are saved."""

from __future__ import annotations

from collections.abc import Mapping

from nbtrack.events import short_id
from nbtrack.widgets.card import duration_text, number_text
from nbtrack.widgets.curve_plots import CurvePlot, plots_of
from nbtrack.widgets.run_detail import SYSTEM, curve_keys
from nbtrack.widgets.run_view.model import RunModel
from nbtrack.widgets.sheet import Cell, Head, Sheet, SheetGroup, SheetRow


def sheet_of(model: RunModel) -> Sheet:
    """The run's metrics, parameters, tags and curves."""
    run = model.recipe.run
    parts = [run.status, run.experiment, short_id(run.run_id)]
    if run.duration_s is not None:
        parts.insert(1, duration_text(run.duration_s))
    about = {"verdict": run.verdict, "note": run.note}
    groups = [
        _group("Run", {name: text for name, text in about.items() if text}),
        _group("Metrics", metrics_of(model)),
        _group("Parameters", {p.key: p.value or "None" for p in run.params}),
        _group("Tags", run.tags),
    ]
    shown = tuple(group for group in groups if group.rows)
    return Sheet((Head(run.name, " · ".join(parts)),), shown, run_plots(model))


def metrics_of(model: RunModel) -> dict[str, str]:
    """The last value of each metric as a person reads it, but for those of the machine."""
    return {key: number_text(value) for key, value in model.recipe.metrics.items()}


def run_plots(model: RunModel, *, system: bool = False) -> tuple[CurvePlot, ...]:
    """A plot per metric that has a curve: the run's own, or the machine's."""
    keys = [k for k in curve_keys(model.recipe.run) if k.startswith(SYSTEM) == system]
    return plots_of(model.curves(), keys, {model.run_id: 0}) if keys else ()


def _group(title: str, values: Mapping[str, str]) -> SheetGroup:
    rows = [SheetRow(key, (Cell(text),)) for key, text in values.items()]
    said = f"{len(rows)}" if title != "Run" else ""
    return SheetGroup(title, said, tuple(rows))

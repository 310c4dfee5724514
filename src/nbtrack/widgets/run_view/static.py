"""One run without a kernel: a fold per tab, in html that survives JupyterLab's sanitiser."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nbtrack.charts.style import look_of
from nbtrack.events import short_id
from nbtrack.provenance.difference.sections import git_of, machine_of
from nbtrack.widgets.artifacts.static import files_html
from nbtrack.widgets.card import duration_text
from nbtrack.widgets.curve_plots import CurvePlot, draw_plots
from nbtrack.widgets.drawing import svg_page
from nbtrack.widgets.image import img
from nbtrack.widgets.run_view.model import RunModel, fields_of
from nbtrack.widgets.run_view.picture import metrics_of, run_plots
from nbtrack.widgets.sheet import MIN_WIDTH, Cell, SheetRow
from nbtrack.widgets.static_parts import (
    BAD,
    QUIET,
    STATUS,
    VERDICT,
    esc,
    fold,
    preformatted,
    quiet,
    rows_html,
    table,
)

_ROWS = 100
_PLOTS = 12
_TEXT_CHARS = 8_000


def static_html(model: RunModel) -> str:
    """The run's head, and a fold for each of its tabs; what was cut is said where it was."""
    tabs: list[tuple[str, Callable[[RunModel], str]]] = [
        ("Overview", _overview),
        ("Curves", lambda model: _plots(run_plots(model), "Curves of the metrics")),
        ("Code", _code),
        ("Data", _data),
        ("Environment", _environment),
        ("Output", _output),
        ("Files", lambda model: files_html(model.browser)),
        ("Resources", lambda model: _plots(run_plots(model, system=True), "Use of the machine")),
    ]
    opened = ("Overview", "Curves")
    folds = [fold(title, draw(model), is_open=title in opened) for title, draw in tabs]
    return f"<div>{_head(model)}{''.join(folds)}</div>"


def _head(model: RunModel) -> str:
    run = model.recipe.run
    said = [run.experiment, short_id(run.run_id)]
    if run.duration_s is not None:
        said.insert(0, duration_text(run.duration_s))
    colour = STATUS.get(run.status, QUIET)
    return (
        f'<div><span style="{colour}">●</span> <b style="font-size:110%">{esc(run.name)}</b> '
        f'<span style="{colour}">{esc(run.status)}</span> '
        f'<span style="{QUIET};font-size:85%">{esc(" · ".join(said))}</span></div>'
    )


def _overview(model: RunModel) -> str:
    recipe = model.recipe
    run = recipe.run
    parts = []
    if run.note:
        parts.append(f'<div style="white-space:pre-wrap">{esc(run.note, 600)}</div>')
    if run.verdict:
        because = "; ".join(recipe.blames)
        parts.append(
            f'<div><span style="{VERDICT.get(run.verdict, QUIET)}">{esc(run.verdict)}</span> '
            f'<span style="{QUIET}">{esc(because, 300)}</span></div>'
        )
    parts += [
        _pairs("Metrics", metrics_of(model)),
        _pairs("Parameters", {p.key: p.value or "None" for p in run.params}),
        _pairs("Tags", run.tags),
    ]
    return "".join(parts) or quiet("Nothing was logged to this run yet.")


def _code(model: RunModel) -> str:
    recipe = model.recipe
    source = recipe.texts.get("source", "")
    earlier = [cell for cell in recipe.cells if cell.text != source]
    cells = "".join(preformatted(cell.text, _TEXT_CHARS) for cell in earlier[-10:])
    diff = recipe.texts.get("git.diff", "")
    return (
        (preformatted(source, _TEXT_CHARS) if source else "")
        + fold(f"Cells that made its inputs: {len(earlier)}", cells)
        + _pairs("Git", git_of(recipe))
        + fold("Uncommitted changes", preformatted(diff, _TEXT_CHARS) if diff else "")
    )


def _data(model: RunModel) -> str:
    told = {}
    for each in model.recipe.inputs:
        columns = len(fields_of(each))
        said = [
            each.context,
            each.kind,
            each.shape,
            each.digest[:8],
            f"{columns} columns" if columns else "",
        ]
        told[each.name] = " · ".join(part for part in (*said, each.note) if part)
    return _pairs("", told)


def _environment(model: RunModel) -> str:
    recipe = model.recipe
    versions = ", ".join(f"{name} {version}" for name, version in recipe.packages.items())
    return (
        _pairs("", machine_of(recipe))
        + _pairs("Variables", recipe.variables)
        + fold(f"Packages: {len(recipe.packages)}", esc(versions, _TEXT_CHARS))
    )


def _output(model: RunModel) -> str:
    texts = model.recipe.texts
    parts = []
    for role in ("traceback", "stdout", "stderr"):
        if text := texts.get(role, ""):
            style = BAD if role == "traceback" else ""
            parts.append(f'<div style="{style}">{preformatted(text, _TEXT_CHARS)}</div>')
    return "".join(parts)


def _plots(plots: tuple[CurvePlot, ...], alt: str) -> str:
    if not plots:
        return ""
    parts, height = draw_plots(
        plots[:_PLOTS], look_of("light"), top=12, left=16, width=MIN_WIDTH - 32
    )
    drawn = img(svg_page(MIN_WIDTH, height + 8, look_of("light"), parts), alt)
    hidden = len(plots) - _PLOTS
    return drawn + (quiet(f"… {hidden} more") if hidden > 0 else "")


def _pairs(title: str, values: Mapping[str, str]) -> str:
    if not values:
        return ""
    rows = rows_html([SheetRow(key, (Cell(text),)) for key, text in values.items()], _ROWS)
    heading = f'<div style="{QUIET};font-size:85%;padding-top:6px">{esc(title)}</div>'
    return (heading if title else "") + table(rows)

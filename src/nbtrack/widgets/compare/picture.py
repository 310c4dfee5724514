"""A comparison as a sheet, for files and for pages without a browser's help."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.widgets.card import duration_text, number_text
from nbtrack.widgets.compare.model import CompareModel
from nbtrack.widgets.compare.rows import Row
from nbtrack.widgets.curve_plots import CurvePlot, plots_of
from nbtrack.widgets.sheet import Cell, Head, Sheet, SheetGroup, SheetRow, Tone

# What does not fit a picture at all: a digest beside a digest tells nobody anything.
_LEFT_OUT = ("Packages", "Environment", "Files")
NONE_CHOSEN = (
    "No runs to compare: select some in nbtrack.runs(), or name them: nbtrack.compare('a', 'b')."
)


def sheet_of(model: CompareModel) -> Sheet:
    """What differs between the runs, and their curves."""
    reading = model.read()
    is_one = len(reading.runs) == 1
    groups = [
        SheetGroup(
            group.title,
            "" if is_one else said_of(len(group.different), len(group.same)),
            tuple(sheet_row(row) for row in (group.rows if is_one else group.different)),
        )
        for group in reading.groups
        if group.title not in _LEFT_OUT
    ]
    return Sheet(heads_of(model), tuple(groups), curve_plots(model), NONE_CHOSEN)


def curve_plots(model: CompareModel) -> tuple[CurvePlot, ...]:
    """A plot per metric that has curves, the runs' lines over each other."""
    reading = model.read()
    if not reading.curves:
        return ()
    hues = {each.run.run_id: model.hue(each.run.run_id) for each in reading.runs}
    return plots_of(model.curves(), reading.curves, hues)


def heads_of(model: CompareModel) -> tuple[Head, ...]:
    """The heads of the columns: the baseline's says so."""
    heads = []
    runs = model.read().runs
    for place, each in enumerate(runs):
        run = each.run
        parts = ["baseline"] if not place and len(runs) > 1 else []
        parts.append(run.status)
        if run.duration_s is not None:
            parts.append(duration_text(run.duration_s))
        heads.append(Head(run.name, " · ".join(parts), model.hue(run.run_id)))
    return tuple(heads)


def sheet_row(row: Row) -> SheetRow:
    """A row with what is said of each run's difference to the first."""
    cells = []
    texts = metric_texts(row.numbers) if row.numbers is not None else row.texts
    for place, text in enumerate(texts):
        note, tone = _change(row, place)
        if row.notes and row.differs(place):
            note, tone = row.notes[place], "quiet"
        shown = "—" if text is None else text
        # Of numbers the change says it.
        differs = row.numbers is None and text is not None and row.differs(place)
        cells.append(Cell(shown, note, tone, differs))
    return SheetRow(row.name, tuple(cells))


def said_of(different: int, same: int) -> str:
    """``3 differ, 12 the same``."""
    differ = f"{different} differ{'s' if different == 1 else ''}" if different else ""
    return ", ".join(part for part in (differ, f"{same} the same" if same else "") if part)


def metric_texts(numbers: Sequence[float | None]) -> tuple[str | None, ...]:
    """Numbers of one metric with as many digits as it takes to tell them apart."""
    texts: tuple[str | None, ...] = ()
    for digits in (4, 6, 9, 17):
        texts = tuple(None if n is None else number_text(n, digits) for n in numbers)
        if len(set(texts)) == len({repr(n) for n in numbers}):
            break
    return texts


def _change(row: Row, place: int) -> tuple[str, Tone]:
    change = row.change(place)
    if not change:
        return "", ""
    better = row.better(place)
    said = f"{'+' if change > 0 else '-'}{number_text(abs(change), 3)}"
    return said, "quiet" if better is None else "good" if better else "bad"

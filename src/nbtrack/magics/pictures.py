"""Pictures of the runs by ``%track``: ``parallel``, ``curves``, ``scatter``, ``board`` and others.

Each takes what the function of the same name takes: columns,
metrics, runs or a board's name as words, the others as flags.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nbtrack.errors import InvalidValue
from nbtrack.magics.arguments import CommandParser, unquoted_words
from nbtrack.magics.session import Session

# What a word of the line names.
Named = Literal["column", "metric", "run", "board", "kind", "model", "filter", "x", "number"]


@dataclass(frozen=True, slots=True)
class _Form:
    """What a command takes: its words, one each or any number of one; flags; switches."""

    words: Mapping[str, Named] = field(default_factory=dict)
    repeated: bool = False
    flags: tuple[str, ...] = ("--runs",)
    switches: tuple[str, ...] = ()


_FORMS = {
    "parallel": _Form({"filter": "filter"}, True, ("--runs", "--axes", "--color")),
    "curves": _Form({"metrics": "metric"}, True, ("--runs", "--x", "--smoothing")),
    "scatter": _Form(
        {"x": "column", "y": "column"},
        flags=("--runs", "--color"),
        switches=("--log-x", "--log-y"),
    ),
    "contour": _Form(
        {"x": "column", "y": "column", "metric": "column"}, switches=("--log-x", "--log-y")
    ),
    "importance": _Form({"metric": "column"}),
    "compare": _Form({"runs": "run"}, True, ()),
    "board": _Form({"name": "board"}, True, ("--runs", "--widgets", "--columns")),
    "registry": _Form({"model": "model"}, True, ()),
    "artifacts": _Form({"run": "run"}, True, ()),
}
_BEHIND: Mapping[str, Named] = {
    "--runs": "filter",
    "--axes": "column",
    "--color": "column",
    "--x": "x",
    "--smoothing": "number",
    "--widgets": "kind",
    "--columns": "number",
}


def picture(session: Session, command: str, rest: str) -> object:
    """The widget that the line asks for."""
    if command == "board":
        return _board(rest)
    if command == "registry":
        return _registry(rest)
    if command == "artifacts":
        return _artifacts(session, rest)
    form = _FORMS[command]
    parser = CommandParser(command)
    for word in form.words:
        parser.add_argument(word, nargs="*" if form.repeated else "?")
    for flag in form.flags:
        parser.add_argument(flag, type=float if _BEHIND[flag] == "number" else str)
    for switch in form.switches:
        # Unsaid, the values decide.
        parser.add_argument(switch, action="store_true", default=None)
    asked = vars(parser.parse_intermixed_args(unquoted_words(rest)))
    if command == "compare":
        return _compare(session, asked["runs"])
    words = " ".join(asked.pop("filter", ()))
    if words and asked["runs"]:
        raise InvalidValue("%track parallel takes one filter: as words, or behind --runs.")
    runs = asked.pop("runs") or words or None
    if asked.get("axes"):
        asked["axes"] = [name.strip() for name in asked["axes"].split(",") if name.strip()]
    if command == "curves":
        # Unsaid, the function's own defaults hold.
        asked = {name: said for name, said in asked.items() if said not in (None, [])}
    return _maker(command)(runs, **asked)


def _board(rest: str) -> object:
    from nbtrack.widgets.board.widget import board, open_board

    parser = CommandParser("board")
    parser.add_argument("name", nargs="*")
    parser.add_argument("--runs")
    parser.add_argument("--widgets")
    parser.add_argument("--columns", type=int, default=2)
    asked = parser.parse_intermixed_args(unquoted_words(rest))
    if not asked.name:
        kinds = [kind.strip() for kind in (asked.widgets or "").split(",") if kind.strip()]
        return board(*kinds, runs=asked.runs, columns=asked.columns)
    if asked.runs or asked.widgets:
        raise InvalidValue("A saved board has its own runs and widgets: give its name alone.")
    return open_board(" ".join(asked.name))


def _registry(rest: str) -> object:
    from nbtrack.widgets.registry.widget import RegistryPanel

    return RegistryPanel(" ".join(unquoted_words(rest)) or None)


def _artifacts(session: Session, rest: str) -> object:
    from nbtrack.widgets.artifacts.widget import browse_artifacts

    name = " ".join(unquoted_words(rest))
    if name or not session.runs:
        return browse_artifacts(name or None)
    session.settle()
    return browse_artifacts(session.runs[-1].run)


def flags_of(command: str) -> Sequence[str]:
    """The flags of a command, for completion; none of one that makes no picture."""
    form = _FORMS.get(command)
    return (*form.flags, *form.switches) if form else ()


def named_next(command: str, before: Sequence[str]) -> Named | None:
    """What the next word of a command names, behind the words ``before``."""
    form = _FORMS.get(command)
    if form is None:
        return None
    if before and before[-1] in form.flags:
        return _BEHIND[before[-1]]
    return next(iter(form.words.values()))


def _compare(session: Session, names: Sequence[str]) -> object:
    """Runs by name; else those that are selected; else this kernel's last two."""
    from nbtrack.tracking.active import current_store
    from nbtrack.widgets.compare.widget import compare
    from nbtrack.widgets.frame import selection_of

    if names or len(selection_of(current_store(None))) > 1:
        return compare(*names)
    if len(session.runs) < 2:
        raise InvalidValue(
            "%track compare has nothing to compare: name runs (%track compare brave-otter "
            "calm-newt), or select some in a picture or a table."
        )
    session.settle()
    return compare(*(tracked.run for tracked in session.runs[-2:]))


def _maker(command: str) -> Callable[..., object]:
    from nbtrack.widgets.chart.widget import contour, importance, scatter
    from nbtrack.widgets.curves.widget import curves
    from nbtrack.widgets.parallel.widget import parallel

    makers: dict[str, Callable[..., object]] = {
        "parallel": parallel,
        "curves": curves,
        "scatter": scatter,
        "contour": contour,
        "importance": importance,
    }
    return makers[command]

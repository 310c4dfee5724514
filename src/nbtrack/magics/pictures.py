"""``%track parallel``, ``scatter``, ``contour``, ``importance``, ``board``: pictures of the runs.

Each takes what the function of the same name takes: columns as words, the others as flags.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nbtrack.errors import InvalidValue
from nbtrack.magics.arguments import CommandParser, unquoted_words


@dataclass(frozen=True, slots=True)
class _Form:
    """Which columns a command takes, in order, and which flags."""

    columns: tuple[str, ...] = ()
    flags: tuple[str, ...] = ("--runs",)
    switches: tuple[str, ...] = ()


_FORMS = {
    "parallel": _Form((), ("--runs", "--axes", "--color")),
    "scatter": _Form(("x", "y"), ("--runs", "--color"), ("--log-x", "--log-y")),
    "contour": _Form(("x", "y", "metric"), ("--runs",), ("--log-x", "--log-y")),
    "importance": _Form(("metric",)),
    "board": _Form((), ("--runs", "--widgets", "--columns")),
}


def picture(command: str, rest: str) -> object:
    """The widget that the line asks for."""
    if command == "board":
        return _board(rest)
    form = _FORMS[command]
    parser = CommandParser(command)
    if command == "parallel":
        parser.add_argument("filter", nargs="*")
    for column in form.columns:
        parser.add_argument(column, nargs="?")
    for flag in form.flags:
        parser.add_argument(flag)
    for switch in form.switches:
        # Unsaid, the values decide.
        parser.add_argument(switch, action="store_true", default=None)
    asked = vars(parser.parse_intermixed_args(unquoted_words(rest)))
    words = " ".join(asked.pop("filter", ()))
    if words and asked["runs"]:
        raise InvalidValue("%track parallel takes one filter: as words, or behind --runs.")
    runs = asked.pop("runs") or words or None
    if asked.get("axes"):
        asked["axes"] = [name.strip() for name in asked["axes"].split(",") if name.strip()]
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


def flags_of(command: str) -> Sequence[str]:
    """The flags of a command, for completion; none of one that makes no picture."""
    form = _FORMS.get(command)
    return (*form.flags, *form.switches) if form else ()


def takes_columns(command: str, before: Sequence[str]) -> bool:
    """Whether a column may stand behind the words ``before`` of a command."""
    form = _FORMS.get(command)
    if form is None or (before and before[-1] == "--runs"):
        return False
    return bool(form.columns) or (bool(before) and before[-1] in ("--axes", "--color"))


def _maker(command: str) -> Callable[..., object]:
    from nbtrack.widgets.chart.widget import contour, importance, scatter
    from nbtrack.widgets.parallel.widget import parallel

    makers: dict[str, Callable[..., object]] = {
        "parallel": parallel,
        "scatter": scatter,
        "contour": contour,
        "importance": importance,
    }
    return makers[command]

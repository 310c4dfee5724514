"""Tab after ``%track``, ``%%track`` and ``# %track``: flags, variables, experiments, commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from nbtrack.errors import NbtrackError
from nbtrack.magics.pictures import flags_of, named_next
from nbtrack.magics.session import Session
from nbtrack.magics.words import SUBCOMMANDS

_LINE = re.compile(r"\s*(?P<magic>%{1,2}|#\s*%)track[ \t]+(?P<rest>.*)$")
_TAKES_A_VARIABLE = (
    *("-m", "--metric", "-p", "--param", "--only-metrics", "--only-params"),
    *("-a", "--artifact"),
)
_TAKES_AN_EXPERIMENT = ("-e", "--experiment")
_TAKES_RUNS = ("replay", "diff", "why", "compare")
_NEWEST = "SELECT name FROM runs ORDER BY started DESC LIMIT 200"
_PLAIN = (int, float, str, bool, type(None))


def track_matcher(
    session: Session, parser: Any
) -> Callable[[CompletionContext], SimpleMatcherResult]:
    """A matcher for ``ip.Completer.custom_matchers`` that knows one shell's names and runs."""
    flags = [option for action in parser._actions for option in action.option_strings]

    @context_matcher(identifier="nbtrack.track")  # type: ignore[untyped-decorator]
    def match(context: CompletionContext) -> SimpleMatcherResult:
        line = context.line_with_cursor[: context.cursor_position]
        found = _LINE.match(line)
        if found is None:
            return {"completions": []}
        words = found["rest"].split(" ")
        token, before = words[-1], words[:-1]
        if found["magic"] == "%":
            names = _for_line(session, before, token)
        else:
            names = _for_cell(session, context.full_text, before, token, flags)
        fitting = sorted({name for name in names if name.startswith(token)})
        # The completer replaces what it takes for the token, which may be a part of ours.
        cut = len(token) - len(context.token) if token.endswith(context.token) else 0
        return {
            "completions": [SimpleCompletion(name[cut:], type="param") for name in fitting],
            "suppress": bool(fitting),
        }

    return match  # type: ignore[no-any-return]


def _for_line(session: Session, before: list[str], token: str) -> Iterable[str]:
    if not before:
        return SUBCOMMANDS
    if before[0] == "log":
        return session.variables
    flags = flags_of(before[0])
    if token.startswith("-"):
        return flags
    match "run" if before[0] in _TAKES_RUNS else named_next(before[0], before[1:]):
        case "run":
            return _runs()
        case "column":
            return _columns("params", "metrics")
        case "metric":
            return _columns("metrics")
        case "board":
            return _boards()
        case "model":
            return _models()
        case "x":
            return ("step", "time", "relative")
        case "filter" if before[-1] not in flags:
            return flags
    return ()


def _columns(*kinds: str) -> set[str]:
    """Columns of the store's runs that are of these kinds, by their names and their keys."""
    from nbtrack.store import RunQuery, list_columns
    from nbtrack.tracking.active import current_store

    try:
        columns = list_columns(current_store(None), RunQuery())
    except NbtrackError:
        return set()
    named = [column.name for column in columns if column.kind in kinds]
    return {*named, *(name.partition(".")[2] for name in named)}


def _boards() -> set[str]:
    """The boards of the store, by their names."""
    from nbtrack.widgets.board.saved import list_boards

    try:
        return set(list_boards()["name"])
    except NbtrackError:
        return set()


def _models() -> set[str]:
    """The registered models of the store, by their names."""
    from nbtrack.registry.fluent import search_registered_models

    try:
        return set(search_registered_models()["name"])
    except NbtrackError:
        return set()


def _runs() -> set[str]:
    """Names of the newest runs, those that are one word."""
    from nbtrack.tracking.active import current_store

    try:
        names = current_store(None).query(_NEWEST).to_pydict()["name"]
    except NbtrackError:
        return set()
    return {name for name in names if name and not re.search(r"[\s'\"]", name)}


def _for_cell(
    session: Session, cell: str, before: list[str], token: str, flags: list[str]
) -> Iterable[str]:
    last = before[-1] if before else ""
    if last in _TAKES_A_VARIABLE:
        return {*session.variables, *_assigned(cell)}
    if last in _TAKES_AN_EXPERIMENT:
        return {tracked.run.experiment for tracked in session.runs}
    if token.startswith("-"):
        return flags
    return {f"{name}=" for name in _constants(cell)} | set(flags if not token else ())


def _assigned(cell: str) -> set[str]:
    """Names that the cell assigns, read line by line, since it need not be complete yet."""
    return set(re.findall(r"^[ \t]*([^\W\d]\w*)\s*=[^=]", cell, re.MULTILINE))


def _constants(cell: str) -> set[str]:
    """Names that a line of the cell assigns from a constant: what ``k=v`` may replace."""
    names = set()
    for name, value in re.findall(r"^([^\W\d]\w*)\s*=(?!=)\s*(.+?)\s*$", cell, re.MULTILINE):
        try:
            is_constant = isinstance(ast.literal_eval(value), _PLAIN)
        except (ValueError, SyntaxError, TypeError, MemoryError):
            continue
        if is_constant:
            names.add(name)
    return names

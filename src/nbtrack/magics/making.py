"""``%track replay``, ``diff`` and ``why``: runs made again, and compared."""

from __future__ import annotations

from typing import Any

from IPython.display import HTML, display

from nbtrack.errors import InvalidValue
from nbtrack.magics.arguments import CommandParser, unquoted_words
from nbtrack.magics.session import Session
from nbtrack.provenance import fluent


def make(session: Session, command: str, rest: str) -> object:
    """What one of these commands answers."""
    answers = {"replay": _replay, "diff": _diff, "why": _why}
    return answers[command](session, rest)


def _replay(session: Session, rest: str) -> object:
    """``%track replay [RUN]``: this kernel's last run where none is named."""
    parser = CommandParser("replay")
    parser.add_argument("run", nargs="?")
    parser.add_argument("--env", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--tolerance", type=float, default=0.01)
    parser.add_argument("--notebook", metavar="FILE")
    asked = parser.parse_args(unquoted_words(rest))
    run = asked.run or session.last.run
    if asked.notebook:
        print(f"Wrote {fluent.replay(run, notebook=asked.notebook)}.")
        return None
    progress = _Progress()
    try:
        return fluent.replay(
            run,
            tolerance=asked.tolerance,
            env=asked.env,
            keep=asked.keep,
            force=asked.force,
            progress=progress.say,
        )
    finally:
        progress.end()


def _diff(session: Session, rest: str) -> object:
    """``%track diff [A B]``: the last two runs of this kernel where none are named."""
    return fluent.diff(*_two(session, "diff", unquoted_words(rest)))


def _why(session: Session, rest: str) -> object:
    """``%track why [A B] [--metric NAME]``, the same."""
    parser = CommandParser("why")
    parser.add_argument("runs", nargs="*")
    parser.add_argument("--metric", "-m")
    asked = parser.parse_args(unquoted_words(rest))
    progress = _Progress()
    try:
        runs = _two(session, "why", asked.runs)
        return fluent.why(*runs, metric=asked.metric, progress=progress.say)
    finally:
        progress.end()


def _two(
    session: Session, command: str, words: list[str]
) -> tuple[fluent.RunReference, fluent.RunReference]:
    if not words and len(session.runs) >= 2:
        return session.runs[-2].run, session.runs[-1].run
    if len(words) != 2:
        raise InvalidValue(
            f"%track {command} takes two runs: %track {command} brave-otter calm-newt"
        )
    return words[0], words[1]


class _Progress:
    """What is being done, on one line that is replaced."""

    def __init__(self) -> None:
        self._handle: Any = None

    def say(self, what: object) -> None:
        """Show that ``what`` is being done."""
        line = _Line(str(what))
        if self._handle is None:
            self._handle = display(line, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(line)

    def end(self) -> None:
        """Leave nothing behind."""
        if self._handle is not None:
            self._handle.update(HTML(""))  # type: ignore[no-untyped-call]


class _Line:
    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

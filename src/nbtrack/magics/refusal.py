"""Errors as the notebook shows them: one sentence, without the magic's own frames."""

from __future__ import annotations

from IPython.core.error import InputRejected

from nbtrack import errors


class InvalidCell(errors.InvalidCell, InputRejected):
    """`nbtrack.errors.InvalidCell`, raised where IPython lets a cell be refused.

    `InputRejected` is the one exception that an AST transformer may raise: the
    cell does not run, and the transformer stays registered.
    """

    def _render_traceback_(self) -> list[str]:
        return [_sentence(self)]


def in_one_line(error: errors.NbtrackError) -> errors.NbtrackError:
    """``error``, made to show as one line in place of a traceback."""
    error._render_traceback_ = lambda: [_sentence(error)]  # type: ignore[attr-defined]
    return error


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"

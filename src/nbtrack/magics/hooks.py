"""IPython's hooks: which cell is running in this thread, and whether it is tracked.

IPython calls, for one cell: the input transformers, ``pre_run_cell``, the AST
transformers, ``post_run_cell``. A cell may run another one inside itself
(``get_ipython().run_cell``, ``%%capture``), and subshells run cells in other
threads; so each thread has a stack of the cells that run in it.
"""

from __future__ import annotations

import ast
import threading
import warnings
from dataclasses import dataclass, field
from typing import Any

from nbtrack import errors
from nbtrack.capture import measures
from nbtrack.capture.modules import MODULES
from nbtrack.magics.cell import TrackedCell
from nbtrack.magics.line import TrackArguments, parse_line
from nbtrack.magics.notebook import CellKey
from nbtrack.magics.refusal import InvalidCell
from nbtrack.magics.session import Session
from nbtrack.magics.transform import Head, comment_out, read_head
from nbtrack.magics.trouble import Trouble
from nbtrack.tracking.active import active_run


@dataclass(slots=True)
class _Execution:
    """A cell that IPython is running. ``wrapped`` is the code of a body that a cell magic runs."""

    info: Any
    tracked: TrackedCell | None = None
    refusal: InvalidCell | None = None
    wrapped: str | None = None
    outer: _Execution | None = None
    number: int = 0  # in the session; that of the outer cell for one inside it
    is_transformed: bool = False
    error: BaseException | None = field(default=None)
    result: object = None


class Hooks:
    """What is registered with one shell; `register` and `unregister` undo each other."""

    def __init__(self, session: Session, parser: Any) -> None:
        self._session = session
        self._shell = session.shell
        self._parser = parser
        self._running: dict[int, list[_Execution]] = {}

    def register(self) -> None:
        """Begin to see cells."""
        self._look_at_modules()
        self._shell.input_transformers_cleanup.append(comment_out)
        self._shell.ast_transformers.append(self)
        self._shell.events.register("pre_run_cell", self.pre_run_cell)
        self._shell.events.register("post_run_cell", self.post_run_cell)

    def unregister(self) -> None:
        """See no more cells. One that is running now is completed by nobody: it is ended here."""
        self._shell.input_transformers_cleanup.remove(comment_out)
        self._shell.ast_transformers.remove(self)
        self._shell.events.unregister("pre_run_cell", self.pre_run_cell)
        self._shell.events.unregister("post_run_cell", self.post_run_cell)
        for stack in self._running.values():
            for execution in reversed(stack):
                if execution.tracked is not None:
                    execution.tracked.end(None, None)
        self._running.clear()

    # What IPython calls

    def pre_run_cell(self, info: Any) -> None:
        """A cell is about to run."""
        stack = self._running.setdefault(threading.get_ident(), [])
        outer = stack[-1] if stack else None
        execution = _Execution(info, outer=outer)
        if outer is None:
            self._session.cells_seen += 1
            execution.number = self._session.log.begin(info, self._shell.execution_count)
        else:
            execution.number = outer.number
        if outer is not None and outer.wrapped is not None and not outer.is_transformed:
            # %%capture runs its body as a cell: it is the tracked cell itself.
            stack.append(execution)
            return
        try:
            self._look_at(execution, nested=any(e.tracked for e in stack))
        except errors.InvalidCell as error:
            execution.refusal = InvalidCell(str(error))
        except Exception as error:  # noqa: BLE001 - the border between tracking and the user's cell
            trouble = Trouble()
            trouble.add("reading the cell", error)
            trouble.tell()
        stack.append(execution)
        if execution.tracked is not None:
            execution.tracked.begin()

    def visit(self, tree: ast.Module) -> ast.Module:
        """IPython's name for transforming the tree of a cell, or of a part of one."""
        stack = self._running.get(threading.get_ident())
        if not stack:
            return tree
        execution = stack[-1]
        if execution.refusal is not None:
            raise execution.refusal
        if execution.tracked is None and execution.outer is not None and execution.outer.wrapped:
            execution = execution.outer
        if execution.tracked is None or execution.is_transformed:
            return tree
        if execution.wrapped is not None and not _is_tree_of(tree, execution.wrapped):
            return tree
        execution.is_transformed = True
        return execution.tracked.transform(tree)

    def post_run_cell(self, result: Any) -> None:
        """A cell has run, or was refused. ``result`` is ``None`` where an await was interrupted."""
        stack = self._running.get(threading.get_ident())
        execution = _ended(stack, result)
        if stack is None or execution is None:
            return
        while stack and (ended := stack.pop()) is not execution:
            if ended.tracked is not None:
                ended.tracked.end(None, None)
        if not stack:
            del self._running[threading.get_ident()]
        error = KeyboardInterrupt() if result is None else _error_of(result)
        value = None if result is None else result.result
        if execution.outer is None:
            self._session.log.end(execution.number, failed=error is not None)
            self._look_at_modules()
        if execution.tracked is not None:
            execution.tracked.end(
                execution.result if value is None else value, error or execution.error
            )
        elif execution.outer is not None and execution.outer.wrapped is not None:
            # A magic that runs its body as a cell swallows the error that the body raised.
            execution.outer.error, execution.outer.result = error, value

    def _look_at_modules(self) -> None:
        """What was imported is read now, before anybody edits it."""
        try:
            MODULES.look()
        except Exception as error:  # noqa: BLE001 - the border between tracking and the user's cell
            trouble = Trouble()
            trouble.add("reading local modules", error)
            trouble.tell()

    # Which cells are tracked

    def _look_at(self, execution: _Execution, *, nested: bool) -> None:
        """Decide whether a cell is tracked. Raises `InvalidCell`."""
        raw: str = execution.info.raw_cell
        wants_all = self._session.tracks_all and not nested and execution.outer is None
        if not wants_all and "%track" not in raw:
            return
        head = read_head(self._cleaned(raw))
        if head.track is None and not (wants_all and head.runs_python):
            return
        python = self._python(execution.info, head)
        if python is None:
            return
        if head.track is None:
            if active_run() is not None or not measures(python):
                return
            arguments = TrackArguments()
        else:
            arguments = self._arguments(head)
        if head.magics:
            execution.wrapped = python
        cell_id = getattr(execution.info, "cell_id", None)
        tracked = TrackedCell(
            self._session,
            arguments,
            python=python,
            text=raw,
            key=CellKey.of(cell_id, self._session.cells_seen, raw),
            number=execution.number,
            is_nested=nested,
        )
        tracked.prepare()
        execution.tracked = tracked

    def _arguments(self, head: Head) -> TrackArguments:
        arguments = parse_line(self._parser, head.track or "")
        if head.second_track_line is not None:
            raise InvalidCell(
                f"A cell has one %%track line; lines {(head.track_line or 0) + 1} and "
                f"{head.second_track_line + 1} both are."
            )
        return arguments

    def _cleaned(self, raw: str) -> list[str]:
        """The cell's lines as the input transformer meets them: without prompts and indentation."""
        lines = raw.splitlines(keepends=True)
        for clean in self._shell.input_transformers_cleanup:
            if clean is not comment_out and not getattr(clean, "has_side_effects", False):
                lines = clean(lines)
        return lines

    def _python(self, info: Any, head: Head) -> str | None:
        """The code that the cell runs, or ``None`` where it does not compile: Python says why."""
        if head.magics and head.runs_python:
            python = self._shell.transform_cell(head.body) if head.body.strip() else ""
        else:
            python = getattr(info, "transformed_cell", None)
            if python is None:
                python = self._shell.transform_cell(info.raw_cell)
        flags = self._shell.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(python, "<cell>", "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
            return None
        return str(python)


def _is_tree_of(tree: ast.Module, python: str) -> bool:
    return ast.dump(tree) == ast.dump(ast.parse(python))


def _ended(stack: list[_Execution] | None, result: Any) -> _Execution | None:
    """The execution that ``result`` closes; blank cells end too, and never began."""
    if not stack:
        return None
    if result is None:
        return stack[-1]
    for execution in reversed(stack):
        # An error in IPython's own machinery comes with a copy of the info.
        if execution.info is result.info or (
            result.error_in_exec is not None and execution.info.raw_cell == result.info.raw_cell
        ):
            return execution
    return None


def _error_of(result: Any) -> BaseException | None:
    error = (
        result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
    )
    return error if isinstance(error, BaseException) else None

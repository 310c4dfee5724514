"""When autologging is on: because the user said so, or while a tracked cell runs.

Libraries are wrapped while either holds, and restored when neither does. Which run a
training belongs to is asked when it begins.
"""

from __future__ import annotations

import inspect
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from nbtrack.integrations.autologging.arrivals import Arrivals
from nbtrack.integrations.autologging.libraries import LIBRARIES, Library, library_names
from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.record import Options, Record, Told, told_of
from nbtrack.integrations.autologging.training import Overlooked, Training, Watched
from nbtrack.tracking.active import active_run, start_run
from nbtrack.tracking.run import Run


class AutologgingWarning(UserWarning):
    """Something that a library trained could not be logged; the training itself went on."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the user asked for with `autolog`."""

    options: Options = field(default_factory=Options)
    libraries: frozenset[str] = frozenset(each.name for each in LIBRARIES)
    exclusive: bool = False
    tested_only: bool = False
    silent: bool = False
    extra_tags: Mapping[str, object] = field(default_factory=dict)


# In a tracked cell what the cell reads is recorded without our help, and keeping each model
# would slow the cell down; whoever calls autolog() has asked for it.
_IN_CELL = _Wish(Options(log_models=False, log_datasets=False))


@dataclass(slots=True)
class CellTraining:
    """A tracked cell in which libraries train: what they told, to be settled at its end."""

    run: Run
    told: Told
    trouble: Callable[[str, Exception], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Running:
    """A call that has not come back yet. ``own`` is the run that was started for it."""

    watched: Watched
    thread: int
    run: Run | None
    own: Run | None = None


class _Switch:
    """The one of this process. Any thread may train; the lock guards what is wrapped."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._wish: _Wish | None = None
        self._is_disabled = False
        self._cells: list[CellTraining] = []
        self._patches = Patches(self._begin)
        self._arrivals = Arrivals(self._arrived)
        self._running: list[_Running] = []
        self._warned: set[str] = set()

    # On and off

    def turn_on(self, wish: _Wish) -> None:
        with self._lock:
            self._wish, self._is_disabled = wish, False
            self._rewrap()

    def turn_off(self) -> None:
        with self._lock:
            self._wish, self._is_disabled = None, True
            self._rewrap()

    def enter_cell(self, cell: CellTraining) -> None:
        with self._lock:
            if not self._is_disabled:
                self._cells.append(cell)
                if len(self._cells) == 1 and self._wish is None:
                    self._rewrap()

    def leave_cell(self, cell: CellTraining) -> None:
        with self._lock:
            if cell in self._cells:
                self._cells.remove(cell)
                if not self._cells and self._wish is None:
                    self._rewrap()

    # What is wrapped

    def _wished(self) -> _Wish | None:
        return self._wish or (_IN_CELL if self._cells else None)

    def _rewrap(self) -> None:
        """Wrap what is wanted now of the libraries that are loaded, and wait for the others."""
        self._patches.undo()
        wish = self._wished()
        wanted = wish.libraries if wish is not None else frozenset()
        awaited: set[str] = set()
        for library in LIBRARIES:
            if library.name not in wanted:
                continue
            for name in library.modules:
                module = sys.modules.get(name)
                # One that is being imported just now arrives like one that is not there.
                if module is None or getattr(module.__spec__, "_initializing", False):
                    awaited.add(name)
                else:
                    self._wrap(library, name, module)
        self._arrivals.await_modules(frozenset(awaited))

    def _arrived(self, name: str, module: ModuleType) -> None:
        with self._lock:
            for library in LIBRARIES:
                if name in library.modules:
                    self._wrap(library, name, module)

    def _wrap(self, library: Library, name: str, module: ModuleType) -> None:
        wish = self._wished()
        if wish is None:
            return
        doubt = library.doubt(name)
        if doubt and wish.tested_only:
            return
        if doubt and self._wish is not None and not wish.silent:
            self._warn(library.name, f"{doubt}; please look whether it logs all that it should.")
        try:
            library.patch(self._patches, module)
        except Exception as error:  # noqa: BLE001 - the border between tracking and the user's imports
            self._trouble(library.name, f"preparing to log {library.name}", error)

    # One training

    def _begin(
        self,
        kind: type[Training],
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Watched | None:
        """The training that a call begins; ``None`` where it is part of another, or unwanted."""
        wish, thread = self._wished(), threading.get_ident()
        if wish is None:
            return None
        around = next((each for each in self._running if each.thread == thread), None)
        if around is not None:
            return self._begin_inside(around.watched, kind, function, args, kwargs)
        run = active_run()
        if run is None and self._wish is None:
            return None
        if run is not None and any(each.run is run for each in self._running):
            return None  # In a thread of the training that is running.
        signature = inspect.signature(function)
        try:
            call, whole = signature.bind(*args, **kwargs), signature.bind(*args, **kwargs)
        except TypeError:
            return None  # Python tells the user what is wrong with the call.
        try:
            whole.apply_defaults()
            if not kind.concerns(whole.arguments):
                watched = Overlooked(args, kwargs, self._left)
                self._running.append(_Running(watched, thread, run))
                return watched
            cell, own = self._cell_of(run), None
            if run is None or (wish.exclusive and cell is None):
                own = start_run(
                    None if run is not None else kind.belongs_to(whole.arguments),
                    nested=run is not None,
                    tags=wish.extra_tags or None,
                )
                run = own
            # What a cell reads is recorded without our help.
            options = wish.options if cell is None else replace(wish.options, log_datasets=False)
            training = kind(
                Record(run, options),
                call,
                whole.arguments,
                trouble=lambda doing, error: self._trouble(kind.library, doing, error),
                on_exit=self._left,
            )
        except Exception as error:  # noqa: BLE001 - the border between tracking and the user's training
            self._trouble(kind.library, f"beginning to log {kind.library}", error)
            return None
        self._running.append(_Running(training, thread, run, own))
        return training

    def _begin_inside(
        self,
        outer: Watched,
        kind: type[Training],
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Watched | None:
        """A call inside another: its ``inner`` one, or a part of it like all others."""
        if not isinstance(outer, Training) or outer.inner is not kind:
            return None
        signature = inspect.signature(function)
        try:
            call, whole = signature.bind(*args, **kwargs), signature.bind(*args, **kwargs)
        except TypeError:
            return None
        whole.apply_defaults()
        outer.inner = None
        return kind(
            outer.record,
            call,
            whole.arguments,
            trouble=outer.trouble,
            on_exit=lambda *_: None,
        )

    def _left(self, watched: Watched, error: BaseException | None = None) -> None:
        left = next(each for each in self._running if each.watched is watched)
        self._running.remove(left)
        if left.own is not None:
            if isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt):
                error = error.__context__  # Some libraries make the one of the other.
            try:
                left.own.__exit__(type(error) if error else None, error, None)
            except Exception as failure:  # noqa: BLE001 - as above
                self._trouble("its run", "ending the run", failure)

    def _cell_of(self, run: Run | None) -> CellTraining | None:
        return next((cell for cell in self._cells if cell.run is run), None)

    # What goes wrong

    def _trouble(self, library: str, doing: str, error: Exception) -> None:
        if self._cells:
            self._cells[-1].trouble(doing, error)
        elif self._wish is not None and not self._wish.silent:
            self._warn(
                library, f"Tracking went wrong while {doing}: {type(error).__name__}: {error}"
            )

    def _warn(self, library: str, text: str) -> None:
        """Warn once for each library."""
        if library in self._warned:
            return
        self._warned.add(library)
        try:
            warnings.warn(text, AutologgingWarning, stacklevel=2)
        except AutologgingWarning as warning:
            print(f"AutologgingWarning: {warning}", file=sys.stderr)


_SWITCH = _Switch()


def autolog(
    *,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, object] | None = None,
    exclude_flavors: Iterable[str] = (),
    max_tuning_runs: int = 20,
) -> None:
    """Log what machine learning libraries train from now on: parameters, metrics, models.

    A training belongs to the active run; where there is none, it gets a run of its own,
    which ends with it. `%%track` does this for its cell without being asked, but keeps no
    models. Names as MLflow's.

    Parameters
    ----------
    log_models : keep each trained model with its run.
    log_model_signatures, log_input_examples : with the signature, with some rows of input.
    log_datasets : tell which data was read.
    disable : no more of it, in tracked cells either, until it is called again.
    exclusive : give each training a run of its own, also where one is active.
    disable_for_unsupported_versions : leave versions of libraries alone that were not tried.
    silent : do not warn.
    extra_tags : of the runs that are started.
    exclude_flavors : libraries that are left alone, such as ``["sklearn"]``.
    max_tuning_runs : how many tries of a search, the best, get a child run of their own.
    """
    if disable:
        _SWITCH.turn_off()
        return
    excluded = library_names(exclude_flavors, "exclude_flavors")
    _SWITCH.turn_on(
        _Wish(
            Options(
                log_models=log_models,
                log_datasets=log_datasets,
                log_input_examples=log_input_examples,
                log_model_signatures=log_model_signatures,
                max_tuning_runs=max_tuning_runs,
            ),
            frozenset(each.name for each in LIBRARIES) - excluded,
            exclusive=exclusive,
            tested_only=disable_for_unsupported_versions,
            silent=silent,
            extra_tags=dict(extra_tags or {}),
        )
    )


def begin_cell(
    run: Run,
    *,
    wants: Callable[[str], bool],
    on_metrics: Callable[[dict[str, float]], None],
    trouble: Callable[[str, Exception], None],
) -> CellTraining:
    """Log what is trained in a tracked cell from now on, until `end_cell`.

    ``wants`` says of a metric's name whether it is to be logged; ``on_metrics`` sees what
    was, ``trouble`` what went wrong.
    """
    told = told_of(run)
    told.holds_params, told.wants, told.on_metrics = True, wants, on_metrics
    cell = CellTraining(run, told, trouble)
    _SWITCH.enter_cell(cell)
    return cell


def end_cell(cell: CellTraining) -> Told:
    """The cell has run: what libraries have told of it. Parameters are still to be logged."""
    _SWITCH.leave_cell(cell)
    cell.told.holds_params = False
    return cell.told

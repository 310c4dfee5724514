"""The life of one tracked cell: what happens before it runs, to its tree, and after it.

Only `TrackedCell.prepare` may refuse the cell, and only with `InvalidCell`. After
that nothing that goes wrong here reaches the user's code: it is counted, and
told once on the card, on the run and as a warning.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from nbtrack.capture import CellObserver, CellOptions, Inferred
from nbtrack.capture.secrets import redact
from nbtrack.capture.session import Verdict
from nbtrack.errors import InvalidCell, InvalidValue, NbtrackError
from nbtrack.integrations.autologging.record import Told
from nbtrack.integrations.autologging.switch import CellTraining, begin_cell, end_cell
from nbtrack.magics.display import CardDisplay
from nbtrack.magics.errand import Errand
from nbtrack.magics.evidence import Evidence
from nbtrack.magics.history import History, last_values, look_up
from nbtrack.magics.line import TrackArguments
from nbtrack.magics.notebook import CellKey, default_experiment
from nbtrack.magics.origin import record_origin
from nbtrack.magics.outcome import status_of, summary, user_traceback
from nbtrack.magics.report import Report, inferred_line
from nbtrack.magics.session import Session, TrackedRun
from nbtrack.magics.sketch import Sketch
from nbtrack.magics.trouble import Trouble
from nbtrack.tracking.active import active_run, current_store, start_run
from nbtrack.tracking.run import Run
from nbtrack.widgets.card import RunCard

if TYPE_CHECKING:
    from nbtrack.store import Store


class TrackedCell:
    """One execution of a tracked cell.

    ``python`` is the code that runs, after IPython's own transformations; ``text``
    the cell as the user wrote it.
    """

    def __init__(
        self,
        session: Session,
        arguments: TrackArguments,
        *,
        python: str,
        text: str,
        key: CellKey,
        number: int,
        is_nested: bool,
    ) -> None:
        self._session = session
        self._arguments = arguments
        self._python = python
        self._text = text
        self._key = key
        self._number = number
        self._is_nested = is_nested
        self._trouble = Trouble()
        self._card = RunCard(arguments.name or "", was_named=arguments.name is not None)
        self._display = CardDisplay(session.shell)
        self._observer: CellObserver | None = None
        self._run: Run | None = None
        self._tracked: TrackedRun | None = None
        self._evidence: Evidence | None = None
        self._history: Errand[History] | None = None
        self._store: Store | None = None
        self._curves: dict[str, Sketch] = {}
        self._logged: frozenset[str] = frozenset()
        self._training: CellTraining | None = None
        self._told = Told()  # by libraries

    # Before the cell

    def prepare(self) -> None:
        """Read the cell and start its run. Raises `InvalidCell` if it cannot run as asked."""
        arguments = self._arguments
        options = CellOptions(
            overrides=arguments.overrides,
            metrics=arguments.metrics,
            params=arguments.params,
            only_metrics=arguments.only_metrics,
            only_params=arguments.only_params,
            artifacts=arguments.artifacts,
            infer=arguments.infer,
            seed=arguments.seed,
        )
        try:
            self._observer = CellObserver(
                self._python,
                self._session.shell.user_ns,
                options=options,
                inputs=self._session.metric_names,
                on_turn=self._on_turn,
            )
        except InvalidCell:
            raise
        except Exception as error:  # noqa: BLE001 - the border between tracking and the user's cell
            self._trouble.add("reading the cell", error)
        self._start_run()

    def begin(self) -> None:
        """Show the card, and begin to watch. Never raises."""
        run = self._run
        with self._trouble.caught("showing the card"):
            self._display.show(self._card)
        if run is not None:
            self._tracked = TrackedRun(run, self._card, self._display)
            self._session.runs.append(self._tracked)
            with self._trouble.caught("keeping the source"):
                run.keep_text("source", redact(self._text))
                run.observe(self._key.facts())
            store = self._store = current_store()
            self._history = Errand(
                lambda: look_up(store, run.id, run.experiment, self._key), self._look_up_failed
            )
            self._evidence = Evidence(run, self._trouble)
            self._evidence.begin(self._session.shell, self._observer)
        if self._observer is not None:
            with self._trouble.caught("watching the cell"):
                self._observer.start()
        if run is not None and self._arguments.infer:
            with self._trouble.caught("watching what libraries train"):
                self._training = begin_cell(
                    run,
                    wants=self._wants_metric,
                    on_metrics=self._sketch,
                    trouble=self._trouble.add,
                )

    def transform(self, tree: ast.Module) -> ast.Module:
        """The cell's tree as it will run; the tree itself where watching it fails."""
        if self._observer is not None:
            with self._trouble.caught("watching the cell"):
                return self._observer.transform(tree)
        return tree

    def _start_run(self) -> None:
        arguments = self._arguments
        experiment, is_folder = arguments.experiment, False
        if experiment is None:
            experiment, is_folder = default_experiment(self._session.shell.user_ns)
        nested = arguments.nested or self._is_nested
        try:
            run = start_run(
                run_name=arguments.name,
                experiment=experiment,
                nested=nested,
                tags=arguments.tags or None,
                description=arguments.note or None,
            )
        except InvalidValue as error:
            if not nested and (open_run := active_run()) is not None:
                raise InvalidCell(
                    f"Run {open_run.name!r} is still open: end it with nbtrack.end_run(), "
                    "or track this cell as a child of it with --nested."
                ) from None
            raise InvalidCell(str(error)) from None
        except (NbtrackError, OSError) as error:
            self._trouble.add("starting the run", error)
            self._card = replace(
                self._card,
                name=arguments.name or "this cell",
                status="not tracked",
                notes=(str(error),),
            )
            return
        self._run = run
        self._card = replace(
            self._card,
            name=run.name,
            run_id=run.id,
            experiment=run.experiment,
            experiment_is_folder=is_folder,
        )

    def _on_turn(self, step: int, metrics: Mapping[str, float]) -> None:
        if self._run is None:
            return
        if self._training is not None and not self._training.told.metrics.isdisjoint(metrics):
            told = self._training.told.metrics
            metrics = {key: value for key, value in metrics.items() if key not in told}
        try:
            self._run.log_inferred(metrics, step)
        except Exception as error:  # noqa: BLE001 - as in Trouble.caught, at a third of its cost
            self._trouble.add("logging a turn of the loop", error)
        self._sketch(metrics)

    def _sketch(self, metrics: Mapping[str, float]) -> None:
        for key, value in metrics.items():
            sketch = self._curves.get(key)
            if sketch is None:
                sketch = self._curves[key] = Sketch()
            sketch.add(value)

    def _wants_metric(self, key: str) -> bool:
        only = self._arguments.only_metrics
        return not only or key in only or key in self._arguments.metrics

    # After the cell

    def end(self, result: object, error: BaseException | None) -> None:
        """Record what the cell did, end its run and complete its card. Never raises."""
        inferred = Inferred()
        try:
            inferred = self._gather(result, error)
        except KeyboardInterrupt:
            self._trouble.interrupted("recording the cell's results")
        if self._run is not None and self._tracked is not None:
            with self._trouble.caught("ending the run"):
                self._close(self._run, error)
            with self._trouble.caught("completing the card"):
                self._report(self._run, self._tracked, inferred, error)
        if self._evidence is not None and self._store is not None:
            failed = self._recording_failed
            recording = [errand for errand in self._session.recording if not errand.is_done]
            recording.append(Errand(self._evidence.record, failed))
            recording.append(Errand(self._record_origin, failed))
            self._session.recording = recording
        self._trouble.tell()

    def _gather(self, result: object, error: BaseException | None) -> Inferred:
        inferred = Inferred()
        if self._training is not None:
            with self._trouble.caught("watching what libraries train"):
                self._told = end_cell(self._training)
        if self._evidence is not None:
            self._evidence.end()
        if self._observer is not None:
            with self._trouble.caught("reading the cell's results"):
                inferred = self._observer.finish(result, error)
        if self._run is not None:
            with self._trouble.caught("recording the cell's results"):
                self._record(self._run, inferred)
        return inferred

    def _record(self, run: Run, inferred: Inferred) -> None:
        self._logged = run.logged_keys
        if self._evidence is not None and self._observer is not None:
            self._evidence.keep_objects(self._observer.kept_objects())
            models = {n: type(model).__name__ for n, model in self._observer.models().items()}
            run.observe({"models": json.dumps(models)} if models else {})
        if run.status != "running":
            return  # The cell ended its run itself.
        self._add_told(inferred)
        run.log_params({k: v for k, v in inferred.params.items() if k not in run.params})
        for key, values in inferred.curves.items():
            if key not in self._logged and key not in self._told.metrics:
                run.log_curve(key, range(len(values)), values)
                sketch = self._curves[key] = Sketch()
                for value in values:
                    sketch.add(value)
        # The last turn has logged the value that the loop left behind.
        run.log_inferred({k: v for k, v in inferred.metrics.items() if k not in self._curves})

    def _add_told(self, inferred: Inferred) -> None:
        """Add the parameters that libraries told, those that the cell does not show itself."""
        arguments, observer = self._arguments, self._observer
        # `scale = results.scale`: what a library measured is no setting that the cell looked up.
        for key in self._told.metrics & inferred.params.keys() & self._curves.keys():
            if inferred.params[key] == self._curves[key].last and key not in arguments.params:
                del inferred.params[key]
        seen = list(observer.models().values()) if observer is not None else []
        only = {*arguments.only_params, *arguments.params, *arguments.overrides}
        for key, value in self._told.params_beside(inferred.params, seen).items():
            if not arguments.only_params or key in only:
                inferred.params[key] = value
        inferred.notes = (*inferred.notes, *self._told.notes)

    def _close(self, run: Run, error: BaseException | None) -> None:
        if self._trouble:
            run.observe({"tracking.trouble": str(self._trouble)})
        status = status_of(error)
        if error is None or status == "finished":
            run.end(status)
        else:
            run.end(status, user_traceback(error))

    def _record_origin(self) -> bool:
        """Write what made the run, after it has ended, and judge it."""
        if self._run is not None and self._store is not None and self._evidence is not None:
            record_origin(
                self._session,
                self._run,
                self._store,
                number=self._number,
                given=self._arguments.overrides,
                evidence=self._evidence,
                on_verdict=self._show_verdict,
            )
        return True

    def _show_verdict(self, verdict: Verdict) -> None:
        if self._tracked is not None:
            reasons = tuple(blame.reason for blame in verdict.blames)
            if verdict.status == "pending":
                reasons = ("save the notebook to settle it",)
            self._tracked.update(verdict=verdict.status, verdict_reasons=reasons)

    def _report(
        self, run: Run, tracked: TrackedRun, inferred: Inferred, error: BaseException | None
    ) -> None:
        metrics = {**inferred.metrics, **{key: c.last for key, c in self._curves.items()}}
        self._session.metric_names.update(metrics.keys() | self._logged)
        store, own = self._store, None
        if self._logged and store is not None:
            own = Errand(lambda: last_values(store, run.id), self._look_up_failed)
        tracked.conclude(
            name=run.name,
            experiment=run.experiment,
            status=run.status,
            duration_s=run.duration_s,
            error="" if error is None or run.status == "finished" else summary(error),
            inferred=inferred_line(self._arguments, inferred, self._curves),
            notes=self._notes(),
        )
        Report(
            self._session,
            tracked,
            metrics=metrics,
            curves=self._curves,
            own=own,
            history=self._history,
        ).show()

    def _notes(self) -> tuple[str, ...]:
        kept = self._evidence.notes if self._evidence is not None else []
        return (*kept, *([str(self._trouble)] if self._trouble else []))

    def _look_up_failed(self, error: Exception) -> None:
        # A store that is held, slow or gone costs the comparison, and nothing else.
        if not isinstance(error, (NbtrackError, OSError)):
            self._trouble.add("comparing with earlier runs", error)

    def _recording_failed(self, error: Exception) -> None:
        self._trouble.add("recording what made the run", error)
        self._trouble.tell()

"""MLflow's runs: begun, changed, logged to and read, each a run of ours that nobody attends."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.entities import (
    DatasetInput,
    LifecycleStage,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunStatus,
    RunTag,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_MODELS
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.validation import (
    _validate_batch_log_data,
    _validate_batch_log_limits,
    _validate_metric,
    _validate_param,
    _validate_param_keys_unique,
    _validate_run_id,
    _validate_tag,
)

from nbtrack.events import (
    Event,
    FactsObserved,
    ModelMeasured,
    NoteSet,
    ParamsLogged,
    RunDeleted,
    RunEnded,
    RunRenamed,
    RunResumed,
    RunStarted,
    TagsSet,
    new_run_id,
)
from nbtrack.integrations.mlflow.addresses import below
from nbtrack.integrations.mlflow.datasets import dataset_input
from nbtrack.integrations.mlflow.experiments import (
    TRUST_S,
    ExperimentRow,
    Experiments,
    check_experiment_is_active,
    experiment_number,
)
from nbtrack.integrations.mlflow.tags import tag_events
from nbtrack.integrations.mlflow_entities.tags import (
    FACTS,
    MADE_BY,
    NAME,
    NOTE,
    SOURCE,
    is_run_id,
    param_of,
    parent_of,
    run_tags,
)
from nbtrack.store import WholeRun

if TYPE_CHECKING:
    from nbtrack.store import JournalWriter

_MAX_SEEN = 1_000
_GREATEST = 1.7976931348623157e308
# The greatest time in milliseconds that is one in microseconds, too.
_MAX_MS = 2**63 // 1000 - 1


@dataclass(slots=True)
class _Seen:
    """An active run and its parameters as they were ``at`` a time of the monotonic clock."""

    at: float
    params: dict[str, str]


class Runs(Experiments):
    """What MLflow asks a store about runs."""

    def _begin_runs(self) -> None:
        self._seen: dict[str, _Seen] = {}

    @property
    def _writer(self) -> JournalWriter:
        return self.store.writer()

    # Reading

    def get_run(self, run_id: str) -> Run:
        """A run with its last metrics, parameters, tags, data and models, deleted or not."""
        with self.store.settled():
            return self._runs([self._whole_run(run_id)])[0]

    def _whole_run(self, run_id: str, **parts: bool) -> WholeRun:
        from nbtrack.store import whole_runs

        found: list[WholeRun] = []
        if is_run_id(run_id):
            found = whole_runs(self.store, [run_id], facts=FACTS, **parts)
        if not found:
            raise MlflowException(f"Run with id={run_id} not found", RESOURCE_DOES_NOT_EXIST)
        return found[0]

    def _bare_run(self, run_id: str) -> WholeRun:
        """A run without its metrics, data and models."""
        return self._whole_run(run_id, with_metrics=False, with_uses=False)

    def _active_run(self, run_id: str) -> WholeRun:
        at = time.monotonic()
        run = self._bare_run(run_id)
        if run.deleted:
            self._seen.pop(run_id, None)
            raise MlflowException(
                f"The run {run_id} must be in the 'active' state. "
                f"Current state is {LifecycleStage.DELETED}.",
                INVALID_PARAMETER_VALUE,
            )
        self._seen[run_id] = _Seen(at, dict(run.params))
        if len(self._seen) > _MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        return run

    def _params_of(self, run_id: str) -> dict[str, str]:
        """The parameters of a run that is active: what was read a moment ago is not read again."""
        seen = self._seen.get(run_id)
        if seen is None or time.monotonic() - seen.at >= TRUST_S:
            self._active_run(run_id)
            seen = self._seen[run_id]
        return seen.params

    def _runs(self, found: Sequence[WholeRun]) -> list[Run]:
        rows = self._known_rows(names={run.experiment for run in found})
        experiments = {row.name: row for row in rows}
        return [self._run(run, experiments[run.experiment]) for run in found]

    def _run(self, run: WholeRun, experiment: ExperimentRow) -> Run:
        read = [LoggedModelInput(f"m-{m.model_id}") for m in run.models if m.role == "input"]
        made = [
            LoggedModelOutput(f"m-{m.model_id}", m.step) for m in run.models if m.role == "output"
        ]
        data = RunData(
            metrics=[
                Metric(point.key, bounded(point.value), point.ts_ms, point.step)
                for point in run.metrics
            ],
            params=[Param(key, text) for key, text in run.params.items()],
            tags=[RunTag(key, text) for key, text in run_tags(run).items()],
        )
        inputs: list[DatasetInput] = [dataset_input(each) for each in run.inputs]
        return Run(self._run_info(run, experiment), data, RunInputs(inputs, read), RunOutputs(made))

    def _run_info(self, run: WholeRun, experiment: ExperimentRow) -> RunInfo:
        return RunInfo(
            run_id=run.run_id,
            experiment_id=str(experiment.number),
            user_id=run.user,
            status=run.status.upper(),
            start_time=run.started_ms,
            end_time=run.ended_ms,
            lifecycle_stage=LifecycleStage.DELETED if run.deleted else LifecycleStage.ACTIVE,
            artifact_uri=below(self._location_of(experiment), run.run_id, "artifacts"),
            run_name=run.name,
        )

    # The life of a run

    def create_run(
        self,
        experiment_id: Any,
        user_id: str | None,
        start_time: int | None,
        tags: Sequence[RunTag] | None,
        run_name: str | None,
    ) -> Run:
        """A new run, which is running until somebody says otherwise."""
        rows = self._known_rows(number=experiment_number(experiment_id or "0"))
        experiment = self._experiment_row(experiment_id, rows)
        check_experiment_is_active(experiment)
        texts = {tag.key: str(tag.value) for tag in tags or ()}
        if run_name and texts.get(NAME) and run_name != texts[NAME]:
            raise MlflowException(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
                f"different values (run_name='{run_name}', mlflow.runName='{texts[NAME]}').",
                INVALID_PARAMETER_VALUE,
            )
        name = run_name or texts.pop(NAME, "") or _generate_random_name()
        texts.pop(NAME, None)
        run_id, writer = new_run_id(), self._writer
        started = RunStarted(
            _us(start_time) if start_time is not None else writer.now_us(),
            run_id,
            name,
            experiment.name,
            parent_of(texts),
            user_id or "",
            "",
            texts.get(SOURCE, ""),
            attended=False,
        )
        made = FactsObserved(writer.now_us(), run_id, {MADE_BY: mlflow.__version__})
        writer.append(started, made, *tag_events(writer, run_id, texts))
        # What was just said need not be read.
        begun = WholeRun(
            run_id,
            name,
            "running",
            experiment.name,
            started.ts // 1000,
            None,
            started.user,
            started.source,
            started.parent,
            texts.pop(NOTE, ""),
            False,
            tags=texts,
            facts=dict(made.facts),
        )
        return self._run(begun, experiment)

    def update_run_info(
        self, run_id: str, run_status: int | None, end_time: int | None, run_name: str | None
    ) -> RunInfo:
        """Change a run's status, end and name; what is ``None`` stays."""
        run, writer = self._active_run(run_id), self._writer
        events: list[Event] = []
        status = run.status if run_status is None else RunStatus.to_string(run_status).lower()
        if status in ("running", "scheduled"):
            if status != run.status:
                run.status = status
                events.append(RunResumed(writer.now_us(), run_id, False, status))  # type: ignore[arg-type]
        elif status != run.status or end_time not in (None, run.ended_ms):
            now = writer.now_us()
            ended = _us(end_time) if end_time is not None else _ended_us(run, now)
            seconds = max(0.0, ended / 1e6 - run.started_ms / 1e3)
            run.status, run.ended_ms = status, ended // 1000
            events.append(RunEnded(now, run_id, status, seconds, ended))  # type: ignore[arg-type]
        if run_name and run_name != run.name:
            run.name = run_name
            events.append(RunRenamed(writer.now_us(), run_id, run_name))
        if events:
            writer.append(*events)
        [experiment] = [row for row in self._experiment_rows() if row.name == run.experiment]
        return self._run_info(run, experiment)

    def delete_experiment(self, experiment_id: Any) -> None:
        """Send an experiment and its runs to the trash."""
        super().delete_experiment(experiment_id)
        self._seen.clear()

    def delete_run(self, run_id: str) -> None:
        """Send a run to the trash."""
        self._bare_run(run_id)
        self._seen.pop(run_id, None)
        self._writer.append(RunDeleted(self._writer.now_us(), run_id, True))

    def restore_run(self, run_id: str) -> None:
        """Bring a run back from the trash."""
        self._bare_run(run_id)
        self._writer.append(RunDeleted(self._writer.now_us(), run_id, False))

    def _hard_delete_run(self, run_id: str) -> None:
        """Remove a run for good, with what it logged and the files that it alone keeps."""
        from nbtrack.tracking.past import purge

        self._bare_run(run_id)
        self._seen.pop(run_id, None)
        self._end_running([run_id])
        purge(run_id, store=self.store.path)

    def _get_deleted_runs(self, older_than: int = 0) -> list[str]:
        """Ids of the runs that have been in the trash for ``older_than`` milliseconds."""
        before = self._writer.now_us() - older_than * 1000
        found = self.store.query(
            "SELECT replace(run_id::VARCHAR, '-', '') AS run FROM base.run_changes "
            "WHERE deleted IS NOT NULL GROUP BY run_id "
            "HAVING arg_max(deleted, ts) AND max(ts) <= make_timestamp($before) ORDER BY run",
            {"before": before},
        )
        ids: list[str] = found["run"].to_pylist()
        return ids

    # Logging

    def log_metric(self, run_id: str, metric: Metric) -> None:
        """Log one point of a metric."""
        _check_metric(metric, "")
        self._params_of(run_id)
        self._log_points(run_id, [metric])

    def log_param(self, run_id: str, param: Param) -> None:
        """Log one parameter; what it is already it may be again."""
        checked = _validate_param(param.key, param.value)
        known = self._params_of(run_id).get(checked.key)
        if known is not None and known != checked.value:
            raise MlflowException(
                f"Changing param values is not allowed. Param with key='{checked.key}' was already"
                f" logged with value='{known}' for run ID='{run_id}'. Attempted logging new value"
                f" '{checked.value}'.",
                INVALID_PARAMETER_VALUE,
            )
        if known is None:
            self._log_params(run_id, [checked])

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        """Set one tag."""
        checked = _validate_tag(tag.key, tag.value)
        self._params_of(run_id)
        self._set_tags(run_id, [checked])

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag, which the run must have. Its name stays, as a run has one."""
        run = self._active_run(run_id)
        if key not in run_tags(run):
            raise MlflowException(
                f"No tag with name: {key} in run with id {run_id}", RESOURCE_DOES_NOT_EXIST
            )
        writer = self._writer
        if key == NOTE:
            writer.append(NoteSet(writer.now_us(), run_id, ""))
        elif key != NAME:
            writer.append(TagsSet(writer.now_us(), run_id, {key: None}))

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric],
        params: Sequence[Param],
        tags: Sequence[RunTag],
    ) -> None:
        """Log all of it, or nothing where a parameter has another value already."""
        _validate_run_id(run_id)
        metrics, params, tags = _validate_batch_log_data(metrics, params, tags)
        _validate_batch_log_limits(metrics, params, tags)
        _validate_param_keys_unique(params)
        for place, metric in enumerate(metrics):
            _check_metric(metric, f"metrics[{place}]")
        known = self._params_of(run_id)
        changed = [
            {"key": p.key, "old_value": known[p.key], "new_value": p.value}
            for p in params
            if known.get(p.key, p.value) != p.value
        ]
        if changed:
            raise MlflowException(
                "Changing param values is not allowed. Params were already"
                f" logged='{changed}' for run ID='{run_id}'.",
                INVALID_PARAMETER_VALUE,
            )
        self._log_params(run_id, [param for param in params if param.key not in known])
        self._log_points(run_id, metrics)
        self._set_tags(run_id, tags)

    def _log_params(self, run_id: str, params: Sequence[Param]) -> None:
        if params:
            values = {param.key: param_of(param.value) for param in params}
            self._writer.append(ParamsLogged(self._writer.now_us(), run_id, values))
            if run_id in self._seen:
                self._seen[run_id].params.update({param.key: param.value for param in params})

    def _set_tags(self, run_id: str, tags: Sequence[RunTag]) -> None:
        events = tag_events(self._writer, run_id, {tag.key: tag.value for tag in tags})
        if events:
            self._writer.append(*events)

    def _log_points(self, run_id: str, metrics: Sequence[Metric]) -> None:
        """Write points; those of one step and time, as one call logs them, in one frame."""
        writer = self._writer
        together: dict[tuple[int, int], list[tuple[int, float]]] = {}
        for metric in dict.fromkeys(metrics):
            series = writer.open_series(run_id, metric.key)
            when = (int(metric.step), _us(metric.timestamp))
            together.setdefault(when, []).append((series, float(metric.value)))
        for (step, ts_us), points in together.items():
            numbers, values = zip(*points, strict=True)
            writer.frame(numbers)(values, step, ts_us)
        measured = [
            ModelMeasured(
                writer.now_us(),
                metric.model_id.removeprefix("m-"),
                run_id,
                metric.key,
                repr(float(metric.value)),
                int(metric.step),
                _us(metric.timestamp),
                metric.dataset_name or "",
                metric.dataset_digest or "",
            )
            for metric in dict.fromkeys(metrics)
            if metric.model_id is not None and is_run_id(metric.model_id.removeprefix("m-"))
        ]
        if measured:
            writer.append(*measured)

    def record_logged_model(self, run_id: str, mlflow_model: Any) -> None:
        """Add a model to the list that a run has of them in a tag."""
        from mlflow.models import Model

        if not isinstance(mlflow_model, Model):
            raise TypeError(
                f"Argument 'mlflow_model' should be mlflow.models.Model, got '{type(mlflow_model)}'"
            )
        before = json.loads(self._active_run(run_id).tags.get(MLFLOW_LOGGED_MODELS, "[]"))
        text = json.dumps([*before, mlflow_model.get_tags_dict()])
        self._set_tags(run_id, [_validate_tag(MLFLOW_LOGGED_MODELS, text)])


def bounded(value: float) -> float:
    """A metric's value as MLflow's stores answer it: the greatest float for infinity."""
    return max(-_GREATEST, min(_GREATEST, value)) if value == value else value


def _us(milliseconds: float) -> int:
    return int(milliseconds) * 1000


def _ended_us(run: WholeRun, now_us: int) -> int:
    return now_us if run.ended_ms is None else run.ended_ms * 1000


def _check_metric(metric: Metric, path: str) -> None:
    _validate_metric(metric.key, metric.value, metric.timestamp, metric.step, path=path)
    if metric.timestamp > _MAX_MS or not -(2**63) <= metric.step < 2**63:
        raise MlflowException(
            f"Step and timestamp of metric {metric.key!r} are whole numbers of 64 bits, and the "
            f"timestamp is one in microseconds, too, got step {metric.step} and timestamp "
            f"{metric.timestamp}.",
            INVALID_PARAMETER_VALUE,
        )

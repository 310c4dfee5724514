"""MLflow's logged models: made by a run or brought, finalized, tagged, measured, found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlflow.entities import (
    DatasetInput,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking import SEARCH_LOGGED_MODEL_MAX_RESULTS_DEFAULT
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.search_utils import SearchLoggedModelsPaginationToken, SearchUtils
from mlflow.utils.validation import (
    _validate_dataset_inputs,
    _validate_logged_model_name,
    _validate_run_id,
)

from nbtrack.events import ModelChanged, ModelLogged, ModelUsed, new_run_id
from nbtrack.integrations.mlflow.addresses import below
from nbtrack.integrations.mlflow.datasets import input_read
from nbtrack.integrations.mlflow.experiments import check_experiment_is_active, experiment_number
from nbtrack.integrations.mlflow.runs import bounded
from nbtrack.integrations.mlflow.searching import Searching
from nbtrack.integrations.mlflow_entities.tags import is_run_id

if TYPE_CHECKING:
    from nbtrack.store import ModelPoint, StoredModel

_ID_PREFIX = "m-"
_TIMES = {
    "creation_time": "creation_timestamp",
    "creation_timestamp_ms": "creation_timestamp",
    "last_updated_timestamp_ms": "last_updated_timestamp",
    "last_updated_time": "last_updated_timestamp",
}
_SORTED_BY = (
    "model_id",
    "experiment_id",
    "name",
    "artifact_location",
    "creation_timestamp",
    "last_updated_timestamp",
    "status",
    "model_type",
    "source_run_id",
    "status_message",
)


class LoggedModels(Searching):
    """What MLflow asks a store about logged models, and the inputs and outputs of runs."""

    # What a run read and made

    def log_inputs(
        self,
        run_id: str,
        datasets: list[DatasetInput] | None = None,
        models: Sequence[LoggedModelInput] | None = None,
    ) -> None:
        """Record data and models that a run read. Data of one name and digest is told once."""
        _validate_run_id(run_id)
        if datasets is not None:
            if not isinstance(datasets, list):
                raise TypeError(f"Argument 'datasets' should be a list, got '{type(datasets)}'")
            _validate_dataset_inputs(datasets)
        self._active_run(run_id)
        writer = self._writer
        known = {(each.name, each.digest) for each in self._whole_run(run_id).inputs}
        events: list[Any] = []
        for each in datasets or ():
            key = (each.dataset.name, each.dataset.digest)
            if key not in known:
                known.add(key)
                events.append(input_read(each, run_id, writer.now_us()))
        for model in models or ():
            used = ModelUsed(writer.now_us(), run_id, _number(model.model_id), "input")
            events.append(used)
        if events:
            writer.append(*events)

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Record models that a run made, each at a step."""
        self._active_run(run_id)
        writer = self._writer
        made = [
            ModelUsed(writer.now_us(), run_id, _number(each.model_id), "output", each.step or 0)
            for each in models
        ]
        if made:
            writer.append(*made)

    # The life of a model

    def create_logged_model(
        self,
        experiment_id: Any,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Sequence[LoggedModelTag] | None = None,
        params: Sequence[LoggedModelParameter] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """A new model, whose files are awaited. They become files of the run that makes it."""
        _validate_logged_model_name(name)
        experiment = self._experiment_row(experiment_id)
        check_experiment_is_active(experiment)
        made, writer = new_run_id(), self._writer
        chosen = name or _generate_random_name()
        is_of_run = is_run_id(source_run_id)
        writer.append(
            ModelLogged(
                writer.now_us(),
                made,
                chosen,
                experiment.name,
                source_run_id if is_of_run else None,
                model_type or "",
                path=self._free_path(source_run_id, chosen, made) if source_run_id else "",
                params={param.key: str(param.value) for param in params or ()},
                tags={tag.key: str(tag.value) for tag in tags or ()},
            )
        )
        return self.get_logged_model(_ID_PREFIX + made)

    def _free_path(self, run_id: str, name: str, model_id: str) -> str:
        """Where a run keeps a model: under its name, unless something else is there."""
        from nbtrack.store import run_artifacts

        with self.store.settled():
            taken = {model.path for model in self._stored() if model.run_id == run_id}
            taken |= {file.path.partition("/")[0] for file in run_artifacts(self.store, run_id)}
        return name if name not in taken else f"{name}-{model_id[-8:]}"

    def log_logged_model_params(
        self, model_id: str, params: Sequence[LoggedModelParameter]
    ) -> None:
        """Log parameters of a model."""
        self._change(model_id, params={param.key: str(param.value) for param in params})

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Say whether a model's files are there, or will not be."""
        words = {
            LoggedModelStatus.PENDING: "pending",
            LoggedModelStatus.READY: "ready",
            LoggedModelStatus.FAILED: "failed",
        }
        self._change(model_id, status=words[status])
        return self.get_logged_model(model_id, allow_deleted=True)

    def set_logged_model_tags(self, model_id: str, tags: Sequence[LoggedModelTag]) -> None:
        """Tag a model."""
        self._change(model_id, tags={tag.key: str(tag.value) for tag in tags})

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Remove a tag of a model, which must have it."""
        if key not in self._stored_model(model_id).tags:
            raise MlflowException(
                f"No tag with key {key!r} found for model with ID {model_id!r}.",
                RESOURCE_DOES_NOT_EXIST,
            )
        self._change(model_id, tags={key: None})

    def delete_logged_model(self, model_id: str) -> None:
        """Send a model to the trash."""
        self._change(model_id, deleted=True)

    def _change(self, model_id: str, **said: Any) -> None:
        self._stored_model(model_id)
        self._writer.append(ModelChanged(self._writer.now_us(), _number(model_id), **said))

    def _hard_delete_logged_model(self, model_id: str) -> None:
        """Remove a model for good."""
        self._stored_model(model_id)
        self.store.purge([], models=[_number(model_id)])

    def _get_deleted_logged_models(self, older_than: int = 0) -> list[str]:
        """Ids of the models that have been in the trash for ``older_than`` milliseconds."""
        before = self._writer.now_us() // 1000 - older_than
        models = (model for model in self._stored() if model.deleted)
        return [_ID_PREFIX + model.model_id for model in models if model.changed_ms <= before]

    # Reading

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        """A model, with what was measured of it."""
        with self.store.settled():
            found = self._stored_model(model_id)
            if found.deleted and not allow_deleted:
                raise _no_model(model_id)
            return self._models([found])[0]

    def search_logged_models(
        self,
        experiment_ids: Sequence[Any],
        filter_string: str | None = None,
        datasets: Sequence[Mapping[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: Sequence[Mapping[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """The models of these experiments that fit, with a token where there are more."""
        from mlflow.utils.search_logged_model_utils import parse_filter_string

        if datasets and not all(each.get("dataset_name") for each in datasets):
            raise MlflowException(
                "`dataset_name` in the `datasets` clause must be specified.",
                INVALID_PARAMETER_VALUE,
            )
        offset = 0
        if page_token:
            token = SearchLoggedModelsPaginationToken.decode(page_token)
            token.validate(experiment_ids, filter_string, order_by)
            offset = token.offset
        tests = _tests_of(parse_filter_string(filter_string), datasets or ())
        numbers = {experiment_number(each) for each in experiment_ids}
        with self.store.settled():
            names = [row.name for row in self._experiment_rows() if row.number in numbers]
            stored = [model for model in self._stored(experiments=names) if not model.deleted]
            found = [each for each in self._models(stored) if all(test(each) for test in tests)]
        _sort(found, order_by or ())
        end = offset + (max_results or SEARCH_LOGGED_MODEL_MAX_RESULTS_DEFAULT)
        following = None
        if end < len(found):
            following = SearchLoggedModelsPaginationToken(
                offset=end,
                experiment_ids=experiment_ids,
                filter_string=filter_string,
                order_by=order_by,
            ).encode()
        return PagedList(found[offset:end], token=following)

    def _stored(self, **chosen: Any) -> list[StoredModel]:
        from nbtrack.store import stored_models

        return stored_models(self.store, **chosen)

    def _stored_model(self, model_id: str) -> StoredModel:
        number = str(model_id).removeprefix(_ID_PREFIX)
        found = self._stored(model_ids=[number]) if is_run_id(number) else []
        if not found or not str(model_id).startswith(_ID_PREFIX):
            raise _no_model(model_id)
        return found[0]

    def _models(self, stored: Sequence[StoredModel]) -> list[LoggedModel]:
        experiments = {row.name: row for row in self._experiment_rows()}
        return [
            LoggedModel(
                experiment_id=str(experiments[model.experiment].number),
                model_id=_ID_PREFIX + model.model_id,
                name=model.name,
                artifact_location=model.location
                or below(
                    self._location_of(experiments[model.experiment]),
                    "models",
                    _ID_PREFIX + model.model_id,
                    "artifacts",
                ),
                creation_timestamp=model.created_ms,
                last_updated_timestamp=model.changed_ms,
                model_type=model.kind or None,
                source_run_id=model.run_id,
                status=LoggedModelStatus(model.status.upper()),
                tags=dict(model.tags),
                params=dict(model.params),
                metrics=[_metric(point, model.model_id) for point in model.metrics],
            )
            for model in stored
        ]


def _number(model_id: str) -> str:
    """The id of ours that one of MLflow's means."""
    number = str(model_id).removeprefix(_ID_PREFIX)
    if not is_run_id(number):
        raise _no_model(model_id)
    return number


def _no_model(model_id: object) -> MlflowException:
    return MlflowException(f"Logged model with ID '{model_id}' not found.", RESOURCE_DOES_NOT_EXIST)


def _metric(point: ModelPoint, model_id: str) -> Metric:
    return Metric(
        key=point.key,
        # MLflow's store has no NaN for a model, and keeps zero.
        value=0.0 if math.isnan(point.value) else bounded(point.value),
        timestamp=point.ts_ms,
        step=point.step,
        model_id=_ID_PREFIX + model_id,
        dataset_name=point.data or None,
        dataset_digest=point.digest or None,
        run_id=point.run_id,
    )


# Finding

Test = Callable[[LoggedModel], bool]


def _tests_of(comparisons: Sequence[Any], datasets: Sequence[Mapping[str, Any]]) -> list[Test]:
    """What a model must meet: each comparison, and to have been measured on one of the datasets."""
    tests = [_test_of(each, datasets) for each in comparisons]
    is_measured = any(each.entity.type.value == "metrics" for each in comparisons)
    if datasets and not is_measured:
        tests.append(lambda model: any(_is_on(metric, datasets) for metric in model.metrics))
    return tests


def _test_of(comparison: Any, datasets: Sequence[Mapping[str, Any]]) -> Test:
    kind, key, value = comparison.entity.type.value, comparison.entity.key, comparison.value
    compare = SearchUtils.get_comparison_func(comparison.op)
    if kind == "metrics":
        return lambda model: any(
            metric.key == key and compare(metric.value, value)
            for metric in model.metrics
            if not datasets or _is_on(metric, datasets)
        )
    if kind == "attributes":
        return lambda model: _holds(compare, _attribute(model, key), value)
    return lambda model: _holds(compare, getattr(model, kind).get(key), value)


def _holds(compare: Callable[[Any, Any], Any], left: Any, right: Any) -> bool:
    return left is not None and bool(compare(left, right))


def _is_on(metric: Metric, datasets: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        metric.dataset_name == each["dataset_name"]
        and each.get("dataset_digest", metric.dataset_digest) == metric.dataset_digest
        for each in datasets
    )


def _attribute(model: LoggedModel, key: str) -> Any:
    name = _TIMES.get(key, key)
    if name == "status":
        return model.status.to_int()
    if name == "experiment_id":
        return int(model.experiment_id)
    return getattr(model, name, None)


def _sort(models: list[LoggedModel], order_by: Sequence[Mapping[str, Any]]) -> None:
    """Sort by all of ``order_by``, the first first; what has no value comes last."""
    order = [(str(each.get("field_name")), each.get("ascending", True), each) for each in order_by]
    names = {_TIMES.get(name, name) for name, _, _ in order}
    if "creation_timestamp" not in names:
        order.append(("creation_timestamp", False, {}))
    if "model_id" not in names:
        order.append(("model_id", True, {}))
    for name, ascending, clause in reversed(order):
        value = _sorted_by(name, clause)
        there = [model for model in models if value(model) is not None]
        there.sort(key=value, reverse=not ascending)
        models[:] = [*there, *(model for model in models if value(model) is None)]


def _sorted_by(name: str, clause: Mapping[str, Any]) -> Callable[[LoggedModel], Any]:
    entity, dot, key = name.partition(".")
    if not dot:
        if _TIMES.get(name, name) not in _SORTED_BY:
            raise MlflowException.invalid_parameter_value(
                f"Invalid order by field name: {name}", error_class="ATTRIBUTE_NOT_FOUND"
            )
        return lambda model: _attribute(model, name)
    if entity != "metrics":
        raise MlflowException.invalid_parameter_value(
            f"Invalid order by field name: {name}. Only metrics are supported."
        )
    datasets = [clause] if clause.get("dataset_name") else []

    def last(model: LoggedModel) -> float | None:
        found = [
            metric
            for metric in model.metrics
            if metric.key == key and (not datasets or _is_on(metric, datasets))
        ]
        # The latest, of the greatest step, of the first run.
        found.sort(key=lambda metric: metric.run_id or "", reverse=True)
        return max(found, key=lambda m: (m.timestamp, m.step)).value if found else None

    return last

"""MLflow's experiments: names of ours that have a number, a place for files, tags, and an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.entities import Experiment, ExperimentTag, LifecycleStage, ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking import (
    SEARCH_MAX_RESULTS_DEFAULT,
    SEARCH_MAX_RESULTS_THRESHOLD,
)
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils
from mlflow.utils.uri import resolve_uri_if_local
from mlflow.utils.validation import (
    _validate_experiment_artifact_location_length,
    _validate_experiment_name,
    _validate_experiment_tag,
)

from nbtrack.errors import StoreError
from nbtrack.events import ExperimentChanged, ExperimentRenamed, RunDeleted, RunEnded
from nbtrack.integrations.mlflow.addresses import below, store_uri
from nbtrack.integrations.mlflow.serving import is_chosen, own_root

if TYPE_CHECKING:
    from nbtrack.store import Asked, Decision, Store

_DEFAULT = "Default"
# How long what was read holds, though another process may have changed it: MLflow asks each time.
TRUST_S = 1.0
_EXPERIMENTS = """
SELECT number, name, deleted, location, epoch_us(created) // 1000 AS created,
       epoch_us(changed) // 1000 AS changed, epoch_us(changed) AS changed_us
FROM experiments ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """An experiment as the store has it; times are in ms, ``changed_us`` in microseconds."""

    number: int
    name: str
    deleted: bool
    location: str
    created: int
    changed: int
    changed_us: int

    @property
    def stage(self) -> str:
        """MLflow's word for whether it is there."""
        return str(LifecycleStage.DELETED if self.deleted else LifecycleStage.ACTIVE)


class Experiments:
    """What MLflow asks a store about experiments. One that is deleted has its runs in the trash."""

    store: Store
    # Where files go that were told no other place: ours, unless somebody chose another.
    artifact_root_uri: str
    own_root_uri: str
    # The experiments as they were last read, and when by the monotonic clock.
    _known: tuple[list[ExperimentRow], float]

    def _begin_experiments(self, path: Path, artifact_uri: str | None) -> None:
        self._forget_experiments()
        self.own_root_uri = own_root(artifact_uri, path) or store_uri(path)
        is_elsewhere = is_chosen(artifact_uri)
        self.artifact_root_uri = (
            resolve_uri_if_local(artifact_uri) if is_elsewhere else self.own_root_uri
        )
        try:
            if not any(row.number == 0 for row in self._experiment_rows()):
                self._decide_experiment(self._make_default)
        except StoreError:
            # What cannot be written may be looked at all the same.
            return

    def _make_default(self, rows: list[ExperimentRow], decision: Decision) -> None:
        if not any(row.number == 0 for row in rows):
            now = time.time_ns() // 1000
            location = self._chosen_location(0)
            decision.say(ExperimentChanged(now, 0, _DEFAULT, location=location))

    # Reading

    def get_experiment(self, experiment_id: Any) -> Experiment:
        """The experiment of that id, deleted or not."""
        return self._experiments([self._experiment_row(experiment_id)])[0]

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        """The experiment of that name, deleted or not."""
        found = [row for row in self._experiment_rows() if row.name == experiment_name]
        return self._experiments(found)[0] if found else None

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = SEARCH_MAX_RESULTS_DEFAULT,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """The experiments that fit, with a token where there are more."""
        check_max_results(max_results)
        stages = LifecycleStage.view_type_to_stages(view_type)
        tests = [
            _test_of(each) for each in SearchExperimentsUtils.parse_search_filter(filter_string)
        ]
        with self.store.settled():
            rows = [row for row in self._experiment_rows() if row.stage in stages]
            found = [e for e in self._experiments(rows) if all(test(e) for test in tests)]
        for key, is_ascending in reversed(_order_of(order_by)):
            found.sort(key=lambda e: _sortable(e, key), reverse=not is_ascending)
        return page_of(found, max_results, page_token)

    def _experiment_rows(self, asked: Asked | None = None) -> list[ExperimentRow]:
        found = (asked or self.store).query(_EXPERIMENTS)
        return [ExperimentRow(**row) for row in found.to_pylist()]

    def _experiment_row(
        self, experiment_id: Any, rows: Iterable[ExperimentRow] | None = None
    ) -> ExperimentRow:
        number = experiment_number(experiment_id or "0")
        for row in self._experiment_rows() if rows is None else rows:
            if row.number == number:
                return row
        raise _no_experiment(number)

    def _known_rows(
        self, *, number: int | None = None, names: Set[str] = frozenset()
    ) -> list[ExperimentRow]:
        """The experiments as they were a moment ago, if those that are asked for were there."""
        at = time.monotonic()
        rows, read = self._known
        is_known = names <= {row.name for row in rows} and (
            number is None or number in {row.number for row in rows}
        )
        if at - read >= TRUST_S or not is_known:
            rows = self._experiment_rows()
            self._known = rows, at
        return rows

    def _forget_experiments(self) -> None:
        self._known = [], -TRUST_S

    def _experiments(self, rows: Sequence[ExperimentRow]) -> list[Experiment]:
        tags: dict[int, list[ExperimentTag]] = {row.number: [] for row in rows}
        found = self.store.query(
            "SELECT number, key, value FROM experiment_tags "
            "WHERE list_contains($numbers::BIGINT[], number) ORDER BY key",
            {"numbers": list(tags)},
        )
        for tag in found.to_pylist():
            tags[tag["number"]].append(ExperimentTag(tag["key"], tag["value"]))
        return [
            Experiment(
                experiment_id=str(row.number),
                name=row.name,
                artifact_location=self._location_of(row),
                lifecycle_stage=row.stage,
                tags=tags[row.number],
                creation_time=row.created,
                last_update_time=row.changed,
            )
            for row in rows
        ]

    def _location_of(self, row: ExperimentRow) -> str:
        """Where its files go. Where that is the store itself it is not written: it may move."""
        return row.location or below(self.own_root_uri, str(row.number))

    def _chosen_location(self, number: int) -> str:
        if self.artifact_root_uri == self.own_root_uri:
            return ""
        return below(self.artifact_root_uri, str(number))

    # Changing

    def create_experiment(
        self,
        name: str,
        artifact_location: str | None = None,
        tags: Sequence[ExperimentTag] | None = None,
    ) -> str:
        """A new experiment; its id."""
        _validate_experiment_name(name)
        if artifact_location:
            artifact_location = resolve_uri_if_local(artifact_location)
            _validate_experiment_artifact_location_length(artifact_location)
        for tag in tags or ():
            _validate_experiment_tag(tag.key, tag.value)

        def create(rows: list[ExperimentRow], decision: Decision) -> int:
            if any(row.name == name for row in rows):
                raise _is_there(name)
            number = max((row.number for row in rows), default=0) + 1
            location = artifact_location or self._chosen_location(number)
            texts: dict[str, str | None] = {tag.key: str(tag.value) for tag in tags or ()}
            now = time.time_ns() // 1000
            decision.say(ExperimentChanged(now, number, name, location=location, tags=texts))
            return number

        return str(self._decide_experiment(create))

    def delete_experiment(self, experiment_id: Any) -> None:
        """Send an experiment and its runs to the trash."""
        self._set_deleted(experiment_id, True)

    def restore_experiment(self, experiment_id: Any) -> None:
        """Bring an experiment back, with all its runs."""
        self._set_deleted(experiment_id, False)

    def _set_deleted(self, experiment_id: Any, deleted: bool) -> None:
        def decide(rows: list[ExperimentRow], decision: Decision) -> None:
            row = self._experiment_row(experiment_id, rows)
            if row.deleted == deleted:
                raise _no_experiment(row.number)
            now = _later(row)
            of_experiment = decision.query(
                "SELECT replace(run_id::VARCHAR, '-', '') AS run FROM all_runs "
                "WHERE experiment = $name AND deleted <> $deleted",
                {"name": row.name, "deleted": deleted},
            )
            runs = of_experiment["run"].to_pylist()
            decision.say(
                ExperimentChanged(now, row.number, deleted=deleted),
                *(RunDeleted(now, run, deleted) for run in runs),
            )

        self._decide_experiment(decide)

    def rename_experiment(self, experiment_id: Any, new_name: str) -> None:
        """Give an experiment another name, under which its runs then are."""
        _validate_experiment_name(new_name)

        def decide(rows: list[ExperimentRow], decision: Decision) -> None:
            row = self._experiment_row(experiment_id, rows)
            if row.deleted:
                raise MlflowException("Cannot rename a non-active experiment.", INVALID_STATE)
            if any(other.name == new_name for other in rows if other.number != row.number):
                raise _is_there(new_name)
            if new_name != row.name:
                decision.say(ExperimentRenamed(_later(row), row.name, new_name))

        self._decide_experiment(decide)

    def set_experiment_tag(self, experiment_id: Any, tag: ExperimentTag) -> None:
        """Tag an experiment that is not deleted."""
        _validate_experiment_tag(tag.key, tag.value)
        self._change_tag(experiment_id, tag.key, str(tag.value))

    def delete_experiment_tag(self, experiment_id: Any, key: str) -> None:
        """Remove a tag of an experiment, which must have it."""
        self._change_tag(experiment_id, key, None)

    def _change_tag(self, experiment_id: Any, key: str, text: str | None) -> None:
        def decide(rows: list[ExperimentRow], decision: Decision) -> None:
            row = self._experiment_row(experiment_id, rows)
            check_experiment_is_active(row)
            found = decision.query(
                "SELECT epoch_us(max(ts)) AS ts, arg_max_null(value, ts) AS value "
                "FROM base.experiment_tags WHERE number = $number AND key = $key",
                {"number": row.number, "key": key},
            ).to_pylist()[0]
            if text is None and found["value"] is None:
                raise MlflowException(
                    f"No tag with name: {key} in experiment with id {experiment_id}",
                    RESOURCE_DOES_NOT_EXIST,
                )
            now = max(time.time_ns() // 1000, (found["ts"] or 0) + 1)
            decision.say(ExperimentChanged(now, row.number, tags={key: text}))

        self._decide_experiment(decide)

    def _hard_delete_experiment(self, experiment_id: Any) -> None:
        """Remove an experiment that is deleted for good, with what runs are left in it."""
        row = self._experiment_row(experiment_id)
        if not row.deleted:
            raise _no_experiment(row.number)
        from nbtrack.store import runs_of_experiment

        runs = runs_of_experiment(self.store, row.name, deleted=True)
        self._end_running(runs)
        self.store.purge(runs, experiments=[row.number])
        self._forget_experiments()

    def _end_running(self, run_ids: Sequence[str]) -> None:
        """End those that nobody has ended: what is running is not removed."""
        from nbtrack.store import whole_runs

        found = whole_runs(self.store, run_ids, with_metrics=False, with_uses=False)
        running = [run.run_id for run in found if run.status in ("running", "scheduled")]
        writer = self.store.writer()
        if running:
            writer.append(*(RunEnded(writer.now_us(), run_id, "killed") for run_id in running))

    def _decide_experiment(self, decide: Callable[[list[ExperimentRow], Decision], Any]) -> Any:
        """What ``decide`` answers, while nobody else can number or name an experiment."""
        try:
            with self.store.deciding() as decision:
                return decide(self._experiment_rows(decision), decision)
        finally:
            self._forget_experiments()


def experiment_number(experiment_id: Any) -> int:
    """The number that an id is; MLflow passes text."""
    try:
        return int(experiment_id)
    except (TypeError, ValueError):
        raise MlflowException(
            f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer.",
            INVALID_PARAMETER_VALUE,
        ) from None


def check_experiment_is_active(row: ExperimentRow) -> None:
    """Raise as MLflow does for an experiment in the trash."""
    if row.deleted:
        raise MlflowException(
            f"The experiment {row.number} must be in the 'active' state. "
            f"Current state is {row.stage}.",
            INVALID_PARAMETER_VALUE,
        )


def check_max_results(max_results: int | None, *, allow_none: bool = False) -> None:
    """Raise as MLflow does for a size of a page that is none."""
    if max_results is None and allow_none:
        return
    if max_results is None or max_results < 1:
        told = "It must be a positive integer"
    elif max_results > SEARCH_MAX_RESULTS_THRESHOLD:
        told = f"It must be at most {SEARCH_MAX_RESULTS_THRESHOLD}"
    else:
        return
    raise MlflowException(
        f"Invalid value {max_results} for parameter 'max_results' supplied. {told}",
        INVALID_PARAMETER_VALUE,
    )


def page_of(
    found: Sequence[Any], max_results: int | None, page_token: str | None
) -> PagedList[Any]:
    """The page of ``found`` to which a token points, and the token of the next."""
    offset = SearchUtils.parse_start_offset_from_page_token(page_token)
    end = len(found) if max_results is None else offset + max_results
    token = SearchUtils.create_page_token(end) if end < len(found) else None
    return PagedList(found[offset:end], token)


def _later(row: ExperimentRow) -> int:
    return max(time.time_ns() // 1000, row.changed_us + 1)


def _no_experiment(number: int) -> MlflowException:
    return MlflowException(f"No Experiment with id={number} exists", RESOURCE_DOES_NOT_EXIST)


def _is_there(name: str) -> MlflowException:
    return MlflowException(f"Experiment(name={name}) already exists.", RESOURCE_ALREADY_EXISTS)


def _test_of(parsed: Mapping[str, Any]) -> Callable[[Experiment], bool]:
    """Whether an experiment meets one comparison of a filter."""
    type_, key, value = parsed["type"], parsed["key"], parsed["value"]
    comparator = parsed["comparator"].upper()
    if type_ == "tag":
        return _tag_test(key, comparator, value)
    if key == "experiment_id":
        _expect(comparator, ("=", "!=", "IN", "NOT IN"), "experiment_id")
        numbers = [experiment_number(v) for v in (value if isinstance(value, tuple) else (value,))]
        wanted: Any = numbers if "IN" in comparator else numbers[0]
        compare = SearchUtils.get_comparison_func(comparator)
        return lambda e: bool(compare(int(e.experiment_id), wanted))
    if key in SearchExperimentsUtils.NUMERIC_ATTRIBUTES:
        _expect(comparator, ("=", "!=", "<", "<=", ">", ">="), "numeric attribute")
        try:
            if isinstance(value, float):
                raise ValueError
            wanted = int(value)
        except (TypeError, ValueError):
            raise MlflowException.invalid_parameter_value(
                f"Invalid value for numeric attribute '{key}': {str(value)!r}"
            ) from None
    else:
        _expect(comparator, ("=", "!=", "LIKE", "ILIKE"), "string attribute")
        wanted = value
    compare = SearchUtils.get_comparison_func(comparator)
    return lambda e: bool(compare(getattr(e, key), wanted))


def _tag_test(key: str, comparator: str, value: Any) -> Callable[[Experiment], bool]:
    if comparator == "IS NULL":
        return lambda e: key not in e.tags
    if comparator == "IS NOT NULL":
        return lambda e: key in e.tags
    _expect(comparator, ("=", "!=", "LIKE", "ILIKE"), "tag")
    compare = SearchUtils.get_comparison_func(comparator)
    return lambda e: key in e.tags and bool(compare(e.tags[key], value))


def _expect(comparator: str, allowed: Sequence[str], what: str) -> None:
    if comparator not in allowed:
        raise MlflowException.invalid_parameter_value(
            f"Invalid comparator for {what}: {comparator}"
        )


def _order_of(order_by: Sequence[str] | None) -> list[tuple[str, bool]]:
    """Keys and whether they ascend; no two experiments are equal in all of them."""
    order = []
    for text in order_by or ("creation_time DESC", "experiment_id ASC"):
        type_, key, ascends = SearchExperimentsUtils.parse_order_by_for_search_experiments(text)
        if type_ != "attribute":
            raise MlflowException.invalid_parameter_value(f"Invalid order_by entity: {type_}")
        order.append((key, ascends))
    if not any(key == "experiment_id" for key, _ in order):
        order.append(("experiment_id", False))
    return order


def _sortable(experiment: Experiment, key: str) -> Any:
    value = getattr(experiment, key)
    return int(value) if key == "experiment_id" else value

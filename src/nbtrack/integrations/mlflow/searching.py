"""MLflow's search of runs: its grammar read by MLflow itself, and asked of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlflow.entities import LifecycleStage, Run
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.utils.search_utils import SearchUtils

from nbtrack.integrations.mlflow.experiments import check_max_results, experiment_number
from nbtrack.integrations.mlflow.metric_history import MetricHistory
from nbtrack.integrations.mlflow.tags import OTHERWISE
from nbtrack.integrations.mlflow_entities.tags import FACTS, NAME, NOTE
from nbtrack.store.comparing import ComparedKind, Comparison, Sorting

_MAX_SUMMARIES = 1000


class Searching(MetricHistory):
    """What MLflow asks a store about many runs."""

    def _search_runs(
        self,
        experiment_ids: Sequence[Any],
        filter_string: str | None,
        run_view_type: int,
        max_results: int | None,
        order_by: Sequence[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        """The runs of these experiments that fit, and a token where there are more."""
        from nbtrack.store import matching_runs, whole_runs

        check_max_results(max_results, allow_none=True)
        comparisons = [_comparison(each) for each in SearchUtils.parse_search_filter(filter_string)]
        order = _sortings(order_by)
        offset = SearchUtils.parse_start_offset_from_page_token(page_token)
        numbers = {experiment_number(each) for each in experiment_ids}
        stages = set(LifecycleStage.view_type_to_stages(run_view_type))
        is_one = len(stages) == 1
        lifecycle = "deleted" if LifecycleStage.DELETED in stages else "active"
        with self.store.settled():
            names = [row.name for row in self._experiment_rows() if row.number in numbers]
            found = matching_runs(
                self.store,
                experiments=names,
                lifecycle=lifecycle if is_one else "all",  # type: ignore[arg-type]
                comparisons=comparisons,
                order=order,
                offset=offset,
                limit=None if max_results is None else max_results + 1,
                root=self.own_root_uri,
            )
            token = None
            if max_results is not None and len(found) > max_results:
                token = SearchUtils.create_page_token(offset + max_results)
            chosen = found[:max_results]
            return self._runs(whole_runs(self.store, chosen, facts=FACTS)), token

    def _search_datasets(self, experiment_ids: Sequence[Any]) -> list[Any]:
        """Name, digest and context of the data that the runs of these experiments read."""
        from mlflow.entities import _DatasetSummary

        numbers = sorted({experiment_number(each) for each in experiment_ids})
        found = self.store.query(
            "SELECT DISTINCT e.number, i.name, left(i.digest, 36) AS digest, "
            "nullif(i.context, '') AS context "
            "FROM inputs i JOIN all_runs r USING (run_id) JOIN experiments e "
            "ON e.name = r.experiment WHERE list_contains($numbers::BIGINT[], e.number) "
            "ORDER BY ALL LIMIT $limit",
            {"numbers": numbers, "limit": _MAX_SUMMARIES},
        )
        return [
            _DatasetSummary(
                experiment_id=str(row["number"]),
                name=row["name"],
                digest=row["digest"],
                context=row["context"],
            )
            for row in found.to_pylist()
        ]


def _comparison(parsed: Mapping[str, Any]) -> Comparison:
    """One comparison of a filter, for the store."""
    type_, operator, value = parsed["type"], parsed["comparator"].upper(), parsed["value"]
    key = SearchUtils.translate_key_alias(parsed["key"])
    if SearchUtils.is_string_attribute(type_, key, operator):
        return Comparison("attributes", key, operator, value)
    if SearchUtils.is_numeric_attribute(type_, key, operator):
        return Comparison("attributes", key, operator, float(value))
    if SearchUtils.is_metric(type_, operator):
        return Comparison("metrics", key, operator, float(value))
    if SearchUtils.is_param(type_, operator):
        return Comparison("params", key, operator, value)
    if SearchUtils.is_tag(type_, operator):
        kind, name, otherwise = _tag(key)
        return Comparison(kind, name, operator, value, otherwise)
    if SearchUtils.is_dataset(type_, operator):
        return Comparison("inputs", key, operator, value)
    raise MlflowException(f"Invalid search expression type '{type_}'", INVALID_PARAMETER_VALUE)


def _sortings(order_by: Sequence[str] | None) -> list[Sorting]:
    order: list[Sorting] = []
    for text in order_by or ():
        type_, name, is_ascending = SearchUtils.parse_order_by_for_search_runs(text)
        key = SearchUtils.translate_key_alias(name)
        if SearchUtils.is_string_attribute(type_, key, "=") or SearchUtils.is_numeric_attribute(
            type_, key, "="
        ):
            made = Sorting("attributes", key, not is_ascending)
        elif SearchUtils.is_metric(type_, "="):
            made = Sorting("metrics", key, not is_ascending)
        elif SearchUtils.is_tag(type_, "="):
            kind, tag, otherwise = _tag(key)
            made = Sorting(kind, tag, not is_ascending, otherwise)
        elif SearchUtils.is_param(type_, "="):
            made = Sorting("params", key, not is_ascending)
        else:
            raise MlflowException(f"Invalid identifier type '{type_}'", INVALID_PARAMETER_VALUE)
        if any((made.kind, made.key) == (each.kind, each.key) for each in order):
            raise MlflowException(f"`order_by` contains duplicate fields: {order_by}")
        order.append(made)
    return order


def _tag(key: str) -> tuple[ComparedKind, str, str | None]:
    """Where a tag of MLflow's stands: kind, key, and the attribute to fall back on."""
    if key == NAME:
        return "attributes", "run_name", None
    if key == NOTE:
        return "attributes", "note", None
    return "tags", key, OTHERWISE.get(key)

"""The points of MLflow's metrics: whole, in pages, of several runs, or an even sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlflow.entities import Metric
from mlflow.entities.metric import MetricWithRunId
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.search_utils import SearchUtils

from nbtrack.integrations.mlflow.runs import Runs, bounded
from nbtrack.integrations.mlflow_entities.tags import is_run_id


class MetricHistory(Runs):
    """What MLflow asks a store about the points of a metric."""

    def get_metric_history(
        self,
        run_id: str,
        metric_key: str,
        max_results: int | None = None,
        page_token: str | None = None,
    ) -> PagedList[Metric]:
        """Every point of a metric by time, with a token where there are more."""
        offset = SearchUtils.parse_start_offset_from_page_token(page_token)
        limit = None if max_results is None else max_results + 1
        found = self._points([run_id], metric_key, offset=offset, limit=limit)
        token = None
        if max_results is not None and len(found) > max_results:
            token = SearchUtils.create_page_token(offset + max_results)
        return PagedList([metric for _, metric in found[:max_results]], token)

    def get_metric_history_bulk(
        self, run_ids: Sequence[str], metric_key: str, max_results: int | None
    ) -> list[MetricWithRunId]:
        """The points of a metric in several runs, by run and time."""
        return _with_runs(self._points(run_ids, metric_key, limit=max_results))

    def get_max_step_for_metric(self, run_id: str, metric_key: str) -> int:
        """The greatest step; zero where there is no point."""
        from nbtrack.store import last_step

        return (last_step(self.store, run_id, metric_key) if is_run_id(run_id) else 0) or 0

    def get_metric_history_bulk_interval_from_steps(
        self, run_id: str, metric_key: str, steps: Sequence[int], max_results: int
    ) -> list[MetricWithRunId]:
        """The points of a run at these steps, by step."""
        found = self._points([run_id], metric_key, by="step", steps=steps, limit=max_results)
        return _with_runs(found)

    def get_metric_history_bulk_interval(
        self,
        run_ids: Sequence[str],
        metric_key: str,
        max_results: int,
        start_step: int | None,
        end_step: int | None,
    ) -> list[MetricWithRunId]:
        """At most ``max_results`` points of each run, spread evenly over them, with the last."""
        if (start_step is None) != (end_step is None):
            raise MlflowException.invalid_parameter_value(
                "Both start_step and end_step must be specified together, "
                "or neither may be specified."
            )
        between = None if start_step is None or end_step is None else (start_step, end_step)
        chosen: list[MetricWithRunId] = []
        for run_id in run_ids:
            found = self._points([run_id], metric_key, by="step", between=between)
            places = _even_places(len(found), max(1, max_results))
            chosen += _with_runs([found[place] for place in places])
        return chosen

    def _points(self, run_ids: Sequence[str], key: str, **chosen: Any) -> list[tuple[str, Metric]]:
        from nbtrack.store import point_histories

        ids = [run_id for run_id in run_ids if is_run_id(run_id)]
        if not ids:
            return []
        found = point_histories(self.store, ids, key, **chosen)
        columns = [found[name].to_pylist() for name in ("run", "step", "ts_ms", "value")]
        return [
            (run, Metric(key, bounded(value), ts_ms, step))
            for run, step, ts_ms, value in zip(*columns, strict=True)
        ]


def _with_runs(found: Sequence[tuple[str, Metric]]) -> list[MetricWithRunId]:
    return [MetricWithRunId(run_id=run, metric=metric) for run, metric in found]


def _even_places(count: int, wanted: int) -> list[int]:
    """The first of each of ``wanted`` stretches of equal length, and the last of all."""
    if count <= wanted:
        return list(range(count))
    length, longer = divmod(count, wanted)
    places = [place * length + min(place, longer) for place in range(wanted)]
    return [*places[:-1], count - 1]

"""MLflow's tracking store on a store of nbtrack: what ``nbtrack:///path`` opens."""

from __future__ import annotations

from typing import Any

from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking.abstract_store import AbstractStore

from nbtrack.integrations.mlflow.addresses import store_path
from nbtrack.integrations.mlflow.logged_models import LoggedModels
from nbtrack.integrations.mlflow.refusals import refuse_the_rest, told_as_mlflow
from nbtrack.integrations.mlflow.versions import warn_if_untested
from nbtrack.tracking.active import current_store

# What the base class does by calling what is declared here, or needs no store for.
_AS_THEY_ARE = frozenset(
    {
        "search_runs",
        "log_metric_async",
        "log_param_async",
        "set_tag_async",
        "log_batch_async",
        "end_async_logging",
        "flush_async_logging",
        "shut_down_async_logging",
        "set_model_versions_tags",
        "filter_active_experiment_ids",
    }
)
_NONE_HELD = {
    "search_traces": lambda: ([], None),
    **dict.fromkeys(
        (
            "query_trace_metrics",
            "find_completed_sessions",
            "search_datasets",
            "search_issues",
            "list_scorers",
            "list_label_schemas",
            "list_review_queues",
            "list_secret_infos",
            "list_budget_policies",
            "list_gateway_endpoints",
            "list_gateway_guardrails",
            "list_gateway_model_definitions",
            "search_mcp_servers",
        ),
        lambda: PagedList([], None),
    ),
}


@told_as_mlflow
@refuse_the_rest(of=AbstractStore, but=_AS_THEY_ARE, empty=_NONE_HELD)
class NbtrackStore(LoggedModels, AbstractStore):  # type: ignore[misc]
    """The store in the folder that ``store_uri`` names, for MLflow's clients and its server.

    Any thread and process may use it, beside those that use nbtrack itself. What a call has
    logged is seen by every later call, here and in any process.
    """

    def __init__(self, store_uri: str, artifact_uri: str | None = None) -> None:
        warn_if_untested()
        super().__init__()
        self.store_uri = store_uri
        path = store_path(store_uri)
        self.store = current_store(path)
        self._begin_experiments(path, artifact_uri)
        self._begin_runs()

    def __repr__(self) -> str:
        return f"<NbtrackStore {self.store_uri}>"


def open_tracking_store(store_uri: str, artifact_uri: str | None = None, **_: Any) -> NbtrackStore:
    """What MLflow calls for an address with the scheme ``nbtrack``."""
    return NbtrackStore(store_uri, artifact_uri)

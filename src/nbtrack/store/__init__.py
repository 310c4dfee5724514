"""The run store: events in, Arrow out.

A log call appends to this process's journal (``journal``, in the format of
``segments``). A fold (``fold``, ``rows``) takes journals into DuckDB
(``database``, ``schema``) under the store's lock (``locks``), and closes what
dead writers left (``writers``). Questions about runs are ``search`` and its
neighbours. DESIGN.md has the reasons.

The names below load when first used: a process that only logs never imports
DuckDB, Arrow or NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.store.batch import Batch, writing_batches
    from nbtrack.store.boards import board_content, board_table
    from nbtrack.store.columns import (
        Column,
        best_runs,
        content_mark,
        list_columns,
        run_groups,
    )
    from nbtrack.store.comparing import Comparison, Sorting, matching_runs
    from nbtrack.store.curves import metric_history, run_sparklines
    from nbtrack.store.decision import Asked, Decision
    from nbtrack.store.details import RunDetail, run_detail, run_text, run_texts
    from nbtrack.store.experiments import experiment_table, runs_of_experiment
    from nbtrack.store.exported import EXPORTED, exported_table
    from nbtrack.store.filters import parse_filter, quoted_column
    from nbtrack.store.finding import find_run
    from nbtrack.store.histories import last_step, point_histories
    from nbtrack.store.journal import JournalWriter
    from nbtrack.store.logged_models import ModelPoint, StoredModel, measured_by, stored_models
    from nbtrack.store.origins import (
        StoredArtifact,
        StoredCell,
        StoredInput,
        executed_cells,
        run_artifacts,
        run_inputs,
        runs_keeping,
    )
    from nbtrack.store.profiles import profile_table
    from nbtrack.store.registered import (
        approval_table,
        card_text,
        difference_table,
        history_table,
        last_move,
        last_number,
        lineage_table,
        model_changes,
        model_moves,
        model_row,
        model_table,
        production_data_table,
        production_table,
        registry_mark,
        request_table,
        version_origins,
        version_table,
        versions_by_data_table,
    )
    from nbtrack.store.registry_views import TAG_SEPARATOR
    from nbtrack.store.search import Page, run_frame, run_page
    from nbtrack.store.selection import RunQuery
    from nbtrack.store.store import Store
    from nbtrack.store.table_files import TablePage, is_table_name, table_page
    from nbtrack.store.tail import PointsTail
    from nbtrack.store.thinned import (
        Series,
        ThinnedCurves,
        count_points,
        later_points,
        listed_curves,
        thinned_curves,
        whole_curves,
    )
    from nbtrack.store.usage import kept_by_experiment, kept_by_run, needed_digests
    from nbtrack.store.whole import WholeRun, whole_runs

_HOMES = {
    "nbtrack.store.batch": ("Batch", "writing_batches"),
    "nbtrack.store.boards": ("board_content", "board_table"),
    "nbtrack.store.columns": (
        "Column",
        "best_runs",
        "content_mark",
        "list_columns",
        "run_groups",
    ),
    "nbtrack.store.curves": ("metric_history", "run_sparklines"),
    "nbtrack.store.decision": ("Asked", "Decision"),
    "nbtrack.store.details": ("RunDetail", "run_detail", "run_text", "run_texts"),
    "nbtrack.store.exported": ("EXPORTED", "exported_table"),
    "nbtrack.store.filters": ("parse_filter", "quoted_column"),
    "nbtrack.store.experiments": ("experiment_table", "runs_of_experiment"),
    "nbtrack.store.finding": ("find_run",),
    "nbtrack.store.comparing": ("Comparison", "Sorting", "matching_runs"),
    "nbtrack.store.histories": ("last_step", "point_histories"),
    "nbtrack.store.journal": ("JournalWriter",),
    "nbtrack.store.logged_models": (
        "ModelPoint",
        "StoredModel",
        "measured_by",
        "stored_models",
    ),
    "nbtrack.store.whole": ("WholeRun", "whole_runs"),
    "nbtrack.store.origins": (
        "StoredArtifact",
        "StoredCell",
        "StoredInput",
        "executed_cells",
        "run_artifacts",
        "run_inputs",
        "runs_keeping",
    ),
    "nbtrack.store.registered": (
        "approval_table",
        "card_text",
        "difference_table",
        "history_table",
        "lineage_table",
        "last_move",
        "last_number",
        "model_changes",
        "model_moves",
        "model_row",
        "model_table",
        "production_data_table",
        "production_table",
        "registry_mark",
        "request_table",
        "version_origins",
        "version_table",
        "versions_by_data_table",
    ),
    "nbtrack.store.profiles": ("profile_table",),
    "nbtrack.store.registry_views": ("TAG_SEPARATOR",),
    "nbtrack.store.search": ("Page", "run_frame", "run_page"),
    "nbtrack.store.selection": ("RunQuery",),
    "nbtrack.store.store": ("Store",),
    "nbtrack.store.table_files": ("TablePage", "is_table_name", "table_page"),
    "nbtrack.store.tail": ("PointsTail",),
    "nbtrack.store.thinned": (
        "Series",
        "ThinnedCurves",
        "count_points",
        "later_points",
        "listed_curves",
        "thinned_curves",
        "whole_curves",
    ),
    "nbtrack.store.usage": ("kept_by_experiment", "kept_by_run", "needed_digests"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "EXPORTED",
    "TAG_SEPARATOR",
    "Asked",
    "Batch",
    "Column",
    "Comparison",
    "Decision",
    "JournalWriter",
    "ModelPoint",
    "Page",
    "PointsTail",
    "RunDetail",
    "RunQuery",
    "Series",
    "Sorting",
    "Store",
    "StoredArtifact",
    "StoredCell",
    "StoredInput",
    "StoredModel",
    "TablePage",
    "ThinnedCurves",
    "WholeRun",
    "approval_table",
    "best_runs",
    "board_content",
    "board_table",
    "card_text",
    "content_mark",
    "count_points",
    "difference_table",
    "executed_cells",
    "experiment_table",
    "exported_table",
    "find_run",
    "history_table",
    "is_table_name",
    "kept_by_experiment",
    "kept_by_run",
    "last_move",
    "last_number",
    "last_step",
    "later_points",
    "lineage_table",
    "list_columns",
    "listed_curves",
    "matching_runs",
    "measured_by",
    "metric_history",
    "model_changes",
    "model_moves",
    "model_row",
    "model_table",
    "needed_digests",
    "parse_filter",
    "point_histories",
    "production_data_table",
    "production_table",
    "profile_table",
    "quoted_column",
    "registry_mark",
    "request_table",
    "run_artifacts",
    "run_detail",
    "run_frame",
    "run_groups",
    "run_inputs",
    "run_page",
    "run_sparklines",
    "run_text",
    "run_texts",
    "runs_keeping",
    "runs_of_experiment",
    "stored_models",
    "table_page",
    "thinned_curves",
    "version_origins",
    "version_table",
    "versions_by_data_table",
    "whole_curves",
    "whole_runs",
    "writing_batches",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'nbtrack.store' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)

"""Experiment tracking that lives in the notebook.

In a notebook::

    %load_ext nbtrack

    %%track
    model = RandomForestClassifier(n_estimators=200).fit(X, y)
    accuracy = model.score(X_test, y_test)

In a script::

    with nbtrack.run("forest", n_estimators=200) as run:
        run.log(accuracy=.93)

Names load when they are first used: importing nbtrack loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.datasets.dataset import Dataset
    from nbtrack.datasets.fluent import dataset, log_input
    from nbtrack.errors import NbtrackError
    from nbtrack.integrations.autologging.switch import autolog
    from nbtrack.integrations.exporting.fluent import export_mlflow, export_parquet
    from nbtrack.integrations.importing.fluent import (
        import_mlflow,
        import_table,
        import_tensorboard,
        import_wandb,
    )
    from nbtrack.magics import load_ipython_extension, unload_ipython_extension
    from nbtrack.models.python_model import PythonModel
    from nbtrack.models.saving import log_model, save_model
    from nbtrack.models.signature import infer_signature
    from nbtrack.provenance.fluent import diff, export_environment, replay, why
    from nbtrack.registry.fluent import (
        register_model,
        search_model_versions,
        search_registered_models,
        transition_stage,
    )
    from nbtrack.registry.loading import load_model, pyfunc
    from nbtrack.registry.registry import Registry
    from nbtrack.tracking.active import (
        active_run,
        end_run,
        run,
        set_experiment,
        set_store,
        start_run,
    )
    from nbtrack.tracking.files.fluent import (
        download_artifacts,
        list_artifacts,
        load_dict,
        load_image,
        load_table,
        load_text,
        log_artifact,
        log_artifacts,
        log_audio,
        log_dict,
        log_figure,
        log_html,
        log_image,
        log_table,
        log_text,
    )
    from nbtrack.tracking.fluent import (
        delete_tag,
        log,
        log_metric,
        log_metrics,
        log_param,
        log_params,
        set_note,
        set_tag,
        set_tags,
    )
    from nbtrack.tracking.past import (
        delete_experiment,
        delete_run,
        get_run,
        list_experiments,
        purge,
        rename_experiment,
        restore_experiment,
        restore_run,
        search_runs,
        sql,
    )
    from nbtrack.tracking.run import Run
    from nbtrack.widgets.artifacts.widget import ArtifactBrowser, browse_artifacts
    from nbtrack.widgets.board.saved import delete_board, list_boards
    from nbtrack.widgets.board.widget import Board, board, open_board
    from nbtrack.widgets.chart.widget import (
        Contour,
        Importance,
        Scatter,
        contour,
        importance,
        scatter,
    )
    from nbtrack.widgets.compare.widget import Comparison, compare
    from nbtrack.widgets.curves.widget import Curves, curves
    from nbtrack.widgets.lineage.answer import Lineage, lineage
    from nbtrack.widgets.parallel.widget import ParallelCoordinates, parallel
    from nbtrack.widgets.registry.widget import RegistryPanel
    from nbtrack.widgets.run_table.widget import RunTable
    from nbtrack.widgets.run_view.widget import RunView
    from nbtrack.widgets.runs import runs

_HOMES = {
    "nbtrack.datasets.dataset": ("Dataset",),
    "nbtrack.datasets.fluent": ("dataset", "log_input"),
    "nbtrack.errors": ("NbtrackError",),
    "nbtrack.integrations.autologging.switch": ("autolog",),
    "nbtrack.integrations.exporting.fluent": ("export_mlflow", "export_parquet"),
    "nbtrack.integrations.importing.fluent": (
        "import_mlflow",
        "import_table",
        "import_tensorboard",
        "import_wandb",
    ),
    "nbtrack.magics": ("load_ipython_extension", "unload_ipython_extension"),
    "nbtrack.models.python_model": ("PythonModel",),
    "nbtrack.models.saving": ("log_model", "save_model"),
    "nbtrack.registry.loading": ("load_model", "pyfunc"),
    "nbtrack.models.signature": ("infer_signature",),
    "nbtrack.provenance.fluent": ("diff", "export_environment", "replay", "why"),
    "nbtrack.registry.fluent": (
        "register_model",
        "search_model_versions",
        "search_registered_models",
        "transition_stage",
    ),
    "nbtrack.registry.registry": ("Registry",),
    "nbtrack.tracking.active": (
        "active_run",
        "end_run",
        "run",
        "set_experiment",
        "set_store",
        "start_run",
    ),
    "nbtrack.tracking.files.fluent": (
        "download_artifacts",
        "list_artifacts",
        "load_dict",
        "load_image",
        "load_table",
        "load_text",
        "log_artifact",
        "log_artifacts",
        "log_audio",
        "log_dict",
        "log_figure",
        "log_html",
        "log_image",
        "log_table",
        "log_text",
    ),
    "nbtrack.tracking.fluent": (
        "delete_tag",
        "log",
        "log_metric",
        "log_metrics",
        "log_param",
        "log_params",
        "set_note",
        "set_tag",
        "set_tags",
    ),
    "nbtrack.tracking.past": (
        "delete_experiment",
        "delete_run",
        "get_run",
        "list_experiments",
        "purge",
        "rename_experiment",
        "restore_experiment",
        "restore_run",
        "search_runs",
        "sql",
    ),
    "nbtrack.tracking.run": ("Run",),
    "nbtrack.widgets.artifacts.widget": ("ArtifactBrowser", "browse_artifacts"),
    "nbtrack.widgets.board.saved": ("delete_board", "list_boards"),
    "nbtrack.widgets.board.widget": ("Board", "board", "open_board"),
    "nbtrack.widgets.compare.widget": ("Comparison", "compare"),
    "nbtrack.widgets.curves.widget": ("Curves", "curves"),
    "nbtrack.widgets.chart.widget": (
        "Contour",
        "Importance",
        "Scatter",
        "contour",
        "importance",
        "scatter",
    ),
    "nbtrack.widgets.lineage.answer": ("Lineage", "lineage"),
    "nbtrack.widgets.parallel.widget": ("ParallelCoordinates", "parallel"),
    "nbtrack.widgets.registry.widget": ("RegistryPanel",),
    "nbtrack.widgets.run_table.widget": ("RunTable",),
    "nbtrack.widgets.run_view.widget": ("RunView",),
    "nbtrack.widgets.runs": ("runs",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ArtifactBrowser",
    "Board",
    "Comparison",
    "Contour",
    "Curves",
    "Dataset",
    "Importance",
    "Lineage",
    "NbtrackError",
    "ParallelCoordinates",
    "PythonModel",
    "Registry",
    "RegistryPanel",
    "Run",
    "RunTable",
    "RunView",
    "Scatter",
    "active_run",
    "autolog",
    "board",
    "browse_artifacts",
    "compare",
    "contour",
    "curves",
    "dataset",
    "delete_board",
    "delete_experiment",
    "delete_run",
    "delete_tag",
    "diff",
    "download_artifacts",
    "end_run",
    "export_environment",
    "export_mlflow",
    "export_parquet",
    "get_run",
    "import_mlflow",
    "import_table",
    "import_tensorboard",
    "import_wandb",
    "importance",
    "infer_signature",
    "lineage",
    "list_artifacts",
    "list_boards",
    "list_experiments",
    "load_dict",
    "load_image",
    "load_ipython_extension",
    "load_model",
    "load_table",
    "load_text",
    "log",
    "log_artifact",
    "log_artifacts",
    "log_audio",
    "log_dict",
    "log_figure",
    "log_html",
    "log_image",
    "log_input",
    "log_metric",
    "log_metrics",
    "log_model",
    "log_param",
    "log_params",
    "log_table",
    "log_text",
    "open_board",
    "parallel",
    "purge",
    "pyfunc",
    "register_model",
    "rename_experiment",
    "replay",
    "restore_experiment",
    "restore_run",
    "run",
    "runs",
    "save_model",
    "scatter",
    "search_model_versions",
    "search_registered_models",
    "search_runs",
    "set_experiment",
    "set_note",
    "set_store",
    "set_tag",
    "set_tags",
    "sql",
    "start_run",
    "transition_stage",
    "unload_ipython_extension",
    "why",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("nbtrack")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'nbtrack' has no attribute {name!r}")
    # Whoever has a run got it through here, and may show it.
    import_module("nbtrack.widgets.run_view.showing").show_runs_in_tabs()
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__"})

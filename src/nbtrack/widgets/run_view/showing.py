"""Gives runs their view in a notebook, where `tracking`, which makes them, knows no widgets.

IPython asks its formatters before it asks an object how it shows itself. They are
told of the classes by name, so that nothing is imported until a run is shown.
"""

from __future__ import annotations

import sys
from typing import Any

_CLASSES = (("nbtrack.tracking.stored", "StoredRun"), ("nbtrack.tracking.run", "Run"))


def show_runs_in_tabs() -> None:
    """Let the notebook's shell, if this is one, show a run as its last value in tabs."""
    interactive = sys.modules.get("IPython")
    shell: Any = interactive.get_ipython() if interactive else None
    # A console gets the text that a run has by itself.
    if not hasattr(shell, "kernel"):
        return
    bundles = shell.display_formatter.mimebundle_formatter
    for module, name in _CLASSES:
        bundles.for_type_by_name(module, name, _bundle)


def _bundle(run: Any) -> Any:
    from nbtrack.store import Store

    # Another rank's run keeps nothing that could be shown.
    if not isinstance(run.store, Store):
        return None
    from nbtrack.widgets.run_view.widget import RunView

    return RunView(run)._repr_mimebundle_()

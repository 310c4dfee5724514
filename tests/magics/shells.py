"""IPython in this process, as a notebook's kernel has it, without the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nbtrack.tracking import active


@contextmanager
def open_shell() -> Iterator[InteractiveShell]:
    """A shell with the extension loaded; afterwards no run is open, and no name is left."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    shell.extension_manager.load_extension("nbtrack")
    try:
        yield shell
    finally:
        for run in active.open_runs():
            run.end()
        shell.extension_manager.unload_extension("nbtrack")
        shell.run_line_magic("reset", "-f")
        InteractiveShell.clear_instance()

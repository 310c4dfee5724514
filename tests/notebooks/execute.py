"""Executes a notebook in place, on a fresh store: ``python -m tests.notebooks.execute NOTEBOOK``.

As ``jupyter execute --inplace``, but that nbtrack learns the notebook's name, as
it does in JupyterLab, and that nothing is stored that differs from time to time
and that nobody reads: the widgets' state, when each cell ran, which Python ran it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def execute(path: Path) -> None:
    """Run every cell of the notebook, and write it back with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        # In a folder of its own: what is not committed here is no part of the example.
        client = NotebookClient(
            notebook,
            resources={"metadata": {"path": folder}},
            coalesce_streams=True,
            record_timing=False,
            store_widget_state=False,
        )
        session = {
            "NBTRACK_STORE": f"{folder}/.nbtrack",
            "JPY_SESSION_NAME": f"{folder}/{path.name}",
        }
        client.execute(env={**os.environ, **session})
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)


if __name__ == "__main__":
    execute(Path(sys.argv[1]))

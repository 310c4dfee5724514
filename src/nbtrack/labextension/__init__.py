"""The JupyterLab extension: outputs show their html when their kernel is gone.

Its code is in ``js/src/labextension``; a build puts it into ``static``. A wheel
installs it under ``share/jupyter/labextensions``, where JupyterLab looks.
"""

from __future__ import annotations


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the built extension is in this package, for tools that look for extensions there."""
    return [{"src": "static", "dest": "nbtrack"}]

"""``%%track`` in the notebook, loaded with ``%load_ext nbtrack``.

``transform`` and ``line`` read the magic's line, ``hooks`` sees cells begin and
end, ``cell`` tracks one, ``commands`` is ``%track`` on a line of its own.
"""

from __future__ import annotations

from typing import Any

# The extension of each shell that has one. IPython keeps none of what it loads.
_loaded: dict[int, Any] = {}


def load_ipython_extension(shell: Any) -> None:
    """Register the magics, the hooks and the completions with ``shell``; twice is once."""
    from nbtrack.magics.extension import Extension

    if id(shell) not in _loaded:
        extension = Extension(shell)
        extension.register()
        _loaded[id(shell)] = extension


def unload_ipython_extension(shell: Any) -> None:
    """Take out of ``shell`` all that was put there."""
    extension = _loaded.pop(id(shell), None)
    if extension is not None:
        extension.unregister()

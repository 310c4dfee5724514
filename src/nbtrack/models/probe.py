"""The fresh process of `requirements`: load the model, predict on its example, tell the imports.

``python -m nbtrack.models.probe FOLDER ANSWER``. The folder was written a moment ago
by the process that starts this one, so that what it brings may run.
"""

from __future__ import annotations

import builtins
import importlib
import json
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

# They import for others: what they ask for, in the way told, is what the model holds.
_MESSENGERS = {"cloudpickle": "import", "skops": "import_module"}

# What nbtrack itself works with, which says nothing of the model.
_OWN = {"nbtrack", "yaml", "numpy", "pyarrow", "duckdb", "msgspec", "mlflow"}


def main(folder: str, answer: str) -> None:
    """Write to ``answer`` which modules were asked for, and which are loaded, as JSON."""
    from nbtrack.models.example import read_example
    from nbtrack.models.loading import load_pyfunc

    asked: set[str] = set()
    watch_imports(asked)
    model = load_pyfunc(folder, trusted=True)
    example = read_example(model.bundle)
    if example is not None:
        model.predict(example[0], params=example[1])
    loaded = {name.partition(".")[0] for name, module in [*sys.modules.items()] if module}
    told = {
        "asked": sorted(asked - sys.stdlib_module_names),
        "loaded": sorted(loaded - sys.stdlib_module_names),
    }
    Path(answer).write_text(json.dumps(told), encoding="utf-8")


def watch_imports(asked: set[str]) -> None:
    """From here on, add to ``asked`` what is imported by no package's code."""
    packaged = metadata.packages_distributions().keys() - {"nbtrack"}
    import_, import_module = builtins.__import__, importlib.import_module

    def note(imported: str, frame_globals: Any, way: str) -> None:
        importer = str((frame_globals or {}).get("__name__") or "").partition(".")[0]
        root = imported.partition(".")[0]
        if importer == "nbtrack":
            is_need = root not in _OWN
        elif importer in packaged:
            is_need = _MESSENGERS.get(importer) == way
        else:
            # Without a name it is text that some package executes.
            is_need = importer != "" and importer not in sys.stdlib_module_names - {"__main__"}
        if is_need:
            asked.add(root)

    def watched_import(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        if level == 0:
            note(name, globals, "import")
        return import_(name, globals, locals, fromlist, level)

    def watched_import_module(name: str, package: str | None = None) -> Any:
        if not name.startswith("."):
            note(name, sys._getframe(1).f_globals, "import_module")
        return import_module(name, package)

    builtins.__import__ = watched_import
    importlib.import_module = watched_import_module


if __name__ == "__main__":
    main(*sys.argv[1:])

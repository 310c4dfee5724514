"""The replay's notebook, executed in a kernel of a Python of choice, by a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbtrack.errors import MissingExtra
from nbtrack.provenance.replay.workplace import Workplace

_KERNEL = "nbtrack-replay"


def run_notebook(
    document: dict[str, Any],
    place: Workplace,
    python: Path,
    timeout_s: float | None,
    said: Callable[[str], None],
) -> str:
    """Run every cell in a kernel of ``python``; why that failed, or nothing.

    Raises `MissingExtra` where nbclient or ipykernel is not installed.
    """
    if not all(importlib.util.find_spec(name) for name in ("nbclient", "ipykernel")):
        raise MissingExtra("A replay needs nbclient: python -m pip install 'nbtrack[replay]'")
    notebook = place.folder / "replay.ipynb"
    notebook.write_text(json.dumps(document), encoding="utf-8")
    program = [sys.executable, "-m", "nbtrack.provenance.replay.execute"]
    running = subprocess.Popen(
        [*program, str(notebook), str(place.cwd), _KERNEL, str(timeout_s or 0)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=_environment(place, _kernels_of(place, python)),
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    with running:
        try:
            return _listen(running, said)
        except BaseException:
            # Its kernel ends with it.
            running.kill()
            raise


def _kernels_of(place: Workplace, python: Path) -> Path:
    """A folder for ``JUPYTER_PATH`` with one kernel: whatever others a machine has, it is this."""
    shared = place.folder / "jupyter"
    folder = shared / "kernels" / _KERNEL
    folder.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    told = {"argv": command, "display_name": "Replay", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(told), encoding="utf-8")
    return shared


def _listen(running: subprocess.Popen[str], said: Callable[[str], None]) -> str:
    failure = ""
    assert running.stdout is not None
    assert running.stderr is not None
    # What it says on stderr must not fill the pipe while its progress is read.
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.extend(running.stderr or ()), daemon=True)
    reader.start()
    for line in running.stdout:
        with suppress(ValueError):
            told = json.loads(line)
            failure = told.get("failure", failure)
            if doing := told.get("doing"):
                said(doing)
    reader.join()
    if running.wait() and not failure:
        last = next((line.strip() for line in reversed(errors) if line.strip()), "no reason told")
        failure = f"The kernel could not be run: {last}"
    return failure


def _environment(place: Workplace, kernels: Path) -> dict[str, str]:
    """This process's variables, with those that were recorded, and a store of its own."""
    recorded = place.recipe.variables
    kept = {name: value for name, value in recorded.items() if "[redacted]" not in value}
    hidden = ("JPY_SESSION_NAME", "JPY_PARENT_PID")
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    paths = [str(kernels), inherited.get("JUPYTER_PATH", "")]
    own = {"NBTRACK_STORE": str(place.store), "JUPYTER_PATH": os.pathsep.join(filter(None, paths))}
    return {**inherited, **kept, **own}

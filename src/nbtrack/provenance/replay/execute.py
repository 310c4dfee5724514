"""Executes a notebook and tells how it goes, a line of JSON at a time: run as a module.

``python -m nbtrack.provenance.replay.execute NOTEBOOK FOLDER KERNEL TIMEOUT_S`` is a process of its
own, so that an interrupt can end it, and no event loop or socket is left in the user's.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def main(notebook: str, folder: str, kernel: str, timeout_s: str) -> None:
    """Run every cell of the notebook in a fresh kernel of that name, in ``folder``."""
    # jsonschema takes this up where it is installed, and it takes 0.8 s to read its grammar.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    text = Path(notebook).read_text(encoding="utf-8")
    document = nbformat.from_dict(json.loads(text))  # type: ignore[no-untyped-call]
    total = sum(cell.cell_type == "code" for cell in document.cells)
    running: list[Any] = []

    def begin(cell: Any, cell_index: int) -> None:
        running.append(cell)
        _tell(doing=f"cell {cell_index} of {total}: {first_line(cell.source)}")

    client = NotebookClient(
        document,
        timeout=int(float(timeout_s)) or None,
        kernel_name=kernel,
        resources={"metadata": {"path": folder}},
    )
    client.on_cell_execute = begin
    try:
        client.execute()
    except CellExecutionError as error:
        what = _COLOURS.sub("", f"{error.ename}: {error.evalue}")
        _tell(failure=f"A cell failed: {what} (in `{first_line(running[-1].source)}`).")
    except CellTimeoutError:
        _tell(failure=f"The cell `{first_line(running[-1].source)}` took more than {timeout_s} s.")
    except DeadKernelError:
        _tell(failure=f"The kernel died in `{first_line(running[-1].source)}`.")


def first_line(source: str) -> str:
    """The first line of a cell that does something."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    line = next((each for each in lines if not each.startswith(("%%", "#"))), (lines or [""])[0])
    return line if len(line) <= 60 else f"{line[:59]}…"


def _tell(**what: str) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Which notebook or script is running, as far as its front end says so."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Program:
    """The file that the user is working in.

    ``path`` is absolute, or ``None`` where nobody tells it: under nbclient and
    ``jupyter execute`` a kernel learns no more than its folder.
    """

    kind: Literal["notebook", "script", "console"]
    path: Path | None

    @property
    def title(self) -> str:
        """What to call work done here: the file's name without its ending, else the folder's."""
        return self.path.stem if self.path else Path.cwd().name or "notebook"


def running_program() -> Program:
    """The program of this process. JupyterLab and Notebook tell a kernel its notebook
    through ``JPY_SESSION_NAME``, VS Code through ``__vsc_ipynb_file__``, papermill not at all.
    """
    shell = _shell()
    if shell is not None:
        vscode = getattr(shell, "user_ns", {}).get("__vsc_ipynb_file__")
        told = vscode or os.environ.get("JPY_SESSION_NAME")
        if told and str(told).endswith(".ipynb"):
            # A session's name may be relative to the server's root, which the kernel does not know;
            # its working folder is the notebook's own unless the user moved.
            path = Path(str(told))
            return Program("notebook", path if path.is_absolute() else Path.cwd() / path.name)
        return Program("notebook" if hasattr(shell, "kernel") else "console", None)
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if main:
        return Program("script", Path(main).absolute())
    return Program("console", None)


def is_in_shell() -> bool:
    """Whether this process is a notebook's kernel or IPython in a terminal."""
    return _shell() is not None


def _shell() -> object | None:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None

"""Whether it is a notebook that asks how something shows itself."""

from __future__ import annotations

import sys


def has_kernel() -> bool:
    """Whether a notebook's kernel is asking, rather than a console."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive else None
    return hasattr(shell, "kernel")

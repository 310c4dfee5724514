"""Importing Altair in a fourth of the time that it takes beside JupyterLab.

Altair imports jsonschema, and that ``rfc3987_syntax`` where it is installed, as it is with
JupyterLab: a parser of web addresses that is built while it is imported, for 2.5 of the 3
seconds. jsonschema calls one function of it, for the format "iri". Here that function
imports the parser when it is first called.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType

_PARSER = "rfc3987_syntax"


def import_altair() -> None:
    """Import Altair. Raises ``ImportError`` where it is not installed."""
    if "jsonschema" in sys.modules or _PARSER in sys.modules or find_spec(_PARSER) is None:
        import altair

        return
    later = ModuleType(_PARSER)
    later.is_valid_syntax = _is_valid_syntax  # type: ignore[attr-defined]
    sys.modules[_PARSER] = later
    try:
        import altair  # noqa: F401
    finally:
        del sys.modules[_PARSER]


def _is_valid_syntax(term: str, value: str) -> bool:
    from rfc3987_syntax import is_valid_syntax

    return bool(is_valid_syntax(term, value))

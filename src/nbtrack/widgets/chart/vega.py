"""Vega for the browser, in a model of its own that every chart of this process names.

A page loads it from there once (``js/src/chart/vega_library.ts``). In each chart's own
state it would be sent, and saved with the notebook, as often as there are charts.
"""

from __future__ import annotations

import gzip
from functools import cache
from hashlib import sha256

import anywidget
import traitlets

from nbtrack.widgets.live import built


class VegaLibrary(anywidget.AnyWidget):
    """An ES module as gzip makes it: 0.8 MB are 0.27 MB."""

    _esm = "export default {};"

    source = traitlets.Bytes().tag(sync=True)


def vega_library() -> VegaLibrary:
    """The one of this process; another where somebody has closed it."""
    library = _library()
    if library.comm is None:
        _library.cache_clear()
        library = _library()
    return library


@cache
def vega_build() -> str:
    """What tells this build from others that may be on the page."""
    return sha256(built("vega.js").read_bytes()).hexdigest()[:16]


@cache
def _library() -> VegaLibrary:
    return VegaLibrary(source=gzip.compress(built("vega.js").read_bytes(), 6))

"""What a browser does with a widget, done from Python."""

from __future__ import annotations

import pyarrow

VIEW = "application/vnd.jupyter.widget-view+json"
HOSTILE = "<img src=x onerror=alert(1)> \"quoted\" 'x' `tick` 🦦 שלום"


def say(widget, **intent):
    """Send an intent as the browser would; the answer, and the buffers beside it."""
    answers = []
    widget.send = lambda content, buffers=None: answers.append((content, buffers))
    widget._handle_custom_msg({"id": "1", **intent}, [])
    return answers[-1]


def curves(snapshot):
    """The curves of a snapshot as (run, key): values."""
    table = pyarrow.ipc.open_stream(snapshot["curves"]).read_all()
    return {(row["run_id"], row["key"]): row["values"] for row in table.to_pylist()}

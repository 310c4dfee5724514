"""One run in full, as the detail panel takes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nbtrack.events import short_id
from nbtrack.widgets.thinning import thin
from nbtrack.widgets.wire import ipc_bytes, json_number

if TYPE_CHECKING:
    from nbtrack.store import RunDetail, Store

CURVE_POINTS = 300
MAX_CURVES = 30
MAX_TEXT_CHARS = 60_000

# Shown elsewhere, or too long to be read in a panel.
_LEFT_OUT = ("packages",)


def detail_answer(store: Store, run_id: str) -> tuple[dict[str, object], list[bytes]]:
    """The run as JSON, and one Arrow buffer (step, value) per metric, in order.

    A metric of a single point has an empty buffer. Raises `RunNotFound`.
    """
    from nbtrack.store import metric_history, run_detail

    run = run_detail(store, run_id)
    buffers = []
    for place, metric in enumerate(run.metrics):
        if metric.count < 2 or place >= MAX_CURVES:
            buffers.append(b"")
            continue
        history = metric_history(store, run_id, metric.key)
        buffers.append(ipc_bytes(thin(history, points=CURVE_POINTS)))
    return _as_json(store, run), buffers


def _as_json(store: Store, run: RunDetail) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "short_id": short_id(run.run_id),
        "name": run.name,
        "status": run.status,
        "experiment": run.experiment,
        "started_ms": _milliseconds(run.started),
        "ended_ms": _milliseconds(run.ended),
        "duration_s": run.duration_s,
        "note": run.note,
        "params": [{"key": p.key, "value": p.value or "None"} for p in run.params],
        "metrics": [
            {
                "key": m.key,
                "value": json_number(m.value),
                "count": m.count,
                "min": json_number(m.min),
                "max": json_number(m.max),
                "last_step": m.step,
            }
            for m in run.metrics
        ],
        "tags": dict(run.tags),
        "facts": dict(run.facts),
        "texts": _texts(store, run),
    }


def _texts(store: Store, run: RunDetail) -> list[dict[str, object]]:
    from nbtrack.store import run_text

    texts = []
    for role in run.texts:
        if role in _LEFT_OUT:
            continue
        text = run_text(store, run.run_id, role)
        cut = len(text) > MAX_TEXT_CHARS
        texts.append({"role": role, "text": text[:MAX_TEXT_CHARS], "cut": cut})
    return texts


def _milliseconds(moment: datetime | None) -> float | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC).timestamp() * 1000

"""One run in full, as the detail panel takes it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nbtrack.artifacts import ArtifactFolder
from nbtrack.errors import ArtifactDamaged, ArtifactMissing
from nbtrack.events import short_id
from nbtrack.tracking.handle import ARTIFACTS
from nbtrack.widgets.run_table.thinning import thin
from nbtrack.widgets.wire import ipc_bytes, json_number

if TYPE_CHECKING:
    from nbtrack.store import RunDetail, Store

CURVE_POINTS = 300
MAX_CURVES = 30
MAX_TEXT_CHARS = 60_000

MAX_FIGURES = 8
MAX_FIGURE_BYTES = 2 << 20

# What a panel shows of the texts, in this order; the others are for replays.
_SHOWN_TEXTS = ("traceback", "source", "stdout", "stderr", "git.diff")
_TOLD_FACTS = ("verdict.blames", "replayed", "session.slice", "cell.lines")
_DRAWN = ("image/png", "image/jpeg", "image/svg+xml")


def detail_answer(store: Store, run_id: str) -> tuple[dict[str, object], list[bytes]]:
    """The run as JSON, and one Arrow buffer (step, value) per metric, then one per figure.

    A metric of a single point has an empty buffer. Raises `RunNotFound`.
    """
    from nbtrack.store import metric_history, run_artifacts, run_detail

    run = run_detail(store, run_id)
    buffers = []
    for place, metric in enumerate(run.metrics):
        if metric.count < 2 or place >= MAX_CURVES:
            buffers.append(b"")
            continue
        history = metric_history(store, run_id, metric.key)
        buffers.append(ipc_bytes(thin(history, points=CURVE_POINTS)))
    content = _as_json(store, run)
    files = run_artifacts(store, run.run_id)
    drawn = [
        file for file in files if file.media_type in _DRAWN and file.size_bytes <= MAX_FIGURE_BYTES
    ][:MAX_FIGURES]
    kept = ArtifactFolder(store.path / ARTIFACTS)
    figures = []
    for file in drawn:
        with suppress(ArtifactMissing, ArtifactDamaged):
            buffers.append(kept.read(file.digest))
            figures.append({"path": file.path, "media_type": file.media_type})
    content["figures"] = figures
    content["files"] = [{"path": file.path, "size_bytes": file.size_bytes} for file in files]
    return content, buffers


def _as_json(store: Store, run: RunDetail) -> dict[str, object]:
    from nbtrack.store import run_inputs

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
        "facts": {k: v for k, v in run.facts.items() if k not in _TOLD_FACTS},
        "verdict": run.verdict,
        "blames": [blame["reason"] for blame in json.loads(run.facts.get("verdict.blames", "[]"))],
        "replayed": run.facts.get("replayed"),
        "inputs": [
            {
                "name": each.name,
                "kind": each.kind,
                "shape": each.shape,
                "digest": each.digest[:8],
                "note": each.note,
            }
            for each in run_inputs(store, run.run_id)
        ],
        "texts": _texts(store, run),
    }


def _texts(store: Store, run: RunDetail) -> list[dict[str, object]]:
    from nbtrack.store import run_text

    texts = []
    for role in _SHOWN_TEXTS:
        if role not in run.texts:
            continue
        text = run_text(store, run.run_id, role)
        cut = len(text) > MAX_TEXT_CHARS
        texts.append({"role": role, "text": text[:MAX_TEXT_CHARS], "cut": cut})
    return texts


def _milliseconds(moment: datetime | None) -> float | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC).timestamp() * 1000

"""One run in full, as the table's panel, its own tabs and a comparison take it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nbtrack.errors import ArtifactDamaged, ArtifactMissing, ArtifactsUnavailable
from nbtrack.events import short_id
from nbtrack.tracking.files.places import artifacts_of
from nbtrack.widgets.wire import Answer, ipc_bytes, json_number

if TYPE_CHECKING:
    from nbtrack.provenance.recipe import Recipe
    from nbtrack.store import RunDetail, Store, StoredArtifact

CURVE_POINTS = 300
MAX_CURVES = 60
MAX_TEXT_CHARS = 60_000
MAX_FILES = 5_000

MAX_FIGURES = 8
MAX_FIGURE_BYTES = 2 << 20

SYSTEM = "system/"

# What a page shows of the texts, in this order; the others are for replays.
_SHOWN_TEXTS = ("traceback", "source", "stdout", "stderr", "git.diff")
_TOLD_FACTS = ("verdict.blames", "replayed", "session.slice", "cell.lines")
# What browsers draw without a script of ours.
DRAWN_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")


def run_json(recipe: Recipe, files: Sequence[StoredArtifact]) -> dict[str, object]:
    """The run as JSON; ``js/src/base/run.ts`` has its shape."""
    run = recipe.run
    return {
        "run_id": run.run_id,
        "short_id": short_id(run.run_id),
        "name": run.name,
        "status": run.status,
        "experiment": run.experiment,
        "started_ms": milliseconds(run.started),
        "ended_ms": milliseconds(run.ended),
        "duration_s": run.duration_s,
        "user": run.user,
        "host": run.host,
        "program": run.source,
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
        "blames": recipe.blames,
        "replayed": run.facts.get("replayed"),
        "inputs": [
            {
                "name": each.name,
                "kind": each.kind,
                "shape": each.shape,
                "digest": each.digest[:8],
                "note": each.note,
            }
            for each in recipe.inputs
        ],
        "texts": [
            {"role": role, **cut_text(recipe.texts[role])}
            for role in _SHOWN_TEXTS
            if role in recipe.texts
        ],
        **files_json(files),
    }


def files_json(files: Sequence[StoredArtifact]) -> dict[str, object]:
    """The first files as JSON, and how many more there are."""
    return {
        "files": [
            {
                "path": file.path,
                "size_bytes": file.size_bytes,
                "media_type": file.media_type,
                "digest": file.digest,
                "is_drawn": is_drawn(file),
            }
            for file in files[:MAX_FILES]
        ],
        "files_left_out": max(0, len(files) - MAX_FILES),
    }


def detail_answer(store: Store, run_id: str) -> Answer:
    """The run as JSON, and as buffers its curves (run_id, key, steps, values), then its figures.

    Raises `RunNotFound`.
    """
    from nbtrack.provenance.recipe import recipe_of
    from nbtrack.store import run_artifacts

    recipe = recipe_of(store, run_id)
    files = run_artifacts(store, run_id)
    figures = list(drawn_files(store, files))
    content = run_json(recipe, files)
    content["figures"] = [{"path": file.path, "media_type": file.media_type} for file, _ in figures]
    buffers = [curves_ipc(store, [run_id], curve_keys(recipe.run))]
    return Answer({"kind": "detail", "detail": content}, [*buffers, *(data for _, data in figures)])


def curve_keys(run: RunDetail) -> list[str]:
    """The metrics of a run that have a curve, at most `MAX_CURVES`, the machine's own last."""
    keys = [metric.key for metric in run.metrics if metric.count > 1]
    return sorted(keys, key=lambda key: key.startswith(SYSTEM))[:MAX_CURVES]


def curves_ipc(store: Store, run_ids: Sequence[str], keys: Sequence[str]) -> bytes:
    """Curves as the browser draws them: run_id, key, steps and values as Arrow IPC."""
    from nbtrack.store import listed_curves

    return ipc_bytes(listed_curves(store, run_ids, keys, points=CURVE_POINTS))


def is_drawn(file: StoredArtifact) -> bool:
    """Whether a page shows the file as a picture."""
    return file.media_type in DRAWN_TYPES and file.size_bytes <= MAX_FIGURE_BYTES


def drawn_files(
    store: Store, files: Iterable[StoredArtifact], limit: int = MAX_FIGURES
) -> Iterable[tuple[StoredArtifact, bytes]]:
    """The first pictures among ``files`` with their bytes; what is gone from the disk is not."""
    kept = artifacts_of(store)
    for file in [file for file in files if is_drawn(file)][:limit]:
        with suppress(ArtifactMissing, ArtifactDamaged, ArtifactsUnavailable):
            yield file, kept.read(file.digest)


def cut_text(text: str, limit: int = MAX_TEXT_CHARS) -> dict[str, object]:
    """A long text as JSON: its beginning, and whether that is not all."""
    return {"text": text[:limit], "cut": len(text) > limit}


def milliseconds(moment: datetime | None) -> float | None:
    """A moment, in UTC without a zone, as browsers count."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC).timestamp() * 1000


def size_text(size_bytes: int) -> str:
    """``312 bytes``, ``4.2 kB``, ``1.3 MB``."""
    if size_bytes < 1000:
        return f"{size_bytes} byte{'' if size_bytes == 1 else 's'}"
    power = min(len(str(size_bytes)) - 1, 9) // 3
    return f"{size_bytes / 1000**power:.1f} {('kB', 'MB', 'GB')[power - 1]}"

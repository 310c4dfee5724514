"""What keeping a large file costs, beside writing and hashing as many bytes."""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbtrack
from tests.bench.figure import Figure

_MB = 100
_TURNS = 7


def bench_keeping_a_large_file() -> list[Figure]:
    """Keep 100 MB: copied, moved as a model is, and fetched again."""
    data = os.urandom(_MB << 20)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        nbtrack.set_store(root / ".nbtrack")
        written, copied, moved, fetched = [], [], [], []
        with nbtrack.run("bench") as run:
            for turn in range(_TURNS):
                # No two turns keep the same bytes.
                fresh = turn.to_bytes(8, "big") + data[8:]
                source = root / f"{turn}.bin"
                written.append(_seconds(lambda s=source, d=fresh: _write_and_hash(s, d)))
                copied.append(_seconds(lambda s=source: run.log_artifact(s)))
                fetched.append(
                    _seconds(lambda s=source: run.download_artifacts(s.name, root / "back"))
                )
                source.unlink()
                model = root / "model"
                model.mkdir()
                other = b"model" + fresh[5:]

                def log_model(model=model, other=other):
                    (model / "model.bin").write_bytes(other)
                    run.log_artifacts(model, "model", move=True)

                moved.append(_seconds(log_model))
                model.rmdir()
        floor = statistics.median(written) * 1000
    rows = [
        ("log_artifact of 100 MB", copied, f"<= {floor * 1.3:.0f}"),
        ("write and log_artifacts(move=True) of 100 MB", moved, f"<= {floor * 1.3:.0f}"),
        ("download_artifacts of 100 MB", fetched, ""),
    ]
    return [
        Figure(name, statistics.median(times) * 1000, floor, "ms", target)
        for name, times, target in rows
    ]


def _write_and_hash(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    hashlib.blake2b(data, digest_size=32).hexdigest()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started

"""A run that the real W&B recorded without a network."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.models.other_python import mlflow_python

PROGRAM = """
import numpy, wandb

with wandb.init(
    project="proj",
    name="first",
    entity="me",
    tags=["x", "y"],
    notes="some notes",
    group="g",
    job_type="train",
    config={"lr": 0.1, "opt": {"name": "sgd", "n": [1, 2]}, "flag": True, "none": None},
) as run:
    for i in range(5):
        run.log({"loss": 1 / (i + 1), "nested": {"a": i}, "text": "abc"})
    run.log({"im": wandb.Image(numpy.zeros((4, 4, 3), "uint8")), "loss": float("nan")})
    run.log({"h": wandb.Histogram([1, 2, 3])})
    run.log({"tb": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])})
    run.define_metric("acc", summary="max,mean")
    for acc in (0.5, 0.9, 0.7):
        run.log({"acc": acc}, commit=False)
        run.log({"epoch": acc * 10, "on": True, "gone": None})
    run.log({"later": 3}, step=20)
    run.log({"later": 4}, step=20)
    run.log({"wide": numpy.arange(50), "one": numpy.float32(2.5)}, step=21)
    run.log({"closes": 1})
    run.log({"early": 1}, step=5)
    run.log({"none": 1}, step=30)
    run.log({"none": 2})
    run.log({"after": 1})
    run.summary["best"] = 0.2
    run.config.update({"late": 5})
    print("hello out")
"""


@cache
def recorded() -> Path:
    """The folder of a run that W&B recorded offline, made once in a process; not to be changed."""
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-wandb-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    quiet = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DATA_DIR": str(folder)}
    done = subprocess.run(
        [str(mlflow_python().executable), "-c", PROGRAM],
        cwd=folder,
        env={**os.environ, **quiet, "WANDB_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    [run] = folder.glob("wandb/offline-run-*")
    return run

"""How the run beside this was recorded: ``python record.py`` with wandb 0.31 and Pillow."""

import os

os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_DATA_DIR="data")
import numpy
import wandb

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
    run.log({"later": 3}, step=20)
    run.summary["best"] = 0.2
    run.config.update({"late": 5})
    print("hello out")

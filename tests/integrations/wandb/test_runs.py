"""Runs as W&B's scripts begin, configure, resume and end them."""

from __future__ import annotations

import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import nbtrack
import nbtrack.integrations.wandb as wandb
from nbtrack.errors import InvalidValue, ParamConflict, RunIsOver, RunNotFound


@pytest.fixture(autouse=True)
def _ended(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("MODE", "PROJECT", "RUN_ID", "RESUME", "NAME", "TAGS"):
        monkeypatch.delenv(f"WANDB_{name}", raising=False)
    yield
    wandb.finish()


def test_what_needs_a_run_says_so() -> None:
    assert wandb.run is None
    for call in (lambda: wandb.log({"a": 1}), lambda: wandb.config, lambda: wandb.save("x")):
        with pytest.raises(InvalidValue, match=r"call wandb.init\(\) before"):
            call()
    with pytest.raises(AttributeError, match=r"nbtrack has no wandb.sweep: it tracks runs"):
        wandb.sweep({})


def test_config_is_read_and_written_as_attributes_and_items(tmp_path: Path) -> None:
    run = wandb.init(project="p", config=Namespace(lr=0.1, net={"depth": 3}))
    wandb.config.batch = 32
    wandb.config["seed"] = 1
    wandb.config.setdefaults({"seed": 7, "more": True})
    with pytest.raises(ParamConflict, match="already '32'"):
        wandb.config.batch = 64
    wandb.config.update({"batch": 64}, allow_val_change=True)
    assert (wandb.config.net["depth"], wandb.config.get("lr"), wandb.config["batch"]) == (
        3,
        0.1,
        64,
    )
    with pytest.raises(AttributeError, match="no 'absent'"):
        _ = wandb.config.absent
    wandb.finish()
    assert nbtrack.get_run(run.name).params == {
        "lr": 0.1,
        "net.depth": 3,
        "batch": 64,
        "seed": 1,
        "more": True,
    }
    with pytest.raises(RunIsOver):
        run.log({"a": 1})


def test_run_is_the_current_one_and_is_returned_until_it_ends() -> None:
    with wandb.init(project="p", name="one") as run:
        assert wandb.init() is run
        nbtrack.log(direct=1.5)
        second = wandb.init(name="two", reinit="create_new")
        assert wandb.run is run
        second.finish(exit_code=1)
        wandb.log({"a": 1})
        assert wandb.summary["a"] == 1
        third = wandb.init(name="three", reinit=True)
        assert wandb.run is third
    assert nbtrack.get_run("one").metrics == {"direct": 1.5, "a": 1.0}
    assert nbtrack.get_run("two").status == "failed"


def test_run_that_raises_has_failed_and_keeps_the_row_that_goes_on() -> None:
    with pytest.raises(ZeroDivisionError), wandb.init(name="broken"):
        wandb.log({"a": 1}, step=4)
        _ = 1 / 0
    run = nbtrack.get_run("broken")
    assert (run.status, run.history("a").arrow()["step"].to_pylist()) == ("failed", [4])


def test_killed_process_loses_nothing_of_the_row_that_goes_on(place: Path) -> None:
    script = """
import os, signal, sys, nbtrack
import nbtrack.integrations.wandb as wandb
nbtrack.set_store(sys.argv[1])
wandb.init(name="open")
wandb.log({"loss": 0.5}, step=3)
wandb.log({"accuracy": 0.75}, commit=False)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script, str(place)])
    assert done.returncode == -signal.SIGKILL
    run = nbtrack.get_run("open")
    assert (run.status, run.metrics) == ("killed", {"loss": 0.5, "accuracy": 0.75})
    assert run.history("accuracy").arrow()["step"].to_pylist() == [3]


def test_run_is_resumed_by_its_id() -> None:
    for turn in range(2):
        with wandb.init(project="p", id="abc", resume="allow", config={"turn": turn}) as run:
            assert (run.id, run.resumed, run.step) == ("abc", bool(turn), 3 * turn)
            for step in range(3):
                run.log({"a": step, "note": f"{turn}"})
    assert run.config["turn"] == 1
    run = nbtrack.get_run("abc")
    assert run.history("a").arrow()["step"].to_pylist() == [0, 1, 2, 3, 4, 5]
    assert [row["text"] for row in run.load_table("text/note.json")] == list("000111")
    with pytest.raises(RunNotFound, match="has the id 'xyz'"):
        wandb.init(project="p", id="xyz", resume="must")
    with pytest.raises(InvalidValue, match="has the id 'abc' already"):
        wandb.init(project="p", id="abc", resume="never")


def test_disabled_run_records_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with wandb.init(project="p", config={"a": 1}, tags=["x"]) as run:
        run.log({"b": 1, "im": wandb.Image(np.zeros((2, 2)))})
        run.log({"c": 1}, step=7)
        assert (run.config.a, run.summary["b"], run.step) == (1, 1, 7)
    assert len(nbtrack.search_runs(output_format="list", search_all_experiments=True)) == 0


def test_media_tables_files_and_artifacts_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("first")
    with wandb.init(name="rich") as run:
        image = wandb.Image(torch.full((3, 2, 2), 0.5), caption="half")
        run.log({"im": [image, wandb.Image(np.full((2, 2), -1.0))]})
        run.log(
            {"tone": wandb.Audio(np.zeros(8), sample_rate=8000), "page": wandb.Html("<b>x</b>")}
        )
        table = wandb.Table(columns=["n", "picture"])
        table.add_data(float("nan"), image)
        with pytest.raises(InvalidValue, match=r"2 columns \(n, picture\), got a row of 1"):
            table.add_data(1)
        run.log({"t": table})
        assert wandb.save("out/*.txt") == ["out/a.txt"]
        (tmp_path / "out" / "a.txt").write_text("last")
        (Path(run.dir) / "weights.bin").write_bytes(b"w")
        artifact = wandb.Artifact("data", type="dataset", metadata={"n": 3})
        artifact.add_file("out/a.txt", name="inner/b.txt")
        with artifact.new_file("made.txt", mode="w") as file:
            file.write("made")
        run.log_artifact(artifact).wait()
        with pytest.warns(UserWarning, match=r"leaves out 'words' \(list\)"):
            run.log({"words": ["a", "b"]})
    kept = nbtrack.get_run("rich")
    assert {path.partition("_")[0] for path in kept.artifacts} == {
        *("media/images/im", "media/images/t", "media/audio/tone", "media/html/page"),
        *(
            "media/table/t",
            "text/im.caption.json",
            "text/t.caption.json",
            "out/a.txt",
            "weights.bin",
        ),
        *("artifacts/data/inner/b.txt", "artifacts/data/made.txt", "artifacts/data.json"),
    }
    assert kept.load_text("out/a.txt") == "last"
    pixels = [
        kept.load_image(path).getpixel((0, 0))
        for path in kept.artifacts
        if path.startswith("media/images/im")
    ]
    assert sorted(map(str, pixels)) == ["(127, 127, 127)", "0"]
    [path] = [path for path in kept.artifacts if path.startswith("media/table/")]
    [row] = kept.load_table(path)
    assert row["n"] is None
    assert row["picture"] in kept.artifacts


def test_watched_module_logs_its_gradients_with_the_next_row() -> None:
    module = torch.nn.Linear(2, 1)
    with wandb.init(name="watched") as run:
        run.watch(module, log="all", log_freq=2)
        for _ in range(4):
            module(torch.ones(1, 2)).sum().backward()
            run.log({"loss": 1.0})
        run.unwatch(module)
        module(torch.ones(1, 2)).sum().backward()
        with pytest.raises(InvalidValue, match="torch module, got int"):
            run.watch(3)
    kept = nbtrack.get_run("watched")
    assert {path.removeprefix("histograms/") for path in kept.artifacts} == {
        f"{what}/{name}.parquet"
        for what in ("gradients", "parameters")
        for name in ("weight", "bias")
    }
    rows = kept.load_table("histograms/gradients/weight.parquet").arrow()
    assert rows["step"].to_pylist() == [1, 3]
    assert [sum(row) for row in rows["count"].to_pylist()] == [2, 2]


def test_script_that_just_ends_loses_nothing(place: Path) -> None:
    script = """
import sys, nbtrack
import nbtrack.integrations.wandb as wandb
from nbtrack.integrations.tensorboard import SummaryWriter
heavy = {"torch", "pandas", "pyarrow", "matplotlib", "duckdb", "numpy"} & set(sys.modules)
assert not heavy, heavy
nbtrack.set_store(sys.argv[1])
writer = SummaryWriter("runs/left")
writer.add_text("note", "hello")
wandb.init(name="open")
for name in ("a", "b"):
    open(f"{wandb.run.dir}/{name}.txt", "w").write(name)
wandb.log({"words": "abc"})
wandb.log({"held": 1, "words": "def"}, step=3)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(place)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    run = nbtrack.get_run("open")
    assert (run.status, run.metrics, list(run.artifacts)) == (
        *("finished", {"held": 1.0}, ["a.txt", "b.txt", "text/words.json"]),
    )
    assert [row["step"] for row in run.load_table("text/words.json")] == [0, 3]
    assert list(nbtrack.get_run("left").artifacts) == ["text/note/text_summary.json"]

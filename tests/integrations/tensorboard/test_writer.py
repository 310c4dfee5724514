"""What SummaryWriter does beside what importing shows."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.integrations.gathered import GatheredTables
from nbtrack.integrations.tensorboard import SummaryWriter

matplotlib.use("agg")


def names() -> dict[str, str]:
    rows = nbtrack.sql("SELECT name, experiment FROM runs").arrow().to_pylist()
    return {row["name"]: row["experiment"] for row in rows}


@pytest.mark.parametrize(
    ("folder", "name", "experiment"),
    [
        ("runs/net/lr0.1", "net/lr0.1", "runs"),
        ("./logs", "logs", "logs"),
        ("ABOVE/logs/first", "first", "logs"),
        ("s3://bucket/logs/first", "first", "logs"),
    ],
)
def test_folder_names_run_and_experiment(
    folder: str, name: str, experiment: str, place: Path, tmp_path: Path
) -> None:
    SummaryWriter(folder.replace("ABOVE", str(tmp_path))).close()
    assert names() == {name: experiment}


def test_chosen_experiment_holds_and_writers_are_children_of_the_active_run(place: Path) -> None:
    nbtrack.set_experiment("chosen")
    with nbtrack.run("outer") as outer, SummaryWriter("runs/a") as one, SummaryWriter("runs/b"):
        assert nbtrack.active_run() is outer
        with nbtrack.run("inner"):
            one.add_scalar("x", 1)
    assert set(names().values()) == {"chosen"}
    parents = nbtrack.sql("SELECT name, parent_id FROM runs").arrow().to_pylist()
    below = {row["name"] for row in parents if row["parent_id"] is not None}
    assert below == {"a", "b", "inner"}
    assert nbtrack.get_run("a").metrics == {"x": 1.0}


def test_writer_alone_is_nobodys_active_run(place: Path) -> None:
    with SummaryWriter("runs/a"):
        assert nbtrack.active_run() is None
        nbtrack.start_run(run_name="own").end()
    [own] = nbtrack.sql("SELECT parent_id FROM runs WHERE name = 'own'").arrow().to_pylist()
    assert own["parent_id"] is None


def test_closed_writer_goes_on_with_its_run(place: Path) -> None:
    writer = SummaryWriter("runs/a")
    writer.add_scalar("x", 1, 0)
    writer.add_text("note", "one", 0)
    writer.close()
    writer.add_scalar("x", 2, 1)
    writer.add_text("note", "two", 1)
    writer.close()
    run = nbtrack.get_run("a")
    assert run.history("x").arrow()["value"].to_pylist() == [1.0, 2.0]
    texts = [row["text"] for row in run.load_table("text/note/text_summary.json")]
    assert (run.status, texts) == ("finished", ["one", "two"])


def test_block_that_raises_leaves_a_failed_run(place: Path) -> None:
    with pytest.raises(ZeroDivisionError), SummaryWriter("runs/a") as writer:
        writer.add_histogram("h", torch.ones(3, dtype=torch.bfloat16, requires_grad=True))
        _ = 1 / 0
    run = nbtrack.get_run("a")
    assert (run.status, list(run.artifacts)) == ("failed", ["histograms/h.parquet"])


def test_figures_sounds_and_boxes_are_kept(place: Path, tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "logs" / "a") as writer:
        figure = plt.figure(figsize=(1, 1))
        writer.add_figure("fig", figure, 2)
        assert not plt.fignum_exists(figure.number)
        writer.add_audio("tone", torch.linspace(-2, 2, 50), 3, sample_rate=8000)
        writer.add_image_with_boxes("box", np.zeros((3, 9, 9)), [[1, 1, 7, 7]], labels=["x"])
        writer.add_image("cut", np.full((1, 2, 2), 9.0))
        writer.add_histogram_raw("raw", 0, 3, 2, 3, 5, [1, 2, 3], [1, 0, 1])
        assert Path(writer.log_dir).is_dir()
    run = nbtrack.get_run("a")
    kept = {path.partition("+timestamp")[0]: path for path in run.artifacts}
    assert kept.keys() == {
        *("images/fig+step+2", "images/box+step+0", "images/cut+step+0"),
        *("audio/tone+step+3", "histograms/raw.parquet"),
    }
    assert run.load_image(kept["images/box+step+0"]).getpixel((1, 4)) == (255, 0, 0)
    assert run.load_image(kept["images/cut+step+0"]).getpixel((0, 0)) == 255
    [row] = run.load_table("histograms/raw.parquet")
    assert (row["left"], row["right"], row["count"]) == ([0, 2], [1, 3], [1, 1])


def test_what_is_not_kept_is_said_once_and_stops_nothing(place: Path) -> None:
    with SummaryWriter("runs/a") as writer:
        with pytest.warns(UserWarning, match="no picture of graphs, and keeps none"):
            writer.add_graph(torch.nn.Linear(1, 1), torch.ones(1))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            writer.add_graph(None)
    assert nbtrack.get_run("a").artifacts == {}


def test_what_cannot_be_logged_is_refused_in_a_sentence(place: Path) -> None:
    with SummaryWriter("runs/a") as writer:
        with pytest.raises(InvalidValue, match=r"an axis for each letter.*\(4, 4\)"):
            writer.add_image("im", np.zeros((4, 4)))
        with pytest.raises(InvalidValue, match="one finite value"):
            writer.add_histogram("h", [float("nan")])
        with pytest.raises(InvalidValue, match="must be one number"):
            writer.add_scalar("x", [1, 2])
        with pytest.raises(InvalidValue, match="two dicts"):
            writer.add_hparams([], {})


def test_rows_are_kept_when_they_are_old_enough(place: Path) -> None:
    with nbtrack.run("gathering") as run:
        tables = GatheredTables(run, every_s=0.0)
        for step in range(3):
            tables.add("text", "note", step, {"text": "x"})
            assert run.load_table("text/note.json").arrow()["step"].to_pylist()[-1] == step
        waiting = GatheredTables(run, every_s=3600.0)
        for step in range(3):
            waiting.add("text", "later", step, {"text": "x"})
        # The first is kept at once.
        assert run.load_table("text/later.json").arrow()["step"].to_pylist() == [0]
        waiting.keep()
        assert run.load_table("text/later.json").arrow()["step"].to_pylist() == [0, 1, 2]

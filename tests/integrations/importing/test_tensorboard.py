"""What TensorBoard shows arrives, and what is left of a damaged file."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.integrations.importing.tensorboard.events import read_events
from nbtrack.integrations.importing.tensorboard.records import Trouble
from tests.integrations.importing.event_files import frame, plain, write_events, write_folder


@pytest.fixture
def imported(tmp_path: Path, place: Path) -> Path:
    """A folder with all that TensorBoard shows, brought in."""
    folder = write_folder(tmp_path / "logs")
    report = nbtrack.import_tensorboard(folder)
    assert report.runs == 3
    assert report.not_carried == {"summaries of 'pr_curves'": 1}
    return folder


def test_scalars_of_either_style_arrive_with_their_times(imported: Path) -> None:
    metrics = nbtrack.sql(
        "SELECT key, step, epoch_us(ts) AS us, value FROM metrics JOIN runs USING (run_id) "
        "WHERE name = 'new' ORDER BY key, step"
    ).arrow()
    found: dict[str, list[float]] = {}
    for row in metrics.to_pylist():
        found.setdefault(row["key"], []).append(row["value"])
    assert found == {
        "float": [0.0, 0.5, 1.0, 1.5],
        "content": [0.0, 0.25, 0.5, 0.75],
        "double": [0.1 * step for step in range(4)],
    }
    assert set(metrics["us"].to_pylist()) == {1_700_000_000_250_000 + s * 10**6 for s in range(4)}
    assert dict(nbtrack.get_run("rich").metrics) == {"loss/train": pytest.approx(0.2)}


def test_hparams_arrive_as_parameters(imported: Path) -> None:
    [session] = nbtrack.sql("SELECT run_id FROM params WHERE key = 'opt'").arrow().to_pylist()
    assert dict(nbtrack.get_run(str(session["run_id"])).params) == {
        "lr": 0.1,
        "n": 3,
        "opt": "sgd",
        "on": True,
    }


def test_text_images_sounds_and_histograms_arrive_as_files(imported: Path) -> None:
    rich, new = nbtrack.get_run("rich"), nbtrack.get_run("new")
    texts = rich.load_table("text/note/text_summary.json").arrow()
    assert texts["text"].to_pylist() == ["hello", "*world*"]
    [image] = [path for path in rich.artifacts if path.startswith("images/")]
    assert image.startswith("images/im+step+3+timestamp+")
    assert rich.load_image(image).size == (4, 4)
    [sound] = new.artifacts
    assert sound.startswith("audio/tone+step+4+timestamp+")
    assert new.artifact(sound) == b"RIFF...."
    [row] = rich.load_table("histograms/weights.parquet").arrow().to_pylist()
    assert sum(row["count"]) == 100
    assert (row["left"][0], row["right"][-1]) == (0.0, 99.0)


def test_extreme_values_and_steps_arrive(tmp_path: Path, place: Path) -> None:
    values = [0.0, math.inf, -math.inf, math.nan, 1e-45]
    steps = [0, -1, 2**40, 127, 128]
    events = [
        Event(
            wall_time=1.7e9 + 1,
            step=step,
            summary=Summary(value=[Summary.Value(tag="x" * length, simple_value=value)]),
        )
        for length in (1, 130, 300)
        for step, value in zip(steps, values, strict=True)
    ]
    write_events(tmp_path / "logs", events)
    nbtrack.import_tensorboard(tmp_path / "logs")
    found = nbtrack.sql("SELECT key, step, value FROM metrics").arrow().to_pylist()
    assert len(found) == 15
    for row in found:
        expected = values[steps.index(row["step"])]
        assert (
            math.isnan(row["value"])
            if math.isnan(expected)
            else row["value"] == pytest.approx(expected, rel=1e-6)
        )


# Files that are not whole

_EVENTS = [*plain(20, "loss"), *plain(20, "other tag")]
_RECORDS = [
    frame(event.SerializeToString())
    for event in [Event(wall_time=1_700_000_000.0, file_version="brain.Event:2"), *_EVENTS]
]
_WHOLE = b"".join(_RECORDS)


def _points(file: Path, trouble: Trouble) -> list[tuple[str, int]]:
    found = read_events([file], trouble, lambda plugin: None)
    steps = {tag: scalars.arrays()[0].tolist() for (tag, _), scalars in found.scalars.items()}
    return [(tag, step) for tag, of_tag in steps.items() for step in of_tag]


@given(st.integers(0, len(_WHOLE)))
def test_file_that_was_cut_at_any_byte_gives_what_was_whole(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "cut.tfevents"
    file.write_bytes(_WHOLE[:cut])
    whole, size = 0, 0
    while whole < len(_RECORDS) and size + len(_RECORDS[whole]) <= cut:
        size += len(_RECORDS[whole])
        whole += 1
    trouble = Trouble()
    assert len(_points(file, trouble)) == max(0, whole - 1)
    assert (trouble.damaged, trouble.unread_bytes) == (0, 0)


@settings(max_examples=60)
@given(st.integers(len(_RECORDS[0]), len(_WHOLE) - 1), st.integers(1, 255))
def test_byte_that_was_changed_is_told_and_costs_what_it_hits(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "changed.tfevents"
    file.write_bytes(_WHOLE[:at] + bytes([_WHOLE[at] ^ change]) + _WHOLE[at + 1 :])
    trouble = Trouble()
    found = _points(file, trouble)
    lost = len(_EVENTS) - len(found)
    # Nothing is lost where only the check of a length was hit, which the record outweighs.
    assert bool(lost) == bool(trouble.damaged or trouble.unread_bytes)
    assert lost == 1 or not trouble.damaged


def test_damage_is_told_in_the_report(tmp_path: Path, place: Path) -> None:
    file = write_events(tmp_path / "logs", plain(10))
    data = bytearray(file.read_bytes())
    data[-60] ^= 1
    file.write_bytes(bytes(data))
    report = nbtrack.import_tensorboard(tmp_path / "logs")
    assert report.runs == 1
    assert report.not_carried == {"records that are damaged": 1}
    assert report.carried["points"] == 9


def test_folder_without_event_files_is_told(tmp_path: Path, place: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidValue, match="no event file of TensorBoard"):
        nbtrack.import_tensorboard(tmp_path / "empty")
    assert not place.exists()


def test_parquet_of_a_histogram_is_read_by_anything(imported: Path, tmp_path: Path) -> None:
    file = nbtrack.get_run("rich").download_artifacts("histograms/weights.parquet", tmp_path)
    assert pyarrow.parquet.read_table(file).column_names == [
        "step",
        "time",
        "left",
        "right",
        "count",
    ]

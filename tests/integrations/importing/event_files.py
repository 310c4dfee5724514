"""Event files, written by tensorboardX or, where that cannot, by hand."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import google_crc32c
import numpy as np
from tensorboardX import SummaryWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboardX.proto.tensor_pb2 import TensorProto


def frame(record: bytes) -> bytes:
    """A record as it stands in a file."""
    length = struct.pack("<Q", len(record))
    return length + _masked(length) + record + _masked(record)


def _masked(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def write_folder(folder: Path) -> Path:
    """Two runs, one of them with all that TensorBoard shows, and a session of hparams."""
    with SummaryWriter(str(folder / "rich")) as writer:
        for step in range(5):
            writer.add_scalar("loss/train", 1 / (step + 1), step)
        writer.add_text("note", "hello", 1)
        writer.add_text("note", "*world*", 2)
        writer.add_histogram("weights", np.arange(100.0), 1)
        writer.add_image("im", np.zeros((3, 4, 4), np.uint8), 3)
        writer.add_hparams({"lr": 0.1, "n": 3, "opt": "sgd", "on": True}, {"final": 0.5})
        writer.add_pr_curve("pr", np.array([0, 1]), np.array([0.1, 0.9]), 1)
    sound = Summary.Audio(sample_rate=8000, encoded_audio_string=b"RIFF....", num_channels=1)
    tone = Summary(value=[Summary.Value(tag="tone", audio=sound)])
    write_events(folder / "new", [*new_style(), Event(wall_time=1.7e9 + 9, step=4, summary=tone)])
    return folder


def write_events(folder: Path, events: Iterable[Event]) -> Path:
    """An event file of the given events."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "events.out.tfevents.1700000000.host.1.0"
    head = Event(wall_time=1_700_000_000.0, file_version="brain.Event:2")
    events = [head, *events]
    file.write_bytes(b"".join(frame(event.SerializeToString()) for event in events))
    return file


def new_style(steps: int = 4) -> list[Event]:
    """Scalars as TensorFlow 2 and torch write them: tensors, the plugin named by the first."""
    plugin = SummaryMetadata.PluginData(plugin_name="scalars")
    told = SummaryMetadata(plugin_data=plugin)
    events = []
    for step in range(steps):
        values = []
        for tag, fields in (
            ("float", {"dtype": 1, "float_val": [step / 2]}),
            ("content", {"dtype": 1, "tensor_content": struct.pack("<f", step / 4)}),
            ("double", {"dtype": 2, "double_val": [0.1 * step]}),
        ):
            metadata = {"metadata": told} if step == 0 else {}
            tensor = TensorProto(**fields)
            values.append(Summary.Value(tag=tag, tensor=tensor, **metadata))
        for value in values:
            at = 1_700_000_000.25 + step
            events.append(Event(wall_time=at, step=step, summary=Summary(value=[value])))
    return events


def plain(steps: int, tag: str = "loss") -> list[Event]:
    """Scalars as they have always been written: one of ``step`` a record."""
    return [
        Event(
            wall_time=1_700_000_001.0 + step,
            step=step,
            summary=Summary(value=[Summary.Value(tag=tag, simple_value=step / 2)]),
        )
        for step in range(steps)
    ]

"""What W&B recorded arrives, also from a file that was being written."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.integrations.importing.wandb.records import read_run
from tests.integrations.importing.wandb_made import recorded


def log_of(folder: Path) -> Path:
    [file] = folder.rglob("*.wandb")
    return file


def test_recorded_run_arrives(place: Path) -> None:
    report = nbtrack.import_wandb(recorded())
    assert report.runs == 1
    assert report.not_carried == {"artifacts of W&B": 1}
    run = nbtrack.get_run("first")
    assert (run.experiment, run.status, run.note) == ("proj", "finished", "some notes")
    assert dict(run.params) == {
        "lr": 0.1,
        "opt.name": "sgd",
        "opt.n": [1, 2],
        "flag": True,
        "none": None,
        "late": 5,
    }
    metrics = {key: value for key, value in run.metrics.items() if not key.startswith("system/")}
    assert math.isnan(metrics.pop("loss"))
    assert metrics == {
        "nested.a": 4.0,
        "later": 4.0,
        "best": 0.2,
        "acc": 0.7,
        "acc.max": 0.9,
        "acc.mean": pytest.approx(0.7),
        "epoch": 7.0,
        "on": 1.0,
        "one": 2.5,
        "closes": 1.0,
        "none": 2.0,
        "after": 1.0,
    }
    assert dict(run.tags) == {
        "x": "true",
        "y": "true",
        "wandb.group": "g",
        "wandb.job_type": "train",
    }
    points = nbtrack.sql("SELECT step, value FROM metrics WHERE key = 'loss' ORDER BY step").arrow()
    assert points["value"].to_pylist()[:5] == [1 / (step + 1) for step in range(5)]
    kept = {path.partition("/")[0] for path in run.artifacts}
    assert kept == {"text", "histograms", "media", "output.log", "requirements.txt"}
    texts = nbtrack.sql("SELECT text FROM texts WHERE role = 'stdout'").arrow()
    assert texts["text"].to_pylist() == ["hello out\n"]


def test_file_that_was_cut_at_any_byte_gives_what_was_whole(tmp_path: Path) -> None:
    log = log_of(recorded())
    data = log.read_bytes()
    file = tmp_path / "cut.wandb"
    whole, seen = read_run(log, []), -1
    for cut in [*range(7, len(data), 61), len(data)]:
        file.write_bytes(data[:cut])
        damaged: list[int] = []
        found = read_run(file, damaged)
        assert not damaged
        assert found.history == whole.history[: len(found.history)]
        assert len(found.history) >= seen
        seen = len(found.history)
    assert seen == len(whole.history)


def test_half_written_run_arrives_as_killed(tmp_path: Path, place: Path) -> None:
    folder = tmp_path / "half"
    shutil.copytree(recorded(), folder / "offline-run")
    file = log_of(folder)
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 3 // 4])
    report = nbtrack.import_wandb(folder)
    assert nbtrack.get_run("first").status == "killed"
    assert "does not say how it ended" in report.remarks[0]


def test_damage_costs_its_block_and_is_told(tmp_path: Path, place: Path) -> None:
    shutil.copytree(recorded(), tmp_path / "run")
    file = log_of(tmp_path / "run")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    report = nbtrack.import_wandb(tmp_path / "run")
    assert report.runs == 1
    assert report.not_carried["stretches of .wandb files that are damaged"] == 1


def test_long_run_crosses_blocks(tmp_path: Path) -> None:
    # Chunks of more than a block, as W&B cuts them.
    import struct
    import zlib

    record = b"\x12" + b"\x84\x80\x06" + b"\x0a\x80\x80\x06" + b"x" * 98_304
    file = tmp_path / "long.wandb"
    out, left, room = bytearray(b":W&B\xe1\xbe\x00"), record, 32_768 - 7
    kinds = []
    while left:
        part, left = left[: room - 7], left[room - 7 :]
        kind = (1 if not left else 2) if not kinds else (4 if not left else 3)
        kinds.append(kind)
        out += struct.pack("<IHB", zlib.crc32(part, zlib.crc32(bytes([kind]))), len(part), kind)
        out += part
        room = 32_768
    file.write_bytes(bytes(out))
    from nbtrack.integrations.importing.wandb.log import log_records

    assert kinds == [2, 3, 3, 4]
    assert list(log_records(file, [])) == [record]


def test_exported_folders_and_tables_arrive(tmp_path: Path, place: Path) -> None:
    one = tmp_path / "export" / "abc"
    one.mkdir(parents=True)
    (one / "config.yaml").write_text("lr:\n  value: 0.5\nwandb_version: 1\n")
    (one / "wandb-summary.json").write_text('{"acc": 0.9, "_timestamp": 1.7e9, "_runtime": 5}')
    (one / "wandb-metadata.json").write_text(
        '{"startedAt": "2024-01-02T03:04:05Z", "host": "h", "git": {"commit": "abc"}}'
    )
    (one / "history.jsonl").write_text('{"_step": 0, "acc": 0.5}\n{"_step": 7, "acc": 0.9}\n')
    (tmp_path / "export" / "wandb_export.csv").write_text("Name,State,lr,acc\nb,crashed,0.1,0.7\n")
    assert nbtrack.import_wandb(tmp_path / "export").runs == 2
    run = nbtrack.get_run("abc")
    assert (dict(run.params), dict(run.metrics)) == ({"lr": 0.5}, {"acc": 0.9})
    assert nbtrack.get_run("b").status == "failed"


def test_damaged_export_is_told_and_the_rest_arrives(tmp_path: Path, place: Path) -> None:
    for name, text in (("bad", "{"), ("good", '{"acc": 1.5}')):
        (tmp_path / "export" / name).mkdir(parents=True)
        (tmp_path / "export" / name / "summary.json").write_text(text)
    report = nbtrack.import_wandb(tmp_path / "export")
    assert (report.runs, report.not_carried["folders that are damaged"]) == (1, 1)
    assert "cannot be read" in report.remarks[0]


@pytest.mark.parametrize("name", ["x.wandb", ""])
def test_what_is_no_run_is_told(name: str, tmp_path: Path, place: Path) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    if name:
        (folder / name).write_bytes(b"something else")
    with pytest.raises(InvalidValue, match="W&B"):
        nbtrack.import_wandb(folder)

"""A folder of TensorBoard's as a source: each folder in it that holds event files is a run."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from nbtrack.errors import InvalidValue
from nbtrack.events import ParamValue, Status
from nbtrack.integrations.importing.source import Curve, Omissions, SourceFile, SourceRun
from nbtrack.integrations.importing.tensorboard.events import RunEvents, first_time, read_events
from nbtrack.integrations.importing.tensorboard.media import media_files
from nbtrack.integrations.importing.tensorboard.records import Trouble
from nbtrack.integrations.importing.wire import double, fields, message, text
from nbtrack.tracking.values import param_value

_STATUS: dict[int, Status] = {1: "finished", 2: "failed", 3: "running"}


class EventFolder:
    """The runs below a folder. Raises `InvalidValue` if there is none."""

    def __init__(self, folder: Path, *, experiment: str | None) -> None:
        self.title = f"TensorBoard's {folder}"
        self.omissions = Omissions()
        self._root = folder.absolute()
        self._experiment = experiment or self._root.name or "tensorboard"
        self._runs = _find_runs(self._root)
        if not self._runs:
            raise InvalidValue(
                f"There is no event file of TensorBoard in {folder}, or below it: their names "
                "hold 'tfevents'."
            )

    def count(self) -> int | None:
        """How many folders hold event files."""
        return len(self._runs)

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[SourceRun]:
        """In the order of their start."""
        starts = {folder: first_time(files[0]) for folder, files in self._runs.items()}
        for folder in sorted(self._runs, key=lambda each: (starts[each] or 0.0, each)):
            files, began = self._runs[folder], starts[folder]
            if began is None:
                self.omissions.omit("runs whose files are empty")
                continue
            # A folder that was moved or copied as a whole is still the same run.
            identity = f"tensorboard:{folder.name}/{files[0].name}:{began!r}"
            if is_there(identity):
                yield SourceRun(identity, "", "", 0)
            else:
                yield self._run(identity, folder, files, began)

    def _run(self, identity: str, folder: Path, files: list[Path], began: float) -> SourceRun:
        trouble = Trouble()
        found = read_events(files, trouble, self._omit_plugin)
        self._tell(folder, found, trouble)
        curves = [Curve(tag, *scalars.arrays()) for (tag, _), scalars in found.scalars.items()]
        ends = [int(curve.times_us.max()) for curve in curves if len(curve.times_us)]
        params, status = _hparams(found.hparams)
        name = folder.relative_to(self._root).as_posix()
        return SourceRun(
            identity=identity,
            name=self._root.name if name == "." else name,
            experiment=self._experiment,
            started_us=int(began * 1e6),
            ended_us=max([int(found.last_s * 1e6), *ends]),
            status=status,
            params=params,
            curves=curves,
            files=self._files(found),
        )

    def _files(self, found: RunEvents) -> Iterator[SourceFile]:
        by_tag = defaultdict(list)
        for summary in found.summaries:
            by_tag[summary.plugin, summary.tag].append(summary)
        for (plugin, tag), summaries in by_tag.items():
            yield from media_files(plugin, tag, summaries, partial(self._unreadable, plugin))

    def _unreadable(self, plugin: str) -> None:
        self.omissions.omit(f"{plugin} that cannot be read")

    def _omit_plugin(self, plugin: str) -> None:
        self.omissions.omit(f"summaries of {plugin!r}" if plugin else "summaries of no plugin")

    def _tell(self, folder: Path, found: RunEvents, trouble: Trouble) -> None:
        for what, count in (
            ("graphs", found.graphs),
            ("profiles", found.profiles),
            ("records that cannot be read", found.unreadable),
            ("records that are damaged", trouble.damaged),
        ):
            if count:
                self.omissions.omit(what, count)
        if trouble.unread_bytes:
            self.omissions.remark(
                f"{folder} is damaged: {trouble.unread_bytes:,} bytes behind that cannot be read"
            )


def _find_runs(root: Path) -> dict[Path, list[Path]]:
    found: dict[Path, list[Path]] = {}
    for folder, folders, names in os.walk(root):
        folders.sort()
        files = [Path(folder) / name for name in sorted(names) if "tfevents" in name]
        if files:
            found[Path(folder)] = files
    return found


def _hparams(found: list[bytes]) -> tuple[dict[str, ParamValue], Status]:
    """What the plugin hparams says of the run: its parameters, and how it ended."""
    params: dict[str, ParamValue] = {}
    status: Status = "finished"
    for content in found:
        for number, data in fields(content):
            if number == 3:
                for each, entry in fields(data):
                    if each == 1:
                        pair = message(entry)
                        params[text(pair.get(1, b""))] = param_value(_value(pair.get(2, b"")))
            elif number == 4:
                status = _STATUS.get(message(data).get(1, 1), "finished")
    return params, status


def _value(data: bytes) -> object:
    """A google.protobuf.Value: null, a number, a text or a truth."""
    for number, value in fields(data):
        if number == 2:
            found = double(value)
            # It knows no integers; what was one is one again.
            return int(found) if found.is_integer() and abs(found) < 2**53 else found
        if number == 3:
            return text(value)
        if number == 4:
            return bool(value)
    return None

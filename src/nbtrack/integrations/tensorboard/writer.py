"""`SummaryWriter` with the methods of torch's, which logs to a run of the store.

A run is what importing the writer's event files would give: the same keys, steps, parameters
and files, but numbers are not cut to 32 bits. As there, ``add_scalars`` and ``add_hparams``
make runs of their own, here children of the writer's.
"""

from __future__ import annotations

import atexit
import os
import socket
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from nbtrack.errors import InvalidValue, RunIsOver
from nbtrack.integrations.arrays import (
    array_of,
    histogram,
    pixels,
    raw_histogram,
    with_boxes,
)
from nbtrack.integrations.gathered import GatheredTables, warn_once
from nbtrack.integrations.importing.paths import path_of
from nbtrack.tracking.active import active_run, chosen_experiment, start_apart
from nbtrack.tracking.run import Run


def _not_kept(what: str) -> Callable[..., None]:
    def keep_nothing(self: SummaryWriter, *args: Any, **options: Any) -> None:  # noqa: ARG001
        warn_once(f"nbtrack has no picture of {what}, and keeps none; all else is kept.")

    keep_nothing.__doc__ = f"Keep nothing, and say so once: nbtrack has no picture of {what}."
    return keep_nothing


class SummaryWriter:
    """A run that is logged to as ``torch.utils.tensorboard.SummaryWriter`` writes its files.

    The run bears the name of ``log_dir`` and belongs to the experiment of the folder above
    (``runs/first``: run ``first`` of ``runs``), unless `nbtrack.set_experiment` chose one. It is
    a child of the active run, and does not become the active one; each writer has a run of its
    own, and its ``run`` is ours. As in TensorBoard, what has no ``global_step`` has step 0.

    Scalars are kept at once. Texts and histograms of a tag are one table, which is kept every
    ``flush_secs``, by `flush` and at the end. ``purge_step``, ``max_queue`` and
    ``filename_suffix`` change nothing. Graphs, embeddings, meshes, videos, PR curves, tensors
    and layouts are not kept, which is said once.

    ``logdir`` and other names of tensorboardX are taken too.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] | None = None,
        comment: str | None = "",
        purge_step: int | None = None,  # noqa: ARG002
        max_queue: int = 10,  # noqa: ARG002
        flush_secs: float = 120,
        filename_suffix: str = "",  # noqa: ARG002
        *,
        logdir: str | os.PathLike[str] | None = None,
        write_to_disk: bool = True,  # noqa: ARG002
    ) -> None:
        self._experiment: str | None
        place = log_dir or logdir
        if place:
            self._folder = os.fspath(place)
            name, self._experiment = _told_by(self._folder)
        else:
            stamp = time.strftime("%b%d_%H-%M-%S")
            name, self._experiment = f"{stamp}_{socket.gethostname()}{comment or ''}", None
            self._folder = os.path.join("runs", name)
        self._experiment = chosen_experiment() or self._experiment
        self._flush_secs = flush_secs
        parent = active_run()
        self._run = start_apart(
            run_name=name, experiment=self._experiment, parent_run_id=parent.id if parent else None
        )
        self._parts: dict[str, Run] = {}
        self._gather(is_resumed=False)

    @property
    def run(self) -> Run:
        """The run; after `close` it is over, and what is added then goes on with it."""
        return self._run

    @property
    def log_dir(self) -> str:
        """The folder for files of yours, made when it is asked for; nbtrack writes none there."""
        if "://" not in self._folder:
            Path(self._folder).mkdir(parents=True, exist_ok=True)
        return self._folder

    logdir = log_dir

    def get_logdir(self) -> str:
        """As `log_dir`."""
        return self.log_dir

    # Numbers

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,  # noqa: ARG002
        double_precision: bool = False,  # noqa: ARG002
        **described: str,  # noqa: ARG002 - tensorboardX's
    ) -> None:
        """Log a number under ``tag``; ``walltime`` is in seconds since 1970."""
        step = 0 if global_step is None else global_step
        try:
            if walltime is None:
                self._run.log({tag: scalar_value}, step=step)
            else:
                self._run.log_metric(tag, scalar_value, step, timestamp=int(walltime * 1000))
        except RunIsOver:
            self._live().log_metric(
                tag, scalar_value, step, timestamp=int((walltime or time.time()) * 1000)
            )

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Log numbers that belong together: for each a run ``main_tag_tag``, as in TensorBoard."""
        step = 0 if global_step is None else global_step
        moment = None if walltime is None else int(walltime * 1000)
        for tag, value in tag_scalar_dict.items():
            part = f"{main_tag.replace('/', '_')}_{tag}"
            run = self._parts.get(part) or self._part(part)
            run.log_metric(main_tag, value, step, timestamp=moment)

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any],
        hparam_domain_discrete: Mapping[str, Sequence[Any]] | None = None,  # noqa: ARG002
        run_name: str | None = None,
        global_step: int | None = None,
        *,
        name: str | None = None,
    ) -> None:
        """Log a trial: its parameters and metrics are a run of their own, as in TensorBoard."""
        if not isinstance(hparam_dict, Mapping) or not isinstance(metric_dict, Mapping):
            raise InvalidValue("add_hparams takes two dicts: of parameters, and of metrics.")
        self._live()
        part = run_name or name or str(time.time())
        run = self._parts.get(part) or self._part(part)
        params = {key: value for key, value in hparam_dict.items() if value is not None}
        run.log_params({key: _plain(value) for key, value in params.items()})
        for key, value in metric_dict.items():
            run.log({key: value}, step=global_step or 0)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Log how values are spread: a row of the table ``histograms/tag.parquet``."""
        row = histogram(values, bins, max_bins)
        self._tables().add("histograms", tag, global_step or 0, row, walltime)

    def add_histogram_raw(
        self,
        tag: str,
        min: float,
        max: float,
        num: int,  # noqa: ARG002 - the counts tell it
        sum: float,  # noqa: ARG002
        sum_squares: float,  # noqa: ARG002
        bucket_limits: Any,
        bucket_counts: Any,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """As `add_histogram`, of what was counted already: the upper limits of buckets."""
        row = raw_histogram(float(min), float(max), bucket_limits, bucket_counts)
        self._tables().add("histograms", tag, global_step or 0, row, walltime)

    # Pictures, texts, sounds

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Keep an image: bytes as they are, other numbers from 0 to 1."""
        self._keep_image(tag, pixels(img_tensor, dataformats), global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Keep images as one, eight in a row."""
        self._keep_image(tag, pixels(img_tensor, dataformats), global_step, walltime)

    def add_image_with_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        rescale: float = 1,
        dataformats: str = "CHW",
        labels: list[str] | None = None,
    ) -> None:
        """Keep an image with boxes (left, top, right, bottom) drawn into it."""
        image = with_boxes(pixels(img_tensor, dataformats), box_tensor, labels, rescale)
        self._keep_image(tag, image, global_step, walltime)

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: int | None = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """Keep a figure of matplotlib, or several, as images; closed unless told not to."""
        for each in figure if isinstance(figure, list) else [figure]:
            self._keep_image(tag, each, global_step, walltime)
            if close:
                import matplotlib.pyplot as plt

                plt.close(each)

    def add_text(
        self,
        tag: str,
        text_string: str,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Keep a text: a row of the table ``text/tag/text_summary.json``."""
        row = {"text": str(text_string)}
        # TensorBoard's writers keep it under this name.
        self._tables().add("text", f"{tag}/text_summary", global_step or 0, row, walltime)

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: int | None = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """Keep a sound as WAV: samples from -1 to 1, cut off there."""
        samples = array_of(snd_tensor).squeeze().astype("float64").clip(-1, 1)
        moment, name = _moment_ms(walltime), path_of(tag).replace("/", "~")
        path = f"audio/{name}+step+{global_step or 0}+timestamp+{moment}+{uuid.uuid4()}.wav"
        self._live().log_audio(samples, path, sample_rate)

    add_graph = _not_kept("graphs")
    add_onnx_graph = add_openvino_graph = add_graph
    add_embedding = _not_kept("embeddings")
    add_mesh = _not_kept("meshes")
    add_video = _not_kept("videos")
    add_pr_curve = _not_kept("PR curves")
    add_pr_curve_raw = add_pr_curve
    add_tensor = _not_kept("tensors")
    add_custom_scalars = _not_kept("TensorBoard's layouts")
    add_custom_scalars_multilinechart = add_custom_scalars
    add_custom_scalars_marginchart = add_custom_scalars

    # The end

    def flush(self) -> None:
        """Keep the texts and histograms that were added; all else is kept already."""
        self._gathered.keep()

    def close(self) -> None:
        """End the run, and those of `add_scalars` and `add_hparams`, as *finished*."""
        self.__exit__(None, None, None)

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        atexit.unregister(self._gathered.keep)
        self.flush()
        for run in [*self._parts.values(), self._run]:
            run.__exit__(kind, error, trace)
        self._parts.clear()

    def _gather(self, *, is_resumed: bool) -> None:
        self._gathered = GatheredTables(self._run, every_s=self._flush_secs, is_resumed=is_resumed)
        # Before the run is ended, since what is registered last is called first.
        atexit.register(self._gathered.keep)

    def _live(self) -> Run:
        """The run; torch's writer, too, opens a file again if it was closed."""
        if self._run.status != "running":
            self._run = start_apart(self._run.id, store=self._run.store.path)
            self._gather(is_resumed=True)
        return self._run

    def _tables(self) -> GatheredTables:
        self._live()
        return self._gathered

    def _part(self, name: str) -> Run:
        run = self._live()
        part = start_apart(
            run_name=f"{run.name}/{name}".strip(),
            experiment=run.experiment,
            parent_run_id=run.id,
            store=run.store.path,
        )
        self._parts[name] = part
        return part

    def _keep_image(self, tag: str, image: Any, step: int | None, walltime: float | None) -> None:
        self._live().log_image(
            image, key=path_of(tag), step=step or 0, timestamp=_moment_ms(walltime)
        )


def _told_by(log_dir: str) -> tuple[str, str]:
    """The run and the experiment that a folder names, as importing from above it would.

    ``runs/net/lr0.1`` is the run ``net/lr0.1`` of ``runs``; of a folder that is not below this
    one, the last two names count.
    """
    below = os.path.normpath(log_dir).replace(os.sep, "/")
    is_elsewhere = os.path.isabs(log_dir) or below.startswith("..")
    parts = [part for part in below.split("/") if part.strip() and part not in (".", "..")]
    if is_elsewhere or "://" in log_dir:
        parts = parts[-2:]
    if not parts:
        parts = [os.path.basename(os.path.abspath(log_dir)) or "tensorboard"]
    name = "/".join(parts[1:]) or parts[0]
    return name.strip(), parts[0].strip()


def _plain(value: Any) -> Any:
    """A parameter as importing it gives it: TensorBoard has no integers beside its numbers."""
    if hasattr(value, "item"):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _moment_ms(walltime: float | None) -> int:
    return int((time.time() if walltime is None else walltime) * 1000)

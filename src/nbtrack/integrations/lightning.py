"""PyTorch Lightning, as ``lightning.pytorch`` and ``pytorch_lightning``: what a Trainer trains.

What the module logs goes to a logger of ours, at the steps that Lightning has. A Trainer
that has no logger is not given one: where its checkpoints go, and what its module may call,
hang on the first logger. Of such a Trainer the epochs are told. Settings have the names of
MLflow's autologging.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.record import Record
from nbtrack.integrations.autologging.telling import Telling
from nbtrack.integrations.autologging.training import Training
from nbtrack.tracking.run import Run

_EXAMPLE_ROWS = 5
# What a Trainer has where nobody has said how long to train.
_USUAL_EPOCHS = (None, -1, 1000)


def _package() -> ModuleType:
    """The one of the two packages that is in use; a logger of either serves both."""
    names = ("lightning.pytorch", "pytorch_lightning")
    loaded = [name for name in names if name in sys.modules]
    first = "lightning.pytorch" if find_spec("lightning") else "pytorch_lightning"
    return import_module(loaded[0] if loaded else first)


_lightning = _package()
_rank_zero_only = _lightning.utilities.rank_zero_only

# By trainer, the run of its last training, in which its tests belong.
_run_of: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def patch(patches: Patches, module: ModuleType) -> None:
    """Wrap what a Trainer does."""
    patches.wrap(module.Trainer, "fit", TrainerFit)
    patches.wrap(module.Trainer, "validate", TrainerEvaluation)
    patches.wrap(module.Trainer, "test", TrainerEvaluation)


class NbtrackLogger(_lightning.loggers.Logger):  # type: ignore[misc, name-defined]
    """Logs what a module logs to the active run, at Lightning's steps; the first rank alone.

    Where no run is active it begins one, which ends with the training; a test of the same
    Trainer goes on with it. No autologging is needed::

        from nbtrack.integrations.lightning import NbtrackLogger
        Trainer(logger=NbtrackLogger()).fit(module)

    ``experiment`` is the run.
    """

    def __init__(self, run: Run | None = None) -> None:
        super().__init__()
        self.telling = Telling("lightning", run)
        self._last_step: int | None = None

    @property
    @_rank_zero_only  # type: ignore[untyped-decorator]
    def experiment(self) -> Run | None:
        """The run to which it logs; ``None`` if it could not be begun."""
        record = self._record()
        return None if record is None else record.run

    @property
    def name(self) -> str | None:
        run = self.experiment
        return None if run is None else run.experiment

    @property
    def version(self) -> str | None:
        run = self.experiment
        return None if run is None else run.short_id

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        given = vars(params) if isinstance(params, Namespace) else dict(params or {})
        self._begin()
        self.telling.tell("logging hyperparameters", lambda r: r.params(dict(_flat(given))))

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        self._begin()
        if step is None:
            self.telling.tell("logging metrics", lambda record: record.results(metrics))
            return
        # Lightning says the epoch with everything that it logs, several times at a step.
        points = {k: v for k, v in metrics.items() if k != "epoch" or step != self._last_step}
        self._last_step = step
        self.telling.tell("logging metrics", lambda record: record.metrics(points, step))

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def finalize(self, status: str) -> None:
        self.telling.end("finished" if status == "success" else "failed")

    def _record(self) -> Record | None:
        if self.telling.record is None:
            self.telling.begin(again=True)
        return self.telling.record

    def _begin(self) -> None:
        record = self._record()
        if record is not None and not record.is_named:
            record.name("Trainer", self)


class _Beginning(_lightning.Callback):  # type: ignore[misc, name-defined]
    """Tells the optimizer as soon as there is one; and epochs, where no logger is told them."""

    def __init__(self, telling: Telling, *, tells_epochs: bool) -> None:
        self._telling = telling
        self._tells_epochs = tells_epochs

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        if not trainer.is_global_zero:
            return
        self._telling.begin()
        self._telling.tell(
            "looking at the optimizer", lambda record: self._optimizer(record, trainer)
        )

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        if self._tells_epochs and trainer.is_global_zero:
            self._telling.tell(
                "logging an epoch",
                lambda record: record.metrics(trainer.callback_metrics, trainer.current_epoch),
            )

    def _optimizer(self, record: Record, trainer: Any) -> None:
        for optimizer in trainer.optimizers[:1]:
            record.params(dict(_optimizer_params(optimizer, only_chosen=record.is_in_cell)))


class TrainerFit(Training):
    """``Trainer.fit``."""

    library = "lightning"
    _callback: _Beginning | None = None
    _added: NbtrackLogger | None = None
    _lent: Sequence[NbtrackLogger] = ()
    _example: tuple[Any, Any] | None = None
    _hook: Any = None

    def begin(self) -> None:
        trainer, module = self.given["self"], self.given["model"]
        self.record.name(type(module).__name__, module)
        self._stopping = [each for each in trainer.callbacks if hasattr(each, "stopped_epoch")]
        self.record.params(dict(self._settings(trainer)))
        telling = Telling("lightning")
        telling.use(self.record, self.trouble)
        self._callback = _Beginning(telling, tells_epochs=not trainer.loggers)
        trainer.callbacks.append(self._callback)
        self._lent = [each for each in trainer.loggers if isinstance(each, NbtrackLogger)]
        if trainer.loggers and not self._lent:
            self._added = NbtrackLogger()
            self._lent = [self._added]
            trainer.loggers = [*trainer.loggers, self._added]
        for logger in self._lent:
            logger.telling.use(self.record, self.trouble)
        if self.record.options.log_models:
            self._hook = module.register_forward_hook(self._see_example)
        _run_of[trainer] = self.record.run.id

    def end(self) -> None:
        trainer, module = self.given["self"], self.given["model"]
        for stopping in self._stopping:
            self.record.results(dict(_stopped(stopping)))
        if trainer.is_global_zero:
            # Where the module has an example of its input, a summary sends it through.
            if module.example_input_array is None or not self.record.is_in_cell:
                summary = _lightning.utilities.model_summary.ModelSummary(module, max_depth=-1)
                self.record.text(str(summary), "model_summary.txt")
            if self.record.options.log_models:
                inputs, outputs = self._example or (None, None)
                self.record.model(
                    module, inputs=_array(inputs), outputs=_array(outputs), parts=module.modules()
                )

    def restore(self) -> None:
        trainer = self.given["self"]
        if self._hook is not None:
            self._hook.remove()
        trainer.loggers = [each for each in trainer.loggers if each is not self._added]
        for logger in self._lent:
            logger.telling.leave()
        if self._callback in trainer.callbacks:
            trainer.callbacks.remove(self._callback)

    def _settings(self, trainer: Any) -> Iterator[tuple[str, object]]:
        if not self.record.is_in_cell or trainer.max_epochs not in _USUAL_EPOCHS:
            yield "epochs", trainer.max_epochs
        for stopping in self._stopping:
            usual = _defaults(type(stopping))
            for key in ("monitor", "mode", "patience", "min_delta"):
                # The sign of the last is turned for what is to shrink.
                value = abs(stopping.min_delta) if key == "min_delta" else getattr(stopping, key)
                if not self.record.is_in_cell or value != usual.get(key):
                    yield key, value

    def _see_example(self, module: Any, inputs: Any, output: Any) -> None:  # noqa: ARG002
        self._hook.remove()
        if len(inputs) == 1 and hasattr(inputs[0], "detach") and hasattr(output, "detach"):
            self._example = inputs[0].detach()[:_EXAMPLE_ROWS], output.detach()[:_EXAMPLE_ROWS]


class TrainerEvaluation(Training):
    """``Trainer.test`` and ``Trainer.validate``: their results, in the run of the training."""

    library = "lightning"

    @classmethod
    def belongs_to(cls, given: Mapping[str, Any]) -> str | None:
        return _run_of.get(given["self"])

    def begin(self) -> None:
        module = self.given["model"] or self.given["self"].lightning_module
        if module is not None:
            self.record.name(type(module).__name__, module)

    def end(self) -> None:
        # A logger of ours that the user has passed has told them.
        if not any(isinstance(each, NbtrackLogger) for each in self.given["self"].loggers):
            for results in self.result:
                self.record.results(results)


def _flat(given: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in given.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _optimizer_params(optimizer: Any, *, only_chosen: bool) -> Iterator[tuple[str, object]]:
    inner = getattr(optimizer, "optimizer", optimizer)
    yield "optimizer_name", type(inner).__name__
    usual = _defaults(type(inner))
    for key, value in getattr(inner, "defaults", {}).items():
        if not only_chosen or (key in usual and value != usual[key]):
            yield key, value


def _defaults(function: Any) -> dict[str, object]:
    parameters = inspect.signature(function).parameters.values()
    return {each.name: each.default for each in parameters}


def _stopped(stopping: Any) -> Iterator[tuple[str, object]]:
    if stopping.stopped_epoch:
        yield "stopped_epoch", stopping.stopped_epoch
        yield "best_score", stopping.best_score
        yield "wait_count", stopping.wait_count


def _array(tensor: Any) -> Any:
    if tensor is None:
        return None
    tensor = tensor.cpu()
    # NumPy has no bfloat16.
    return (tensor.float() if tensor.is_floating_point() else tensor).numpy()

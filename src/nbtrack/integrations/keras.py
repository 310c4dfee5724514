"""Keras 3, on any of its backends: what ``Model.fit`` trains.

Names are those of MLflow's autologging of Keras 3; those of early stopping, of which it
tells nothing there, are those of its autologging of TensorFlow.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import keras
import numpy

from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.record import Record
from nbtrack.integrations.autologging.telling import Telling
from nbtrack.integrations.autologging.training import Training
from nbtrack.tracking.run import Run

# What they hold is data, or is told otherwise.
_NO_SETTINGS = frozenset({"self", "x", "y", "callbacks", "validation_data", "verbose"})
_USUAL_BATCH = 32
_EXAMPLE_ROWS = 5


def patch(patches: Patches, module: ModuleType) -> None:
    """Wrap ``fit`` in the class of the backend from which all models have it."""
    trainer = next(kind for kind in module.Model.__mro__ if "fit" in vars(kind))
    patches.wrap(trainer, "fit", ModelFit)


class NbtrackCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Logs the epochs of a training, the optimizer and the layers to the active run.

    Where no run is active, the training gets one of its own. No autologging is needed::

        from nbtrack.integrations.keras import NbtrackCallback
        model.fit(X, y, epochs=10, callbacks=[NbtrackCallback()])

    As the last of the callbacks it sees what the others put into the logs, and leaves the
    names to them that they log themselves.
    """

    def __init__(self, run: Run | None = None) -> None:
        super().__init__()
        self.telling = Telling("keras", run)
        self._first_rate: float | None = None
        self._rate_moves = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        self._rate_moves = False
        self.telling.begin("fit")
        self.telling.tell("looking at the model", self._tell_model)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self.telling.tell("logging an epoch", lambda record: self._epoch(record, epoch, logs or {}))

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        self.telling.end()

    def _tell_model(self, record: Record) -> None:
        if not self.telling.is_given:
            record.name(type(self.model).__name__, self.model)
            record.params({"epochs": self.params["epochs"]})
        optimizer = self.model.optimizer
        record.params(dict(_optimizer_params(optimizer, only_chosen=record.is_in_cell)))
        self._first_rate = _rate(optimizer)
        lines: list[str] = []
        self.model.summary(print_fn=lambda line, **_: lines.append(line))
        record.text("\n".join(lines), "model_summary.txt")

    def _epoch(self, record: Record, epoch: int, logs: Mapping[str, Any]) -> None:
        metrics = {key: value for key, value in logs.items() if numpy.ndim(value) == 0}
        # Schedulers among the callbacks put the rate into the logs themselves.
        rate = None if "learning_rate" in logs else _rate(self.model.optimizer)
        if rate is not None and rate != self._first_rate and not self._rate_moves:
            self._rate_moves = True
            if epoch > 0:
                record.metrics({"learning_rate": self._first_rate}, epoch - 1)
        record.metrics(metrics | ({"learning_rate": rate} if self._rate_moves else {}), epoch)


class ModelFit(Training):
    """``Model.fit``."""

    library = "keras"
    _added: NbtrackCallback | None = None

    def begin(self) -> None:
        model = self.given["self"]
        self.record.name(type(model).__name__, model)
        self.record.params(dict(self._settings()))
        self._tell_data()
        callbacks = self.given["callbacks"]
        self._stopping = [
            each for each in _all(callbacks) if isinstance(each, keras.callbacks.EarlyStopping)
        ]
        if not any(isinstance(each, NbtrackCallback) for each in _all(callbacks)):
            self._add(callbacks)

    def end(self) -> None:
        for stopping in self._stopping:
            self.record.results(dict(_stopped(stopping)))
        model, rows = self.given["self"], _first_rows(self.given["x"])
        if self.record.options.log_models:
            # Behind a dropout or a normalisation a training model would answer otherwise.
            outputs = None if rows is None else model.predict_on_batch(rows)
            self.record.model(model, inputs=rows, outputs=outputs, parts=model.layers)

    def restore(self) -> None:
        callbacks = self.given["callbacks"]
        if isinstance(callbacks, keras.callbacks.CallbackList) and self._added is not None:
            callbacks.callbacks.remove(self._added)

    def _add(self, callbacks: Any) -> None:
        ours = NbtrackCallback()
        ours.telling.use(self.record, self.trouble)
        if isinstance(callbacks, keras.callbacks.CallbackList):
            # Its callbacks know model and epochs already, and nobody would tell ours.
            ours.set_params(callbacks.params)
            ours.set_model(self.given["self"])
            callbacks.callbacks.append(ours)
            self._added = ours
        else:
            self.replace("callbacks", [*_all(callbacks), ours])

    def _settings(self) -> Iterator[tuple[str, object]]:
        """The arguments of ``fit``, and of the callback that may end it early."""
        given = {key: value for key, value in self.given.items() if key not in _NO_SETTINGS}
        if given["batch_size"] is None:
            given["batch_size"] = _batch_size(self.given["x"])
        # A weight for each row is data.
        if given["sample_weight"] is not None:
            del given["sample_weight"]
        usual = {**_defaults(keras.Model.fit), "batch_size": _USUAL_BATCH}
        yield from self._chosen(given, usual)
        for callback in _all(self.given["callbacks"]):
            if isinstance(callback, keras.callbacks.EarlyStopping):
                yield from self._chosen(_stopping_params(callback), _defaults(type(callback)))

    def _chosen(
        self, given: Mapping[str, object], usual: Mapping[str, object]
    ) -> Iterator[tuple[str, object]]:
        for key, value in given.items():
            if not self.record.is_in_cell or value != usual.get(key):
                yield key, value

    def _tell_data(self) -> None:
        inputs, targets = self.given["x"], self.given["y"]
        self.record.data(inputs if targets is None else (inputs, targets), "train", "train")
        held_out = self.given["validation_data"]
        if held_out is not None:
            held_out = held_out[:2] if isinstance(held_out, (tuple, list)) else held_out
            self.record.data(held_out, "eval", "eval")


def _all(callbacks: Any) -> list[Any]:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return list(callbacks.callbacks)
    return keras.tree.flatten(callbacks) if callbacks else []


def _optimizer_params(optimizer: Any, *, only_chosen: bool) -> Iterator[tuple[str, object]]:
    config = {**optimizer.get_config(), "name": _optimizer_name(optimizer)}
    usual = _defaults(type(optimizer))
    for key, value in config.items():
        told = _short(value) if isinstance(value, float) else value
        if only_chosen and key != "name" and told == usual.get(key):
            continue
        if isinstance(told, Mapping) and {"class_name", "config"} <= told.keys():
            # A schedule of the learning rate, or the optimizer inside one that scales the loss.
            yield f"optimizer_{key}", told["class_name"]
            for inner, each in told["config"].items():
                yield f"optimizer_{key}.{inner}", each
        else:
            yield f"optimizer_{key}", told


def _optimizer_name(optimizer: Any) -> str:
    """Its name, without the number by which Keras tells those of a session apart."""
    name, _, number = str(optimizer.name).rpartition("_")
    return name if number.isdecimal() else str(optimizer.name)


def _short(number: float) -> float:
    """0.01 for 0.009999999776482582: Keras keeps the rate in 32 bits."""
    short = numpy.float32(number)
    return float(str(short)) if float(short) == number else number


def _rate(optimizer: Any) -> float | None:
    rate = optimizer.learning_rate
    return None if rate is None else _short(float(keras.ops.convert_to_numpy(rate)))


def _defaults(function: Any) -> dict[str, object]:
    parameters = inspect.signature(function).parameters.values()
    return {each.name: each.default for each in parameters}


def _stopping_params(callback: Any) -> dict[str, object]:
    return {
        "monitor": callback.monitor,
        # Keras turns its sign for what is to shrink.
        "min_delta": abs(callback.min_delta),
        "patience": callback.patience,
        "baseline": callback.baseline,
        "restore_best_weights": callback.restore_best_weights,
    }


def _stopped(callback: Any) -> Iterator[tuple[str, float]]:
    if callback.stopped_epoch > 0:
        yield "stopped_epoch", callback.stopped_epoch
    if callback.best is not None and numpy.isfinite(callback.best):
        yield "best_epoch", callback.best_epoch
        yield "best_score", callback.best
        if callback.restore_best_weights:
            yield "restored_epoch", callback.best_epoch


def _batch_size(inputs: Any) -> object:
    """How many rows a data set gives at once; of arrays Keras takes its usual number."""
    for name in ("batch_size", "_batch_size"):
        if hasattr(inputs, name):
            size = getattr(inputs, name)
            return size.numpy().item() if hasattr(size, "numpy") else size
    return (
        _USUAL_BATCH if all(hasattr(each, "shape") for each in keras.tree.flatten(inputs)) else None
    )


def _first_rows(inputs: Any) -> Any:
    """Some rows of an array, a table or a dict of arrays; ``None`` of what can be read but once."""
    if isinstance(inputs, Mapping):
        rows = {name: _first_rows(each) for name, each in inputs.items()}
        return None if any(each is None for each in rows.values()) else rows
    if hasattr(inputs, "iloc"):
        return inputs.iloc[:_EXAMPLE_ROWS]
    if hasattr(inputs, "shape") and hasattr(inputs, "__getitem__"):
        return keras.ops.convert_to_numpy(inputs[:_EXAMPLE_ROWS])
    return None

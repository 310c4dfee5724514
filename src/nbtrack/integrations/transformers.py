"""transformers: what its Trainer trains, at the Trainer's own steps.

Metrics and arguments have the names that they have there, as with the callback that
transformers has for MLflow.
"""

from __future__ import annotations

import dataclasses
import enum
import weakref
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from transformers.trainer_callback import EarlyStoppingCallback, TrainerCallback

from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.record import Record
from nbtrack.integrations.autologging.telling import Telling
from nbtrack.integrations.autologging.training import Training
from nbtrack.tracking.run import Run

# Told also where they have been left as they are.
_ALWAYS = frozenset(
    "learning_rate num_train_epochs max_steps per_device_train_batch_size "
    "gradient_accumulation_steps weight_decay warmup_steps lr_scheduler_type optim seed".split()
)
# Where files and words go, and what follows from the others: nothing by which a training differs.
_NO_SETTINGS = frozenset(
    "output_dir overwrite_output_dir logging_dir run_name report_to disable_tqdm log_level "
    "log_level_replica logging_strategy logging_steps logging_first_step save_strategy save_steps "
    "save_total_limit push_to_hub hub_model_id local_rank project trackio_space_id "
    "do_eval dataloader_pin_memory".split()
)

# By trainer, the run of its last training, in which its evaluations belong.
_run_of: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def patch(patches: Patches, module: ModuleType) -> None:
    """Wrap what a Trainer does; those that inherit it call these."""
    patches.wrap(module.Trainer, "train", TrainerTrain)
    patches.wrap(module.Trainer, "evaluate", TrainerEvaluation)


class NbtrackCallback(TrainerCallback):
    """Logs what a Trainer logs to the active run, with the arguments that were chosen.

    Where no run is active it begins one, which ends with the training; an evaluation
    afterwards goes on with it. No autologging is needed::

        from nbtrack.integrations.transformers import NbtrackCallback
        Trainer(model, args, train_dataset=data, callbacks=[NbtrackCallback()]).train()
    """

    def __init__(self, run: Run | None = None) -> None:
        self.telling = Telling("transformers", run)
        self._trains = False
        self._last_step = -1

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:  # noqa: ARG002
        self._trains, self._last_step = True, -1
        self.telling.begin("train")
        self.telling.tell(
            "looking at the arguments", lambda record: self._begin(record, args, given.get("model"))
        )

    def on_log(
        self,
        args: Any,  # noqa: ARG002
        state: Any,
        control: Any,  # noqa: ARG002
        logs: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        if not state.is_world_process_zero:
            return
        if not self._trains and self.telling.record is None:
            self.telling.begin("evaluate", again=True)
            self.telling.tell("naming the evaluation", lambda r: r.name("Trainer", self))
        points = {key: value for key, value in (logs or {}).items() if _is_number(value)}
        if state.global_step == self._last_step:
            # It says the epoch with everything that it logs.
            points.pop("epoch", None)
        self._last_step = state.global_step
        self.telling.tell("logging", lambda record: record.metrics(points, state.global_step))

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        if not self._trains:
            self.telling.end()

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        self._trains = False
        self.telling.tell("logging the best", lambda record: record.results(dict(_best(state))))
        self.telling.end()

    def _begin(self, record: Record, args: Any, model: Any) -> None:
        if not self.telling.is_given:
            record.name(type(model).__name__, self)
        record.params(dict(_settings(args, only_chosen=record.is_in_cell)))
        config: Any = getattr(model, "config", None)
        if hasattr(config, "to_json_string"):
            record.text(config.to_json_string(), "config.json")


class TrainerTrain(Training):
    """``Trainer.train``."""

    library = "transformers"
    _lent: Sequence[NbtrackCallback] = ()
    _added: NbtrackCallback | None = None

    def begin(self) -> None:
        trainer = self.given["self"]
        self.record.name(_word(trainer), trainer)
        callbacks = list(trainer.callback_handler.callbacks)
        for each in callbacks:
            if isinstance(each, EarlyStoppingCallback):
                self.record.params(
                    {
                        "early_stopping_patience": each.early_stopping_patience,
                        "early_stopping_threshold": each.early_stopping_threshold,
                    }
                )
        self.record.data(trainer.train_dataset, "train", "train")
        self._lent = [each for each in callbacks if isinstance(each, NbtrackCallback)]
        if not self._lent:
            self._added = NbtrackCallback()
            self._lent = [self._added]
            trainer.add_callback(self._added)
        for callback in self._lent:
            callback.telling.use(self.record, self.trouble)
        _run_of[trainer] = self.record.run.id

    def restore(self) -> None:
        for callback in self._lent:
            callback.telling.leave()
        if self._added is not None:
            self.given["self"].remove_callback(self._added)


class TrainerEvaluation(Training):
    """``Trainer.evaluate`` behind a training, and in its run."""

    library = "transformers"

    @classmethod
    def belongs_to(cls, given: Mapping[str, Any]) -> str | None:
        return _run_of.get(given["self"])

    def begin(self) -> None:
        trainer = self.given["self"]
        self.record.name(_word(trainer), trainer)

    def end(self) -> None:
        trainer = self.given["self"]
        # A callback of ours that the user has passed has told them.
        if not any(isinstance(e, NbtrackCallback) for e in trainer.callback_handler.callbacks):
            points = {key: value for key, value in self.result.items() if _is_number(value)}
            points.pop("epoch", None)
            self.record.metrics(points, trainer.state.global_step)


def _word(trainer: Any) -> str:
    model = getattr(trainer, "model", None)  # With ``model_init`` there is none yet.
    return type(trainer if model is None else model).__name__


def _settings(args: Any, *, only_chosen: bool) -> Iterator[tuple[str, object]]:
    """Those arguments that are not as they are by default, and those that everybody asks for."""
    for field in dataclasses.fields(args):
        if not field.init or field.name in _NO_SETTINGS or field.name.endswith("_token"):
            continue
        usual, value = _default(field), getattr(args, field.name)
        # Of what nobody has said, the arguments fill in some themselves, as false or an object.
        is_chosen = value != usual and bool(value or usual)
        if usual is None and not isinstance(value, (bool, int, float, str)):
            is_chosen = False
        if is_chosen or (not only_chosen and field.name in _ALWAYS):
            yield field.name, value.value if isinstance(value, enum.Enum) else value


def _default(field: Any) -> object:
    if field.default is not dataclasses.MISSING:
        return field.default
    return None if field.default_factory is dataclasses.MISSING else field.default_factory()


def _best(state: Any) -> Iterator[tuple[str, float]]:
    if state.best_metric is not None:
        yield "best_metric", state.best_metric
        if getattr(state, "best_global_step", None) is not None:
            yield "best_global_step", state.best_global_step


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) or getattr(value, "ndim", None) == 0

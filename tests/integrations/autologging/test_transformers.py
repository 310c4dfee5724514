"""transformers: what its Trainer tells, by the names of its own logs and arguments.

They are those of the callback that transformers has for MLflow, which tells every argument and
all of the model's configuration as parameters. Here those are told that were chosen, with the
few that everybody asks for; the configuration is a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import nbtrack

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
transformers = pytest.importorskip("transformers")

from nbtrack.integrations.transformers import NbtrackCallback  # noqa: E402

Runs = Callable[[], list[Any]]

# Torch's own, about pinned memory and the like, on a machine without a GPU.
pytestmark = pytest.mark.filterwarnings(
    "ignore:'pin_memory'", "ignore::DeprecationWarning", "ignore::FutureWarning"
)

DATA = [
    {"input_ids": torch.tensor([1, 2 + i % 3, 3]), "labels": torch.tensor(i % 2)} for i in range(8)
]


def bert() -> Any:
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=8,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=8,
    )
    return transformers.BertForSequenceClassification(config)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """On crowded cores several threads wait for each other at every step."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def trainer(tmp_path: Path) -> Callable[..., Any]:
    """``trainer(…)``: of four steps in two epochs, which logs and evaluates after each epoch."""

    def make(callbacks: Any = None, **settings: Any) -> Any:
        usual = {
            "output_dir": str(tmp_path / "out"),
            "num_train_epochs": 2,
            "per_device_train_batch_size": 4,
            "learning_rate": 0.25,
            "logging_steps": 2,
            "eval_strategy": "epoch",
            "save_strategy": "no",
            "use_cpu": True,
            "disable_tqdm": True,
        }
        arguments = transformers.TrainingArguments(**{**usual, **settings})
        return transformers.Trainer(
            bert(), arguments, train_dataset=DATA, eval_dataset=DATA[:4], callbacks=callbacks
        )

    return make


class Failing(transformers.TrainerCallback):  # type: ignore[misc]
    """Fails at the third step."""

    def __init__(self, error: type[BaseException]) -> None:
        self._error = error

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == 2:
            raise self._error("in the middle")


def points(run: Any, key: str) -> dict[int, float]:
    curve = run.history(key).arrow()
    assert curve["step"].to_pylist() == sorted(set(curve["step"].to_pylist()))
    return dict(zip(curve["step"].to_pylist(), curve["value"].to_pylist(), strict=True))


def logged(trainer: Any, key: str) -> dict[int, float]:
    """What the Trainer itself says to have logged."""
    return {each["step"]: each[key] for each in trainer.state.log_history if key in each}


def test_a_training_is_told_at_the_trainers_steps(trainer: Callable[..., Any], runs: Runs) -> None:
    nbtrack.autolog()
    made = trainer(weight_decay=0.5)
    made.train()
    (run,) = runs()
    assert run.status == "finished"
    for key in ("loss", "grad_norm", "learning_rate", "eval_loss", "epoch", "train_loss"):
        assert points(run, key) == logged(made, key)
    assert list(points(run, "loss")) == [2, 4]
    assert run.params == {
        "learning_rate": 0.25,
        "num_train_epochs": 2,
        "per_device_train_batch_size": 4,
        "weight_decay": 0.5,
        "eval_strategy": "epoch",
        "use_cpu": True,
        "max_steps": -1,
        "gradient_accumulation_steps": 1,
        "warmup_steps": 0,
        "lr_scheduler_type": "linear",
        "optim": run.params["optim"],
        "seed": 42,
    }
    assert nbtrack.load_dict(f"runs:/{run.id}/config.json")["hidden_size"] == 16
    assert not [e for e in made.callback_handler.callbacks if isinstance(e, NbtrackCallback)]


def test_an_evaluation_belongs_to_the_run_of_the_training(
    trainer: Callable[..., Any], runs: Runs
) -> None:
    nbtrack.autolog()
    made = trainer(eval_strategy="no")
    made.train()
    results = made.evaluate()
    (run,) = runs()
    assert run.status == "finished"
    assert points(run, "eval_loss") == {4: results["eval_loss"]}


def test_a_resumed_training_goes_on_at_its_step(trainer: Callable[..., Any], runs: Runs) -> None:
    nbtrack.autolog()
    trainer(save_strategy="epoch", num_train_epochs=1).train()
    again = trainer(num_train_epochs=2)
    again.train(resume_from_checkpoint=True)
    assert list(points(runs()[0], "loss")) == [2]
    assert list(points(runs()[1], "loss")) == [4]


def test_the_best_is_told(trainer: Callable[..., Any], runs: Runs) -> None:
    nbtrack.autolog()
    stopping = transformers.EarlyStoppingCallback(early_stopping_patience=1)
    made = trainer(
        [stopping],
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
    )
    made.train()
    (run,) = runs()
    assert run.metrics["best_metric"] == made.state.best_metric
    assert run.metrics["best_global_step"] == made.state.best_global_step
    assert run.params["early_stopping_patience"] == 1
    assert run.params["load_best_model_at_end"] is True


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "failed"), (KeyboardInterrupt, "killed")]
)
def test_a_training_that_breaks_off_keeps_what_it_logged(
    error: type[BaseException], status: str, trainer: Callable[..., Any], runs: Runs
) -> None:
    nbtrack.autolog()
    made = trainer([Failing(error)])
    before = list(made.callback_handler.callbacks)
    with pytest.raises(error, match="in the middle"):
        made.train()
    (run,) = runs()
    assert run.status == status
    assert list(points(run, "loss")) == [2]
    assert made.callback_handler.callbacks == before


def test_the_callback_begins_a_run_and_ends_it(trainer: Callable[..., Any], runs: Runs) -> None:
    made = trainer([NbtrackCallback])
    made.train()
    (run,) = runs()
    assert nbtrack.active_run() is None
    assert run.status == "finished"
    assert points(run, "loss") == logged(made, "loss")
    assert run.params["learning_rate"] == 0.25

    made.evaluate(metric_key_prefix="held_out")
    (run,) = runs()
    assert run.status == "finished"
    assert points(run, "held_out_loss") == logged(made, "held_out_loss")

    with nbtrack.run("mine") as mine:
        trainer([NbtrackCallback()]).train()
        assert mine.status == "running"
    assert list(points(runs()[1], "loss")) == [2, 4]


def test_a_run_of_a_callback_whose_training_failed_ends_before_the_next(
    trainer: Callable[..., Any], runs: Runs
) -> None:
    with pytest.raises(ValueError, match="in the middle"):
        trainer([NbtrackCallback, Failing(ValueError)]).train()
    trainer([NbtrackCallback]).train()
    assert [run.status for run in runs()] == ["failed", "finished"]


def test_autologging_adds_no_second_callback(trainer: Callable[..., Any], runs: Runs) -> None:
    nbtrack.autolog()
    made = trainer([NbtrackCallback])
    made.train()
    made.evaluate(metric_key_prefix="held_out")
    (run,) = runs()
    assert points(run, "loss") == logged(made, "loss")
    assert points(run, "held_out_loss") == logged(made, "held_out_loss")


def test_a_tracked_cell_tells_nothing_twice(
    shell: InteractiveShell, runs: Runs, trainer: Callable[..., Any]
) -> None:
    shell.user_ns.update(trainer=trainer)
    shell.run_cell(
        "%%track\nlr, epochs, batch_size = 0.25, 2, 4\n"
        "made = trainer(learning_rate=lr, num_train_epochs=epochs,\n"
        "               per_device_train_batch_size=batch_size)\n"
        "train_loss = made.train().training_loss"
    ).raise_error()
    (run,) = runs()
    assert run.params == {
        "lr": 0.25,
        "epochs": 2,
        "batch_size": 4,
        "eval_strategy": "epoch",
        "use_cpu": True,
    }
    assert list(points(run, "train_loss")) == [4]
    assert list(points(run, "loss")) == [2, 4]

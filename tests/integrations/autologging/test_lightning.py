"""Lightning: what a Trainer tells, beside what MLflow tells of the same training.

MLflow's names of settings, with these differences. Metrics are those that reach Lightning's
loggers, at its steps; MLflow has the last of each epoch, at the epoch (and so have we, where
the Trainer has no logger). Hyperparameters are told. There is no `restored_epoch`: Lightning
restores none. Checkpoints are left to Lightning.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import nbtrack
from nbtrack.integrations.autologging import record

torch = pytest.importorskip("torch")
pl = pytest.importorskip("lightning.pytorch")

from lightning.pytorch.demos.boring_classes import BoringModel  # noqa: E402

from nbtrack.integrations.lightning import NbtrackLogger  # noqa: E402

Runs = Callable[[], list[Any]]

pytestmark = pytest.mark.filterwarnings(
    "ignore:The '.*_dataloader' does not have many workers",
    "ignore:Starting from v1.9.0",
    "ignore:You defined a `validation_step`",
    # PyTorch's and Lightning's own.
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
)


class Line(pl.LightningModule):  # type: ignore[misc, name-defined]
    """Two inputs, one output, and what most modules log."""

    def __init__(self, rate: float = 0.125, fails_at: int | None = None) -> None:
        super().__init__()
        self.save_hyperparameters("rate")
        self.layer = torch.nn.Linear(2, 1)
        self.fails_at = fails_at
        self.error: type[BaseException] = ValueError

    def training_step(self, batch: Any, index: int) -> Any:
        if self.global_step == self.fails_at:
            raise self.error("in the middle")
        loss = self.layer(batch[0]).pow(2).mean()
        self.log("loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        self.log("val_loss", self.layer(batch[0]).pow(2).mean())

    def test_step(self, batch: Any, index: int) -> None:
        self.log("test_loss", self.layer(batch[0]).pow(2).mean())

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=self.hparams.rate)


def batches() -> Any:
    return torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.linspace(0, 1, 16).reshape(8, 2)), batch_size=2
    )


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """On crowded cores several threads wait for each other at every step."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def trainer(tmp_path: Path) -> Callable[..., Any]:
    """``trainer(…)``: a quiet one, of two epochs of four steps, which logs every second."""

    def make(package: Any = pl, **settings: Any) -> Any:
        quiet = {
            "default_root_dir": tmp_path,
            "logger": package.loggers.CSVLogger(tmp_path),
            "max_epochs": 2,
            "log_every_n_steps": 2,
            "accelerator": "cpu",
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "enable_checkpointing": False,
        }
        return package.Trainer(**{**quiet, **settings})

    return make


def light() -> None:
    nbtrack.autolog(log_models=False, log_datasets=False)


def steps(run: Any, key: str) -> list[int]:
    found: list[int] = run.history(key).arrow()["step"].to_pylist()
    return found


def told(run: Any) -> set[str]:
    return {key for key in run.metrics if not key.startswith("system/")}


def test_a_training_is_told_at_lightnings_steps(
    trainer: Callable[..., Any], runs: Runs, tmp_path: Path
) -> None:
    light()
    made = trainer()
    made.fit(Line(), batches(), batches())

    (run,) = runs()
    assert run.status == "finished"
    assert told(run) == {"epoch", "loss_step", "loss_epoch", "val_loss"}
    assert steps(run, "loss_step") == [1, 3, 5, 7]
    assert steps(run, "loss_epoch") == steps(run, "val_loss") == [3, 7]
    assert steps(run, "epoch") == [1, 3, 5, 7]
    assert run.metrics["val_loss"] == made.callback_metrics["val_loss"].item()
    settings = {"epochs": 2, "optimizer_name": "SGD", "lr": 0.125, "momentum": 0, "rate": 0.125}
    assert {key: run.params[key] for key in settings} == settings
    summary = nbtrack.load_text(f"runs:/{run.id}/model_summary.txt")
    assert "layer" in summary
    assert "Linear" in summary


def test_both_packages_are_one(trainer: Callable[..., Any], runs: Runs) -> None:
    package = pytest.importorskip("pytorch_lightning")
    light()

    class Other(package.LightningModule):  # type: ignore[misc, name-defined]
        configure_optimizers = Line.configure_optimizers
        training_step, fails_at = Line.training_step, None

        def __init__(self) -> None:
            super().__init__()
            self.save_hyperparameters({"rate": 0.5})
            self.layer = torch.nn.Linear(2, 1)

    trainer(package).fit(Other(), batches())
    trainer(package, logger=NbtrackLogger()).fit(Other(), batches())
    for run in runs():
        assert steps(run, "loss_step") == [1, 3, 5, 7]
        assert run.params["lr"] == 0.5


def test_a_trainer_without_loggers_stays_without_and_tells_its_epochs(
    trainer: Callable[..., Any], runs: Runs
) -> None:
    seen = []

    class Watching(Line):
        def on_train_start(self) -> None:
            seen.append(self.logger)

    light()
    trainer(logger=False).fit(Watching(), batches(), batches())
    assert seen == [None]
    (run,) = runs()
    assert told(run) == {"loss", "loss_step", "loss_epoch", "val_loss"}
    assert steps(run, "loss_epoch") == steps(run, "val_loss") == [0, 1]


def test_a_test_belongs_to_the_run_of_the_training(trainer: Callable[..., Any], runs: Runs) -> None:
    light()
    made, module = trainer(), Line()
    made.fit(module, batches())
    [results] = made.test(module, batches(), verbose=False)
    made.validate(module, batches(), verbose=False)
    (run,) = runs()
    assert run.status == "finished"
    assert run.metrics["test_loss"] == results["test_loss"]
    assert "val_loss" in run.metrics


def test_early_stopping_tells_when_and_at_what(trainer: Callable[..., Any], runs: Runs) -> None:
    light()
    stopping = pl.callbacks.EarlyStopping("val_loss", min_delta=9.0, patience=1)
    trainer(callbacks=[stopping], max_epochs=9).fit(Line(), batches(), batches())
    (run,) = runs()
    settings = {"monitor": "val_loss", "mode": "min", "patience": 1, "min_delta": 9.0}
    assert {key: run.params[key] for key in settings} == settings
    assert run.metrics["stopped_epoch"] == run.metrics["wait_count"] == 1
    assert run.metrics["best_score"] == stopping.best_score.item()


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "failed"), (KeyboardInterrupt, "killed")]
)
def test_a_training_that_breaks_off_keeps_what_it_logged(
    error: type[BaseException], status: str, trainer: Callable[..., Any], runs: Runs
) -> None:
    light()
    made, module = trainer(), Line(fails_at=5)
    module.error = error
    before = list(made.callbacks), list(made.loggers)
    # Lightning makes an exit of an interrupt.
    with pytest.raises(SystemExit if error is KeyboardInterrupt else error):
        made.fit(module, batches())
    (run,) = runs()
    assert run.status == status
    assert steps(run, "loss_step") == [1, 3]
    assert run.params["optimizer_name"] == "SGD"
    assert (made.callbacks, made.loggers) == before


def test_nothing_of_ours_stays_with_trainer_and_module(
    trainer: Callable[..., Any], runs: Runs, tmp_path: Path
) -> None:
    nbtrack.autolog(log_datasets=False)
    made, module = trainer(), BoringModel()
    callbacks, loggers = list(made.callbacks), list(made.loggers)
    made.fit(module)
    assert (made.callbacks, made.loggers) == (callbacks, loggers)
    assert not module._forward_hooks
    made.save_checkpoint(tmp_path / "last.ckpt")
    assert b"nbtrack" not in (tmp_path / "last.ckpt").read_bytes()

    kept = nbtrack.pyfunc.load_model(f"runs:/{runs()[0].id}/model", trusted=True)
    given = torch.ones(2, 32)
    # Its signature is that of the first batch that it saw.
    assert kept.predict(given.numpy()) == pytest.approx(module(given).detach().numpy())
    with pytest.raises(nbtrack.NbtrackError, match=r"expected the shape \(any, 32\)"):
        kept.predict(given[:, :3].numpy())


def test_a_resumed_training_goes_on_at_its_step(
    trainer: Callable[..., Any], runs: Runs, tmp_path: Path
) -> None:
    light()
    made = trainer()
    made.fit(Line(), batches())
    made.save_checkpoint(tmp_path / "half.ckpt")
    trainer(max_epochs=3).fit(Line(), batches(), ckpt_path=tmp_path / "half.ckpt")
    assert steps(runs()[1], "loss_step") == [9, 11]


def test_the_logger_begins_a_run_and_ends_it(
    trainer: Callable[..., Any], runs: Runs, tmp_path: Path
) -> None:
    made, module = trainer(logger=NbtrackLogger(), enable_checkpointing=True), Line()
    made.fit(module, batches(), batches())
    (run,) = runs()
    assert nbtrack.active_run() is None
    assert run.status == "finished"
    assert steps(run, "loss_step") == [1, 3, 5, 7]
    assert run.params == {"rate": 0.125}
    # As with any logger, checkpoints stand in a folder by its name and version.
    where = Path(made.checkpoint_callback.dirpath)
    assert where == tmp_path / run.experiment / run.id[-8:] / "checkpoints"

    made.test(module, batches(), verbose=False)
    (run,) = runs()
    assert run.status == "finished"
    assert "test_loss" in run.metrics

    with nbtrack.run("mine") as mine:
        trainer(logger=NbtrackLogger()).fit(Line(), batches())
        assert mine.status == "running"
    assert steps(runs()[1], "loss_step") == [1, 3, 5, 7]


def test_a_run_of_the_logger_fails_with_its_training(
    trainer: Callable[..., Any], runs: Runs
) -> None:
    with pytest.raises(ValueError, match="in the middle"):
        trainer(logger=NbtrackLogger()).fit(Line(fails_at=3), batches())
    (run,) = runs()
    assert run.status == "failed"
    assert steps(run, "loss_step") == [1]


@pytest.mark.parametrize("is_begun", [False, True])
def test_autologging_adds_no_second_logger(
    is_begun: bool, trainer: Callable[..., Any], runs: Runs
) -> None:
    light()
    logger = NbtrackLogger()
    if is_begun:
        assert logger.version is not None
    made = trainer(logger=logger)
    made.fit(Line(), batches(), batches())
    (run,) = runs()
    assert run.status == "finished"
    assert nbtrack.active_run() is None
    assert steps(run, "loss_step") == [1, 3, 5, 7]
    assert run.params["optimizer_name"] == "SGD"
    assert {file.path for file in nbtrack.list_artifacts(run_id=run.id)} == {"model_summary.txt"}


def test_a_logger_that_is_pickled_logs_to_the_same_run(place: Path, runs: Runs) -> None:
    with nbtrack.run() as run:
        logger = NbtrackLogger(run)
        logger.log_metrics({"loss": 1.0}, step=0)
        # As in a process that Lightning starts for a device, which knows nothing of the run yet.
        record._told_of.clear()
        pickle.loads(pickle.dumps(logger)).log_metrics({"loss": 0.5}, step=1)
    copy.deepcopy(NbtrackLogger()).log_metrics({"other": 1.0}, step=0)
    first, second = runs()
    assert steps(first, "loss") == [0, 1]
    assert second.metrics == {"other": 1.0}


def test_a_tracked_cell_tells_nothing_twice(
    shell: InteractiveShell, runs: Runs, trainer: Callable[..., Any]
) -> None:
    shell.user_ns.update(Line=Line, batches=batches, trainer=trainer)
    shell.run_cell(
        "%%track\nrate, max_epochs = 0.25, 1\nmade = trainer(max_epochs=max_epochs)\n"
        "module = Line(rate)\nmade.fit(module, batches())\n"
        "results = made.test(module, batches(), verbose=False)\n"
        "test_loss = results[0]['test_loss']"
    ).raise_error()
    (run,) = runs()
    assert {k: v for k, v in run.params.items() if k != "optimizer_name"} == {
        "rate": 0.25,
        "max_epochs": 1,
        "lr": 0.25,
    }
    assert steps(run, "loss_step") == [1, 3]
    assert steps(run, "test_loss") == [0]

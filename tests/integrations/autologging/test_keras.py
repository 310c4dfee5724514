"""Keras: what `fit` tells, beside what MLflow tells of the same training.

MLflow's names, with these differences. The rate is 0.01 and not 0.009999999776482582, and the
optimizer "adam" however many came before it. `validation_loss`, which MLflow draws
beside `val_loss` from the same numbers, is left out. Early stopping is told, by the names that
MLflow has for it in TensorFlow. A rate that moves is a curve.
"""

from __future__ import annotations

import copy
import os
import pickle
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import nbtrack
from nbtrack.errors import InvalidInput
from nbtrack.integrations.autologging.telling import CallbackWarning

torch = pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

from nbtrack.integrations.keras import NbtrackCallback  # noqa: E402

Runs = Callable[[], list[Any]]

# Keras' own, wherever it turns a number of torch into one of NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).random((48, 3), dtype="float32")
Y = (X[:, 0] > X[:, 1]).astype("int32")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """On crowded cores several threads wait for each other at every step."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def model(rate: Any = 0.25) -> Any:
    keras.utils.set_random_seed(0)
    layers = [keras.Input((3,)), keras.layers.Dense(2, activation="softmax")]
    made = keras.Sequential(layers)
    made.compile(
        keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return made


def fit(made: Any, **settings: Any) -> Any:
    return made.fit(X, Y, **{"epochs": 2, "verbose": 0, **settings})


def light() -> None:
    nbtrack.autolog(log_models=False, log_datasets=False)


def curve(run: Any, key: str) -> tuple[list[int], list[float]]:
    points = run.history(key).arrow()
    return points["step"].to_pylist(), points["value"].to_pylist()


class Failing(keras.callbacks.Callback):  # type: ignore[misc]
    """Fails in an epoch."""

    def __init__(self, epoch: int, error: type[BaseException]) -> None:
        super().__init__()
        self._epoch, self._error = epoch, error

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        if epoch == self._epoch:
            raise self._error("in the middle")


def test_a_training_is_told_by_mlflows_names(runs: Runs) -> None:
    nbtrack.autolog()
    history = fit(model(), batch_size=16, validation_split=0.25)

    (run,) = runs()
    assert run.status == "finished"
    told = {
        "batch_size": 16,
        "epochs": 2,
        "validation_split": 0.25,
        "shuffle": True,
        "class_weight": None,
        "sample_weight": None,
        "initial_epoch": 0,
        "steps_per_epoch": None,
        "validation_steps": None,
        "validation_batch_size": None,
        "validation_freq": 1,
        "optimizer_name": "sgd",
        "optimizer_learning_rate": 0.25,
        "optimizer_momentum": 0.0,
        "optimizer_nesterov": False,
    }
    assert {key: run.params[key] for key in told} == told
    assert {key for key in run.metrics if not key.startswith("system/")} == set(history.history)
    for key, values in history.history.items():
        assert curve(run, key) == ([0, 1], values)
    files = {file.path for file in nbtrack.list_artifacts(run_id=run.id)}
    assert files == {"model", "model_summary.txt"}
    assert "dense" in nbtrack.load_text(f"runs:/{run.id}/model_summary.txt")
    assert [read.name for read in run.inputs] == ["train"]


def test_the_model_that_is_kept_answers_as_the_one_that_was_trained(runs: Runs) -> None:
    nbtrack.autolog(log_datasets=False)
    made = model()
    fit(made)
    kept = nbtrack.pyfunc.load_model(f"runs:/{runs()[0].id}/model")
    np.testing.assert_allclose(kept.predict(X), made.predict(X, verbose=0), rtol=1e-6)
    # Its signature knows how many numbers a row has.
    with pytest.raises(InvalidInput, match=r"expected the shape \(any, 3\)"):
        kept.predict(X[:, :2])


def test_early_stopping_tells_when_and_at_what(runs: Runs) -> None:
    light()
    stopping = keras.callbacks.EarlyStopping(
        "loss", min_delta=9, patience=2, restore_best_weights=True
    )
    history = fit(model(), epochs=9, callbacks=[stopping])
    (run,) = runs()
    assert {key: run.params[key] for key in ("monitor", "min_delta", "patience")} == {
        "monitor": "loss",
        "min_delta": 9,
        "patience": 2,
    }
    assert run.metrics["stopped_epoch"] == 2
    assert run.metrics["best_epoch"] == run.metrics["restored_epoch"] == 0
    assert run.metrics["best_score"] == history.history["loss"][0]


def test_a_rate_that_moves_is_a_curve(runs: Runs) -> None:
    light()
    fit(model(), epochs=3)
    halved = keras.callbacks.LearningRateScheduler(lambda _, rate: rate / 2)
    fit(model(), epochs=3, callbacks=halved)
    # Two steps an epoch: the schedule has come to another rate at the end of the first.
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=2, decay_rate=0.5)
    fit(model(schedule), epochs=2, batch_size=24)

    steady, by_callback, by_schedule = runs()
    assert "learning_rate" not in steady.metrics
    assert curve(by_callback, "learning_rate") == ([0, 1, 2], [0.125, 0.0625, 0.03125])
    assert curve(by_schedule, "learning_rate") == ([0, 1], [0.25, 0.125])
    assert by_schedule.params["optimizer_learning_rate"] == "ExponentialDecay"
    assert by_schedule.params["optimizer_learning_rate.decay_steps"] == 2


def test_a_training_that_goes_on_draws_on_the_same_curves(runs: Runs) -> None:
    light()
    with nbtrack.run("resumed"):
        made = model()
        first = fit(made, validation_data=(X, Y), validation_freq=2)
        again = fit(made, validation_data=(X, Y), validation_freq=2)
        # By Keras' own count.
        last = fit(made, epochs=6, initial_epoch=4)
    (run,) = runs()
    steps, values = curve(run, "loss")
    assert steps == [0, 1, 2, 3, 4, 5]
    assert values == [v for each in (first, again, last) for v in each.history["loss"]]
    assert curve(run, "val_loss")[0] == [1, 3]


def test_two_models_in_one_run_have_curves_of_their_own(runs: Runs) -> None:
    light()
    with nbtrack.run("two"):
        fit(model(0.25))
        fit(model(0.5))
    (run,) = runs()
    assert curve(run, "loss")[0] == curve(run, "Sequential-2.loss")[0] == [0, 1]
    assert run.params["optimizer_learning_rate"] == 0.25
    assert run.params["Sequential-2.optimizer_learning_rate"] == 0.5
    files = {file.path for file in nbtrack.list_artifacts(run_id=run.id)}
    assert files == {"model_summary.txt", "Sequential-2.model_summary.txt"}


def test_a_key_that_a_callback_of_the_users_logs_is_the_users(runs: Runs) -> None:
    class Own(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            nbtrack.log_metric("loss", -1.0, step=epoch)

    light()
    fit(model(), callbacks=[Own()])
    (run,) = runs()
    assert curve(run, "loss") == ([0, 1], [-1.0, -1.0])
    assert curve(run, "accuracy")[0] == [0, 1]


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "failed"), (KeyboardInterrupt, "killed")]
)
def test_a_training_that_breaks_off_keeps_what_it_logged(
    error: type[BaseException], status: str, runs: Runs
) -> None:
    light()
    with pytest.raises(error, match="in the middle") as raised:
        fit(model(), epochs=5, callbacks=[Failing(2, error)])
    (run,) = runs()
    assert run.status == status
    assert curve(run, "loss")[0] == [0, 1]
    frames = traceback.extract_tb(raised.value.__traceback__)
    assert not [frame for frame in frames if "nbtrack/integrations" in frame.filename]


def test_what_the_user_passed_comes_out_as_it_went_in(runs: Runs) -> None:
    light()
    made, mine = model(), [keras.callbacks.TerminateOnNaN()]
    before = list(mine)
    fit(made, callbacks=mine)
    assert mine == before

    container = keras.callbacks.CallbackList(mine, add_history=True, model=made, epochs=2)
    inside = list(container.callbacks)
    made.fit(X, Y, epochs=2, verbose=0, callbacks=container)
    with pytest.raises(ValueError, match="ambiguous"):
        made.fit(X, Y[:5], verbose=0, callbacks=container)
    assert container.callbacks == inside
    # It had been passed ready, and was told of all the same.
    assert curve(runs()[1], "loss")[0] == [0, 1]


def test_data_sets_and_models_of_ones_own_train_as_arrays_do(runs: Runs) -> None:
    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        batch_size = 12

        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> Any:
            rows = slice(index * 12, index * 12 + 12)
            return X[rows], Y[rows]

    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2, activation="softmax")

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    light()
    made = Own()
    made.compile("adam", "sparse_categorical_crossentropy")
    made.fit(Batches(), epochs=1, verbose=0)
    (run,) = runs()
    assert run.params["batch_size"] == 12
    assert run.params["optimizer_name"] == "adam"
    assert curve(run, "loss")[0] == [0]


def test_threads_train_in_runs_of_their_own(runs: Runs) -> None:
    light()
    made = [model(), model()]
    threads = [threading.Thread(target=fit, args=(each,)) for each in made]
    for thread in threads:
        # Keras itself trains one at a time.
        thread.start()
        thread.join()
    assert [run.params["epochs"] for run in runs()] == [2, 2]
    assert [run.status for run in runs()] == ["finished", "finished"]


def test_the_callback_begins_a_run_and_ends_it(runs: Runs) -> None:
    callback = NbtrackCallback()
    history = fit(model(), callbacks=[callback])
    (run,) = runs()
    assert nbtrack.active_run() is None
    assert run.status == "finished"
    assert curve(run, "loss") == ([0, 1], history.history["loss"])
    assert run.params["epochs"] == 2
    assert run.params["optimizer_learning_rate"] == 0.25

    with nbtrack.run("mine") as mine:
        fit(model(), callbacks=[callback])
        assert mine.status == "running"
    assert curve(runs()[1], "loss")[0] == [0, 1]


def test_a_run_of_a_callback_whose_training_failed_ends_before_the_next(runs: Runs) -> None:
    with pytest.raises(ValueError, match="in the middle"):
        fit(model(), callbacks=[NbtrackCallback(), Failing(1, ValueError)])
    fit(model(), callbacks=[NbtrackCallback()])
    assert [run.status for run in runs()] == ["failed", "finished"]
    assert curve(runs()[0], "loss")[0] == [0]


def test_autologging_adds_no_second_callback(runs: Runs) -> None:
    light()
    fit(model(), callbacks=[NbtrackCallback()])
    (run,) = runs()
    assert run.params["validation_split"] == 0.0
    assert curve(run, "loss")[0] == [0, 1]


def test_a_callback_can_be_copied_as_tuners_do(runs: Runs) -> None:
    callback = NbtrackCallback()
    for each in (copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))):
        fit(model(), callbacks=[each])
    assert [run.status for run in runs()] == ["finished", "finished"]


def test_what_cannot_be_logged_is_warned_of_and_costs_no_training(place: Path) -> None:
    over = nbtrack.start_run()
    over.end()
    with pytest.warns(CallbackWarning, match="is already finished"):
        history = fit(model(), callbacks=[NbtrackCallback(over)])
    assert len(history.history["loss"]) == 2


CELL = """
import numpy as np, keras
X = np.random.default_rng(0).random((48, 3), dtype="float32")
Y = (X[:, 0] > X[:, 1]).astype("int32")
def model(rate):
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    sgd = keras.optimizers.SGD(rate)
    made.compile(sgd, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made
"""


def test_a_tracked_cell_tells_what_was_chosen_and_nothing_twice(
    shell: InteractiveShell, runs: Runs
) -> None:
    shell.run_cell(CELL).raise_error()
    shell.run_cell(
        "%%track\nlr, n_epochs = 0.25, 2\n"
        "history = model(lr).fit(X, Y, epochs=n_epochs, batch_size=16, verbose=0)"
    ).raise_error()
    (run,) = runs()
    # The rate and the epochs stand in the cell; the History that it assigns draws nothing anew.
    assert run.params == {
        "lr": 0.25,
        "n_epochs": 2,
        "batch_size": 16,
        "optimizer_name": "sgd",
    }
    assert curve(run, "loss") == ([0, 1], shell.user_ns["history"].history["loss"])
    assert "model" not in {file.path for file in nbtrack.list_artifacts(run_id=run.id)}


def test_a_loop_of_the_cell_that_fits_on_makes_one_curve(
    shell: InteractiveShell, runs: Runs
) -> None:
    shell.run_cell(CELL).raise_error()
    shell.run_cell(
        "%%track\nmade = model(0.25)\nfor _ in range(3):\n"
        "    loss = made.fit(X, Y, verbose=0).history['loss'][-1]"
    ).raise_error()
    (run,) = runs()
    assert curve(run, "loss")[0] == [0, 1, 2]
    assert not [key for key in run.metrics if key.startswith("Sequential")]

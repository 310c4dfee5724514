"""A registry on a store of its own, runs to register, and users to act as."""

import shutil

import pytest

import nbtrack
from nbtrack.events import InputRead
from nbtrack.tracking import active


def train(*, store=None, data=None, verdict=None, params=None, name="forest", **metrics):
    """A run that keeps a model, with metrics, parameters, and data by name and digest; its URI."""
    with nbtrack.run(name, store=store, **(params or {})) as run:
        run.log(metrics)
        run.keep_artifact("model/MLmodel", repr(sorted(metrics.items())).encode())
        run.keep_artifact("model/data/weights", b"w")
        run.keep_inputs(
            InputRead(0, "", key, "frame", digest) for key, digest in (data or {}).items()
        )
        if verdict:
            run.judge(verdict)
    return f"runs:/{run.id}/model"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The current store, which does not exist yet; whoever acts is called ``ann``."""
    monkeypatch.setattr(active, "_chosen_store", None)
    monkeypatch.setattr(active, "_experiment", None)
    monkeypatch.setenv("NBTRACK_USER", "ann")
    folder = tmp_path / ".nbtrack"
    nbtrack.set_store(folder)
    yield folder
    for run in active.open_runs():
        run.end()
    active.current_store().close()


@pytest.fixture
def registry(place):
    """The registry of the current store."""
    return nbtrack.Registry()


@pytest.fixture
def acting_as(monkeypatch):
    """Act as another user from here on."""
    return lambda user: monkeypatch.setenv("NBTRACK_USER", user)


@pytest.fixture
def trained(registry):
    """What `train` does, in the current store."""
    return train


@pytest.fixture(scope="session")
def three_versions(tmp_path_factory):
    """A store with the model ``fraud``: 0.9, 0.93 and 0.91 accurate, none in any stage."""
    folder = tmp_path_factory.mktemp("three") / ".nbtrack"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBTRACK_USER", "ann")
        for accuracy in (0.9, 0.93, 0.91):
            uri = train(store=folder, accuracy=accuracy, data={"test": "d1" * 16})
            nbtrack.register_model(uri, "fraud", store=folder)
    active.current_store(folder).close()
    return folder


@pytest.fixture
def fraud(three_versions, place):
    """The registry of a store that has `three_versions`."""
    shutil.copytree(three_versions, place)
    return nbtrack.Registry()

"""Real shells and real kernels, each with a store of its own."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import KernelManager, start_new_kernel

import nbtrack
from nbtrack.tracking import active
from tests.magics.shells import open_shell

WAIT_S = 60


class Place:
    """A store as a reader in this process sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def runs(self) -> list[Any]:
        """The runs as `nbtrack.get_run` gives them, oldest first; none where there is no store."""
        if not self.path.exists():
            return []
        return nbtrack.search_runs(
            search_all_experiments=True,
            order_by=["attributes.started ASC"],
            output_format="list",
            store=self.path,
        )

    @property
    def the_run(self) -> Any:
        """The one run that there is."""
        (run,) = self.runs
        return run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty store, chosen for this process, and nothing left over from another test."""
    place = Place(tmp_path / ".nbtrack")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(active, "_chosen_store", place.path)
    monkeypatch.setattr(active, "_experiment", None)
    for name in ("NBTRACK_STORE", "NBTRACK_EXPERIMENT", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture
def shell(place: Place) -> Iterator[InteractiveShell]:
    """IPython in this process, with the extension loaded."""
    with open_shell() as shell:
        yield shell


@pytest.fixture
def until() -> Callable[[Callable[[], Any], str], Any]:
    """``until(condition, what)``: its first true value; fails after a minute, naming it."""

    def wait(condition: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + WAIT_S
        while not (value := condition()):
            assert time.monotonic() < end, f"{what} did not come within {WAIT_S} s"
            time.sleep(0.02)
        return value

    return wait


@dataclass
class Executed:
    """What a front end sees of one execution. Updated displays stand in their final form."""

    status: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    displays: dict[str, dict[str, Any]] = field(default_factory=dict)

    def text(self, name: str = "stdout") -> str:
        return "".join(o["text"] for o in self.outputs if o.get("name") == name)

    @property
    def result(self) -> str | None:
        found = [o["data"]["text/plain"] for o in self.outputs if "execution_count" in o]
        return found[-1] if found else None

    @property
    def error(self) -> dict[str, Any]:
        return next((o for o in self.outputs if "ename" in o), {})

    @property
    def cards(self) -> list[str]:
        return [data["text/html"] for data in self.displays.values() if "text/html" in data]

    @property
    def card(self) -> str:
        (card,) = self.cards
        return card


class Notebook:
    """A kernel, driven as a front end drives it."""

    def __init__(self, folder: Path, manager: KernelManager, client: Any) -> None:
        self.folder = folder
        self.place = Place(folder / ".nbtrack")
        self.manager = manager
        self.client = client

    def send(self, code: str, cell_id: str | None = None) -> str:
        """Send a cell; its message id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self.client.session.msg(
            "execute_request", content, metadata={"cellId": cell_id} if cell_id else {}
        )
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def receive(
        self,
        sent: str,
        *,
        upon: tuple[Callable[[Executed], bool], Callable[[], None]] | None = None,
    ) -> Executed:
        """Collect what comes back until the kernel is idle; ``upon``: (condition, action)."""
        seen = Executed()
        end = time.monotonic() + WAIT_S
        while True:
            assert time.monotonic() < end, "the kernel did not become idle"
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                break
            if kind in ("display_data", "update_display_data"):
                display = content.get("transient", {}).get("display_id", f"one {len(seen.shown)}")
                seen.shown.append(content["data"])
                # What is updated may be the card of an earlier cell, completed late.
                if kind == "display_data" or display in seen.displays:
                    seen.displays[display] = content["data"]
            elif kind in ("stream", "execute_result", "error"):
                seen.outputs.append(content)
            if upon is not None and upon[0](seen):
                upon[1]()
                upon = None
        while (reply := self.client.get_shell_msg(timeout=WAIT_S))["parent_header"][
            "msg_id"
        ] != sent:
            pass
        seen.status = reply["content"]["status"]
        return seen

    def card_with(self, seen: Executed, text: str) -> str:
        """The execution's card once it says ``text``; what the store answers may come late."""
        (display,) = seen.displays
        end = time.monotonic() + WAIT_S
        while text not in seen.card:
            assert time.monotonic() < end, f"no {text!r} came in {seen.card}"
            with suppress(queue.Empty):
                message = self.client.get_iopub_msg(timeout=1)
                content = message["content"]
                if content.get("transient", {}).get("display_id") == display:
                    seen.displays[display] = content["data"]
        return seen.card

    def run(self, code: str, cell_id: str | None = None) -> Executed:
        """Run a cell to its end."""
        return self.receive(self.send(code, cell_id))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A kernel for all tests of a module, with the extension loaded."""
    folder = tmp_path_factory.mktemp("kernel")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("NBTRACK_EXPERIMENT", "JPY_SESSION_NAME"):
            patch.delenv(name, raising=False)
        patch.setenv("NBTRACK_STORE", str(folder / ".nbtrack"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        manager, client = start_new_kernel(cwd=str(folder), kernel_name="python3")
    notebook = Notebook(folder, manager, client)
    assert notebook.run("%load_ext nbtrack").status == "ok"
    yield notebook
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def notebook(kernel: Notebook) -> Notebook:
    """The module's kernel with an empty store of this test's own."""
    store = kernel.folder / f"{time.monotonic_ns()}" / ".nbtrack"
    store.parent.mkdir()
    kernel.run("%reset -f")
    kernel.run(f"import nbtrack; nbtrack.set_store({str(store)!r}); del nbtrack")
    kernel.run("%reload_ext nbtrack")
    kernel.place = Place(store)
    return kernel

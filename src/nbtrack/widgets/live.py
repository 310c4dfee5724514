"""What every live widget does: it shows, follows the store, and shares what is picked.

The browser sends named intents with an id; each is answered by a message with
the same id and Arrow buffers. Of every widget it may ask the ``picture``: the html
as it now is. What nobody asked for, news from the store, goes out as the trait
``_snapshot``, so that a view that opens later finds it too, and so that it arrives
while a cell runs, when the kernel reads no messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import anywidget
import traitlets

from nbtrack.errors import NbtrackError
from nbtrack.widgets import beside_cells
from nbtrack.widgets.frame import Frame, lock_of, run_ids, selection_of
from nbtrack.widgets.watch import EVERY_S, StoreWatch
from nbtrack.widgets.wire import Answer

if TYPE_CHECKING:
    from nbtrack.store import Store

_STATIC = Path(__file__).parent / "static"


def built(name: str) -> Path:
    """The file ``name`` of the front-end. Raises ``FileNotFoundError`` where it is not built."""
    if not (_STATIC / name).exists():
        raise FileNotFoundError(
            f"nbtrack's front-end is not built in {_STATIC}: run pip install -e . in the checkout, "
            "or npm install and npm run build in its folder js."
        )
    return _STATIC / name


class StoreWidget(anywidget.AnyWidget):
    """A widget on runs of a store; a subclass says what it draws and answers.

    ============  ===============  =====================================================
    trait         type             meaning
    ============  ===============  =====================================================
    ``selected``  list of str      full ids of the runs that are picked; one for all
                                   widgets on the store. May be set to ids, names or runs
    ============  ===============  =====================================================
    """

    # How often the store is looked at.
    _every_s = EVERY_S

    _snapshot = traitlets.Dict().tag(sync=True)
    # 16 bytes per run: a hundred thousand of them are picked with one stroke of a brush.
    _picked = traitlets.Bytes().tag(sync=True)
    _link = traitlets.Unicode().tag(sync=True)
    _trouble = traitlets.Unicode().tag(sync=True)

    selected: Any = traitlets.Any(help="Ids of the runs that are picked.")

    def _begin_on(self, store: Store) -> None:
        """To be called once by the subclass, when what `_draw` needs is there."""
        self.store = store
        self._selection = selection_of(store)
        self._following = False
        self._answering = False
        self._views = 0
        self._watch = StoreWatch(store, self._news, self._in_trouble, every_s=self._every_s)
        super().__init__(_link=self._selection.token)
        self._hear_selection()
        self._follow()
        self._push()
        self._selection.listeners.add(self._hear_selection)
        self.on_msg(self._receive)

    # A subclass's own

    def _draw(self) -> dict[str, Any]:
        """What the browser needs to draw all of it: JSON, with bytes where Arrow travels."""
        raise NotImplementedError

    def _html(self) -> str:
        """What is shown where no kernel is: html that survives JupyterLab's sanitiser."""
        raise NotImplementedError

    def _refresh(self) -> bool:
        """Look whether the store has something new for this widget; whether it had."""
        raise NotImplementedError

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        """The answer to an intent; an `NbtrackError` is told in the browser."""
        raise NotImplementedError

    def _tell_traits(self) -> None:
        """Let the subclass's own traits say what the browser did."""

    # Showing

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        bundle["text/html"] = self._html()
        bundle["text/plain"] = repr(self)
        # Before its view opens the browser cannot say so: a cell may be running.
        self._watch.start()
        return bundle, metadata

    def close(self) -> None:
        """Take the widget off the page and stop looking at the store."""
        # One that could not be made is closed too, when it is thrown away.
        if hasattr(self, "_watch"):
            self._watch.stop()
        super().close()

    # From the store, and from other widgets

    def _news(self) -> None:
        # While a cell logs, each fold and each question waits for it: so one fold for all.
        with lock_of(self.store), self.store.settled():
            news = self._draw() if self._refresh() or self._trouble else None
        if news is not None:
            self._snapshot, self._trouble = news, ""

    def _in_trouble(self, error: NbtrackError) -> None:
        self._trouble = str(error)

    def _push(self) -> None:
        self._snapshot = self._draw()
        self._trouble = ""

    def _hear_selection(self) -> None:
        self._picked = bytes.fromhex("".join(self._selection))
        self._follow()

    # From the browser

    def _receive(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        match content.get("kind"):
            case "opened":
                self._views += 1
                self._watch.start()
            case "closed":
                self._views -= 1
                if self._views <= 0:
                    self._watch.stop()
            case _:
                self._reply(content)

    def _reply(self, intent: Mapping[str, Any]) -> None:
        asked = intent.get("id")
        self._answering = True
        try:
            if intent.get("kind") == "picture":
                reply = Answer({"kind": "picture", "html": self._html()})
            else:
                reply = self._answer(intent)
        except NbtrackError as error:
            about = str(intent.get("kind"))
            self.send({"id": asked, "kind": "error", "about": about, "message": str(error)})
            return
        finally:
            self._answering = False
        if asked is not None:
            self.send({"id": asked, **reply.content}, buffers=reply.buffers)
        self._follow()

    def _follow(self) -> None:
        """Let the traits say what the browser, or another widget, did."""
        was, self._following = self._following, True
        try:
            with self.hold_trait_notifications():
                self._tell_shared()
                self._tell_traits()
        finally:
            self._following = was

    def _tell_shared(self) -> None:
        self.selected = list(self._selection)

    # From the user's code

    @contextmanager
    def _leading(self) -> Iterator[None]:
        """Around what a trait that was set changes: if it cannot be, the trait is as before."""
        try:
            yield
        finally:
            self._follow()

    @traitlets.default("selected")
    def _none_selected(self) -> list[str]:
        return []

    @traitlets.validate("selected")
    def _find_selected(self, proposal: Mapping[str, Any]) -> list[str]:
        return run_ids(self.store, proposal["value"])

    @traitlets.observe("selected")
    def _lead_selection(self, change: Mapping[str, Any]) -> None:
        if not self._following:
            with self._leading():
                self._selection.replace(change["new"])


class HeardWidget(StoreWidget):
    """A `StoreWidget` that is heard while a cell runs, where the front end has subshells.

    What the page says arrives on a thread of its own (`beside_cells`).
    """

    _beside = traitlets.Unicode().tag(sync=True)

    def _begin_on(self, store: Store) -> None:
        super()._begin_on(store)
        self._beside = uuid4().hex
        beside_cells.listen(self._beside, self)

    def hear(self, content: Mapping[str, Any]) -> None:
        """Take in what the page said beside a cell that runs."""
        self._receive(self, content, None)


class LiveWidget(StoreWidget):
    """A widget on the runs of a `Frame`, whose filter it shares with others on the same runs.

    ============  ===============  =====================================================
    trait         type             meaning
    ============  ===============  =====================================================
    ``filter``    str              MLflow's grammar if it parses, else words to look for;
                                   one for all widgets on the same runs
    ============  ===============  =====================================================
    """

    filter = traitlets.Unicode("", help="Runs to show: a filter, or words to look for.")

    def _begin(self, frame: Frame) -> None:
        """To be called once by the subclass, when what `_draw` needs is there."""
        self.frame = frame
        self._begin_on(frame.store)
        frame.listeners.add(self._hear_filter)

    def _hear_filter(self) -> None:
        if not self._answering:
            self._push()
        self._follow()

    def _tell_shared(self) -> None:
        super()._tell_shared()
        self.filter = self.frame.filter

    @traitlets.observe("filter")
    def _lead_filter(self, change: Mapping[str, Any]) -> None:
        if not self._following:
            with self._leading():
                self.frame.set_filter(change["new"])

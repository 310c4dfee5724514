"""The registry in a notebook: traits for the user's code, decisions from the browser."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import traitlets

from nbtrack.errors import PromotionRefused
from nbtrack.registry.registry import Registry
from nbtrack.tracking.active import current_store
from nbtrack.widgets.frame import lock_of
from nbtrack.widgets.live import HeardWidget, built
from nbtrack.widgets.registry.model import PanelModel
from nbtrack.widgets.registry.static import static_html
from nbtrack.widgets.wire import Answer


class RegistryPanel(HeardWidget):
    """Registered models: versions by stage, what they are judged by, and what one may decide.

    >>> nbtrack.RegistryPanel()              # or %track registry
    >>> nbtrack.RegistryPanel("fraud")

    Promote, request, approve, reject and roll back ask for a comment first, and say what will
    come of it. It follows what others decide, and is heard while a cell runs where the front
    end and ipykernel (7.1 or newer) have subshells.

    ============  =============  ========================================================
    trait         type           meaning
    ============  =============  ========================================================
    ``model``     str or None    the model that is shown. May be set
    ``version``   int or None    the version whose evidence is shown. May be set
    ============  =============  ========================================================
    """

    _esm = built("registry.js")
    _css = built("registry.css")

    model: Any = traitlets.Any(None, help="The name of the model that is shown.")
    version: Any = traitlets.Any(None, help="The version whose evidence is shown.")

    def __init__(
        self, model: str | None = None, *, store: str | PathLike[str] | None = None
    ) -> None:
        place = current_store(store)
        self._model = PanelModel(place, model)
        self._begin_on(place)
        # Only its first picture says which model and version there are to look at.
        self._follow()

    @property
    def registry(self) -> Registry:
        """The registry that is shown."""
        return self._model.registry

    def __repr__(self) -> str:
        models = self._snapshot["models"]
        there = sum(bool(each["in_production"]) for each in models)
        many = "" if len(models) == 1 else "s"
        return f"RegistryPanel of {len(models)} model{many}, {there} in Production"

    def _html(self) -> str:
        return static_html(self._snapshot)

    def _news(self) -> None:
        super()._news()
        # A model that is gone gave way to another.
        self._follow()

    def _draw(self) -> dict[str, Any]:
        return self._model.snapshot()

    def _refresh(self) -> bool:
        return self._model.refresh()

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        with lock_of(self.store):
            try:
                self._do(intent)
            except PromotionRefused as refusal:
                self._push()
                reasons = str(refusal).rpartition("\n")[0]
                advice = "Mend this, or write why it goes past the gates."
                return Answer({"kind": "refused", "message": f"{reasons}\n{advice}"})
            self._push()
        return Answer({"kind": "done"})

    def _do(self, intent: Mapping[str, Any]) -> None:
        registry, name = self._model.registry, self._model.name or ""
        comment = str(intent.get("comment") or "")
        match intent["kind"]:
            case "model":
                self._model.show(intent["name"])
            case "choose":
                self._model.choose(intent["version"])
            case "move":
                moved = registry.transition_stage(
                    intent["name"],
                    intent["version"],
                    intent["stage"],
                    comment=comment,
                    override=intent.get("override"),
                    seen=intent["seen"],
                )
                self._model.choose(moved.version)
            case "ask":
                registry.request_transition(
                    intent["name"], intent["version"], intent["stage"], comment
                )
            case "approve":
                registry.approve(
                    intent["request"],
                    comment,
                    override=intent.get("override"),
                    seen=intent["seen"],
                )
            case "reject":
                registry.reject(intent["request"], comment)
            case "roll_back":
                back = registry.roll_back(intent["name"], comment, seen=intent["seen"])
                self._model.choose(back.version)
            case "comment":
                registry.comment(name, intent["version"], comment)

    def _tell_traits(self) -> None:
        self.model, self.version = self._model.name, self._model.chosen

    @traitlets.observe("model", "version")
    def _lead_model(self, change: Mapping[str, Any]) -> None:
        if self._following:
            return
        with self._leading(), lock_of(self.store):
            if change["name"] == "model":
                self._model.show(change["new"])
            else:
                self._model.choose(
                    self.registry.get_model_version(self.model, change["new"]).version
                )
            self._push()

"""A library's function that trains in rounds, and tells callbacks of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

from nbtrack.integrations.autologging.record import Record
from nbtrack.integrations.autologging.telling import Telling
from nbtrack.integrations.autologging.training import Training
from nbtrack.tracking.run import Run

EXAMPLE_ROWS = 5


class RoundsCallback(Protocol):
    """What all of our callbacks have, whatever a library wants of them besides."""

    telling: Telling
    run: Run | None


class Rounds(Training):
    """A call that takes ``callbacks``. A library's file gives the class of its own, `callback`."""

    callback: ClassVar[type[Any]]
    _ours: RoundsCallback | None = None

    def add_callback(self) -> None:
        """Add ours behind the user's, in a list of its own; one that is there tells this record."""
        callbacks = list(self.given["callbacks"] or ())
        ours = next((each for each in callbacks if isinstance(each, self.callback)), None)
        if ours is None:
            ours = self.callback()
            self.replace("callbacks", [*callbacks, ours])
        elif ours.run not in (None, self.record.run):
            return  # It is to tell another run.
        ours.telling.use(self.record, self.trouble)
        self._ours = ours

    def restore(self) -> None:
        if self._ours is not None:
            self._ours.telling = Telling(self.library)

    def arguments(self, names: Iterable[str]) -> Iterator[tuple[str, object]]:
        """These arguments, where the function has them; in a cell those that were chosen."""
        parameters = self.signature.parameters
        for name in names:
            if name in self.given and not (
                self.record.is_in_cell and self.given[name] == parameters[name].default
            ):
                yield name, self.given[name]


def tell_importance(record: Record, kind: str, weights: Mapping[str, object]) -> None:
    """Keep the importance of each feature, under MLflow's name for the file."""
    record.text(json.dumps(weights, indent=2), f"feature_importance_{kind}.json")


def in_words(value: object) -> object:
    """A setting as people read it: a function by its name, and not by its address."""
    return getattr(value, "__qualname__", value) if callable(value) else value


def first_rows(inputs: Any) -> Any:
    """Some rows of a table or an array, for a signature; ``None`` where there is no saying."""
    if hasattr(inputs, "iloc"):
        return inputs.iloc[:EXAMPLE_ROWS]
    return inputs[:EXAMPLE_ROWS] if hasattr(inputs, "shape") else None

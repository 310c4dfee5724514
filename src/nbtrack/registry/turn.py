"""One turn at the registry: what is decided, by whom, while nobody else can change it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nbtrack.events import RegistryChange, RegistryChanged
from nbtrack.registry.finding import find_model, find_version
from nbtrack.tracking.author import Author, author_at

if TYPE_CHECKING:
    from nbtrack.registry.records import ModelVersion
    from nbtrack.store import Decision, Store


class Turn:
    """What is known, and what is said now; kept as a whole when the turn is over."""

    def __init__(self, asked: Decision, author: Author) -> None:
        self.asked = asked
        self.author = author

    def model(self, name: str) -> dict[str, Any]:
        """The model called ``name``, as a row. Raises `ModelNotFound`."""
        return find_model(self.asked, name)

    def model_id(self, name: str) -> int:
        """The number by which changes name the model. Raises `ModelNotFound`."""
        number: int = self.model(name)["model"]
        return number

    def version(self, name: str, version: object) -> ModelVersion:
        """One version of a model. Raises `ModelNotFound`."""
        return find_version(self.asked, name, version)

    def append(
        self, change: RegistryChange, model: int | None, version: int | None = None, **fields: Any
    ) -> RegistryChanged:
        """Say a change; ``model`` of ``None`` is one that it creates."""
        author = self.author
        return self.asked.append(
            change,
            model=model,
            version=version,
            user=author.user,
            host=author.host,
            source=author.source,
            **fields,
        )


@contextmanager
def turn_at(store: Store) -> Iterator[Turn]:
    """A turn at the registry of a store. Others wait: ask nothing but the turn meanwhile."""
    author = author_at(store.path)
    with store.deciding() as decision:
        yield Turn(decision, author)

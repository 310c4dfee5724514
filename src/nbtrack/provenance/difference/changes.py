"""What a difference between two runs is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from nbtrack.provenance.difference import view

Kind = Literal["added", "removed", "changed", "moved", "renamed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: its value in ``a`` and in ``b``, ``None`` where it is not there.

    ``lines`` is a unified diff for texts, with a line ``…`` between its parts.
    ``relative`` is the change of a number, as a share of its size in ``a``.
    """

    kind: Kind
    name: str
    a: str | None = None
    b: str | None = None
    note: str = ""
    lines: tuple[str, ...] = ()
    relative: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """What differs of one kind, and how many of that kind are known to be the same."""

    title: str
    changes: tuple[Change, ...]
    same: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Two runs held against each other. ``a`` and ``b`` are their names with their short ids.

    ``durations_s`` are those of ``a`` and ``b``. No two runs take equally long: it is no change.
    """

    a: str
    b: str
    sections: tuple[Section, ...]
    durations_s: tuple[float | None, float | None] = (None, None)

    def __getitem__(self, title: str) -> tuple[Change, ...]:
        """The changes of a section: ``difference["parameters"]``."""
        for section in self.sections:
            if section.title == title:
                return section.changes
        known = ", ".join(section.title for section in self.sections)
        raise KeyError(f"There is no section {title!r} (there are: {known}).")

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain lists and dicts, such as JSON can hold."""
        return {
            "a": self.a,
            "b": self.b,
            "durations_s": list(self.durations_s),
            **{s.title: [_plain(change) for change in s.changes] for s in self.sections},
        }

    def __repr__(self) -> str:
        return view.text(self)

    def _repr_html_(self) -> str:
        return view.html(self)


def _plain(change: Change) -> dict[str, Any]:
    return {**asdict(change), "lines": list(change.lines)}

"""A data set: its fingerprint, its name and source, and a profile of its columns."""

from __future__ import annotations

import html
import json
from functools import cached_property
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValue
from nbtrack.tracking.answers import Answer

if TYPE_CHECKING:
    from nbtrack.capture.data import Fingerprint


class Dataset:
    """What is known of data, made by `nbtrack.dataset`; the data itself is referred to, not copied.

    ``name`` is how it is called in runs, ``source`` where it comes from, as far as it is known.
    """

    def __init__(self, data: object, name: str, source: str, seen: Fingerprint) -> None:
        self.name = name
        self.source = source
        self._data = data
        self._seen = seen

    @property
    def kind(self) -> str:
        """The type of the data, such as ``pandas.DataFrame``."""
        return self._seen.kind

    @property
    def digest(self) -> str:
        """The digest of its content, 32 hexadecimal digits; equal content has an equal one."""
        return self._seen.digest

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns, or the dimensions of an array."""
        return self._seen.shape

    @property
    def schema(self) -> dict[str, object]:
        """The type of each column, or that of the elements."""
        return dict(json.loads(self._seen.schema or "{}"))

    @property
    def size_bytes(self) -> int | None:
        """How many bytes the content has, where they were read."""
        return self._seen.size_bytes

    @property
    def is_sampled(self) -> bool:
        """Whether the digest stands for a sample of the content."""
        return self._seen.is_sampled

    @property
    def note(self) -> str:
        """By which rule the digest was taken, or why there is none."""
        return self._seen.note

    @cached_property
    def profile(self) -> Answer:
        """A row per column: type, count, nulls, distinct values, extremes, mean, quartiles.

        Computed by DuckDB; of more than two million rows, a million drawn by lot. Texts have
        no extremes, so that none of them leaves the data. Raises `InvalidValue` for data that
        is no table.
        """
        from nbtrack.store import profile_table

        table = profile_table(self._data)
        if table is None:
            raise InvalidValue(
                f"{self.name!r} ({self.kind}) is no table that could be profiled: give a frame, "
                "an array of one or two dimensions, or a csv, parquet or JSON file."
            )
        return Answer(table)

    @property
    def seen(self) -> Fingerprint:
        """The fingerprint, as capture took it."""
        return self._seen

    def __repr__(self) -> str:
        return f"<Dataset {self.name}: {self._told()}>"

    def _told(self) -> str:
        size = " x ".join(f"{length:,}" for length in self.shape)
        parts = [f"{self.kind} {size}".strip(), f"digest {self.digest[:8] or 'unknown'}"]
        if self.is_sampled:
            parts.append("of a sample")
        if self.source:
            parts.append(f"from {self.source}")
        return ", ".join(parts)

    def _repr_html_(self) -> str:
        head = f"<b>{html.escape(self.name)}</b> {html.escape(self._told())}"
        try:
            return head + str(self.profile._repr_html_())
        except InvalidValue:
            return head

"""What `define_metric` asks for of a metric's values: the least, the most, the mean, the first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from nbtrack.errors import InvalidValue

_KNOWN = ("min", "max", "mean", "first", "best", "last", "none", "copy")


class Extremes:
    """Kept up as rows are logged; false as long as nothing was asked for."""

    def __init__(self) -> None:
        self._asked: dict[str, list[str]] = {}
        self._ways: dict[str, list[str]] = {}
        self._found: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def ask(self, pattern: str, ways: str, goal: str | None) -> None:
        """For metrics that fit ``pattern``: ``ways`` are words, with commas between them."""
        asked = [way.strip() for way in ways.split(",") if way.strip()]
        for way in asked:
            if way not in _KNOWN:
                raise InvalidValue(f"A summary is one of {', '.join(_KNOWN)}, got {way!r}.")
        best = "max" if (goal or "").startswith("max") else "min"
        wanted = [best if way == "best" else way for way in asked]
        self._asked[pattern] = [way for way in wanted if way in ("min", "max", "mean", "first")]
        self._ways.clear()

    def __bool__(self) -> bool:
        return any(self._asked.values())

    def see(self, row: Mapping[str, Any]) -> None:
        """Take the values of a row."""
        for key, value in row.items():
            if key not in self._ways:
                self._ways[key] = self._ways_of(key)
            for way in self._ways[key]:
                self._take(f"{key}.{way}", way, float(value))

    def found(self) -> dict[str, float]:
        """By key and way, as ``loss.min``."""
        return dict(self._found)

    def _ways_of(self, key: str) -> list[str]:
        if key in self._asked:
            return self._asked[key]
        fitting = [ways for pattern, ways in self._asked.items() if fnmatchcase(key, pattern)]
        return fitting[-1] if fitting else []

    def _take(self, name: str, way: str, value: float) -> None:
        if math.isnan(value):
            return
        before = self._found.get(name)
        self._counts[name] = count = self._counts.get(name, 0) + 1
        if before is None:
            self._found[name] = value
        elif way == "mean":
            self._found[name] = before + (value - before) / count
        elif way in ("min", "max"):
            self._found[name] = min(before, value) if way == "min" else max(before, value)

"""A curve in a few points, kept while it grows."""

from __future__ import annotations

_MAX_POINTS = 128


class Sketch:
    """Evenly spaced values of a curve, at most `_MAX_POINTS` of them, and its last value."""

    def __init__(self) -> None:
        self.length = 0
        self.last = float("nan")
        self._kept: list[float] = []
        self._stride = 1

    def add(self, value: float) -> None:
        """Take the curve's next value."""
        if self.length % self._stride == 0:
            self._kept.append(value)
            if len(self._kept) > _MAX_POINTS:
                del self._kept[1::2]
                self._stride *= 2
        self.length += 1
        self.last = value

    @property
    def values(self) -> tuple[float, ...]:
        """The kept values in order, ending with the last."""
        is_kept = (self.length - 1) % self._stride == 0
        return tuple(self._kept) if is_kept else (*self._kept, self.last)

"""Where an axis has marks, and what they say."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from nbtrack.widgets.card import duration_text, number_text

_STEPS = (1, 2, 2.5, 5, 10)


def linear_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """About ``wanted`` round numbers from ``low`` to ``high``."""
    if not high > low:
        return [low]
    step = _round_step((high - low) / max(wanted, 1))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


def log_ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Powers of ten from ``low`` to ``high``; with 2 and 5 between them where those are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, math.ceil((last - first) / wanted))
    factors = (1, 2, 5) if last - first <= 2 else (1,)
    ticks = [f * 10.0**power for power in range(first, last + 1, every) for f in factors]
    return [t for t in ticks if low * (1 - 1e-9) <= t <= high * (1 + 1e-9)]


def tick_text(value: float, kind: str) -> str:
    """A mark as a person reads it; ``kind`` is "number", "duration" or "time" (ms)."""
    if kind == "duration":
        return duration_text(value)
    if kind == "time":
        moment = datetime.fromtimestamp(value / 1000, UTC).astimezone()
        return moment.strftime("%m-%d %H:%M")
    return number_text(value)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))

"""Where an axis has marks, and what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from nbtrack.widgets.card import duration_text, number_text

_STEPS = (1, 2, 2.5, 5, 10)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# What people count time in, in seconds; below a second as any number, above as days.
_TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE),
    *(30 * _MINUTE, _HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY),
)


def linear_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """About ``wanted`` round numbers from ``low`` to ``high``."""
    rough = (high - low) / max(wanted, 1)
    # Of the least numbers there is no fifth.
    if not rough > 0:
        return [low]
    step = _round_step(rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


def log_ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Powers of ten from ``low`` to ``high``; with others between them where those are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, math.ceil((last - first) / wanted))
    factors = (1, 2, 5) if last - first <= 2 else (1, 3) if last - first == 3 else (1,)
    ticks = [f * 10.0**power for power in range(first, last + 1, every) for f in factors]
    return [t for t in ticks if low * (1 - 1e-9) <= t <= high * (1 + 1e-9)]


def duration_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """About ``wanted`` round durations from ``low`` to ``high`` seconds."""
    rough = (high - low) / max(wanted, 1)
    if rough < 1 or rough > _TIME_STEPS[-1]:
        return linear_ticks(low, high, wanted)
    step = next(step for step in _TIME_STEPS if step >= rough)
    return [float(n * step) for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def moment_ticks(low: float, high: float, wanted: int = 5) -> list[tuple[float, str]]:
    """About ``wanted`` round moments from ``low`` to ``high``, in ms, and their local times."""
    if not high > low:
        return [(low, _moment(low, "%m-%d %H:%M:%S"))]
    zone = datetime.fromtimestamp(low / 1000, UTC).astimezone().utcoffset() or timedelta()
    shift = zone.total_seconds()
    local = duration_ticks(low / 1000 + shift, high / 1000 + shift, wanted)
    step = local[1] - local[0] if len(local) > 1 else (high - low) / 1000
    form = "%H:%M:%S" if step < _MINUTE else "%H:%M" if step < _DAY else "%m-%d"
    form += ".%f" if step < 1 else ""
    if step < _DAY and high - low > _DAY * 1000:
        form = "%m-%d %H:%M"
    moments = [(second - shift) * 1000 for second in local]
    return [(moment, _moment(moment, form)) for moment in moments]


def tick_texts(ticks: Sequence[float], kind: str) -> list[str]:
    """What marks of one axis say: with as many digits as tell them apart."""
    texts = [tick_text(tick, kind) for tick in ticks]
    if kind == "duration":
        if len(set(texts)) < len(texts) or 0 < min(map(abs, ticks), default=1) < 1e-3:
            texts = [f"{tick * 1000:.12g} ms" for tick in ticks]
        short = [text.removesuffix(" 0 s").removesuffix(" 0 min") for text in texts]
        return [text if tick else "0" for tick, text in zip(ticks, short, strict=True)]
    if len(set(texts)) < len(texts):
        return [f"{tick:.12g}" for tick in ticks]
    return texts


def tick_text(value: float, kind: str) -> str:
    """A mark as a person reads it; ``kind`` is "number", "duration" or "time" (ms)."""
    if kind == "duration":
        return duration_text(value)
    if kind == "time":
        moment = datetime.fromtimestamp(value / 1000, UTC).astimezone()
        return moment.strftime("%m-%d %H:%M")
    return number_text(value)


def _moment(milliseconds: float, form: str) -> str:
    text = datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().strftime(form)
    return text[:-3] if form.endswith("%f") else text


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough * (1 - 1e-9))

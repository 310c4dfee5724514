"""The turns of a loop, seen from outside: what its body measured becomes curves.

The loop's body is left as it is. A ``for`` gets its iterator wrapped, a ``while``
its test; so line numbers, tracebacks, ``break``, ``continue`` and ``else`` are the
user's own. When the next turn is asked for, the names that the body computes are
compared with what they were: what is the same object was not assigned in that turn.

Looking costs a few microseconds. It may take `SHARE` of the loop's time; where
turns are shorter, they are passed on in stretches by ``itertools``, in C, and only
the last turn of each stretch is looked at. The first thousand turns are always whole.
"""

from __future__ import annotations

import itertools
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from nbtrack.capture.loops import Loop
from nbtrack.capture.scalars import as_measurement, to_number
from nbtrack.capture.words import says_metric

SHARE = 0.01
# Looking at so many turns takes some milliseconds in all, however short they are.
FREE_TURNS = 1000
MAX_STRETCH = 1_000_000
# Scalars on a device are converted together, a second at the latest after they were seen.
_FLUSH_S = 1.0
_FLUSH_COUNT = 64

OnTurn = Callable[[int, Mapping[str, float]], None]


class LoopWatch:
    """Watches one loop of a cell while it runs.

    ``on_turn`` gets the step and the metrics that the turn assigned. Steps count from 0,
    or go on where an earlier loop of the cell, sharing ``next_steps``, logged the same
    metric. ``skip`` tells the names that are none of ours.
    """

    def __init__(
        self,
        loop: Loop,
        namespace: Mapping[str, object],
        on_turn: OnTurn,
        skip: Callable[[str], bool],
        next_steps: dict[str, int],
    ) -> None:
        self.loop = loop
        self.turns = 0
        self.thinned = False
        self.logged: dict[str, float] = {}
        self._namespace = namespace
        self._on_turn = on_turn
        self._names = [(name, says_metric(name)) for name in loop.names if not skip(name)]
        self._next_steps = next_steps
        self._first_step = 0
        self._before: dict[str, Callable[[], object]] = {}
        self._waiting: list[tuple[int, dict[str, object]]] = []
        self._flushed_at = 0.0
        # The quickest of the last looks is what one costs: others were interrupted.
        self._recent_looks: deque[float] = deque(maxlen=5)
        self._began_s = 0.0
        self._counter: Iterator[int] = itertools.count(1)
        self._overrun = 0
        self._is_open = False

    # The loop, wrapped

    def items(self, source: Iterator[object]) -> Iterator[object]:
        """The items of the loop's iterator, in stretches that end with a look."""
        if not self._names:
            return source
        self._open()
        return itertools.chain.from_iterable(self._stretches(source))

    def async_items(self, source: AsyncIterator[object]) -> AsyncIterator[object]:
        """The items of an ``async for``, with a look after each turn."""
        if not self._names:
            return source
        self._open()
        return _AsyncTurns(source, self)

    def test(self) -> Callable[[], object]:
        """A function that is true at each call: it stands before the test of a ``while``.

        The watch opens here: it is to be asked for when the loop begins.
        """
        return self.items(itertools.repeat(True)).__next__

    def exhausted(self) -> bool:
        """Stands behind the test of a ``while``, which has begun a turn that never came."""
        self._overrun = 1
        self.close()
        return False

    def next_turn(self) -> None:
        """A turn has ended, or the first begins."""
        self.look()
        next(self._counter)

    def close(self) -> None:
        """Look at the last turn, and convert what waits. Closing twice changes nothing."""
        if self._is_open:
            self._is_open = False
            self.look()
            with suppress(Exception):
                self._flush()
            self._before.clear()

    def _open(self) -> None:
        self._began_s = time.perf_counter()
        self._flushed_at = self._began_s
        self._counter = itertools.count(1)
        names = [name for name, _ in self._names]
        self._before = {name: _reference(self._namespace.get(name)) for name in names}
        self._first_step = max((self._next_steps.get(name, 0) for name in names), default=0)
        self._is_open = True

    def _stretches(self, source: Iterator[object]) -> Iterator[Iterable[object]]:
        length = 1
        ended: list[bool] = []
        # `compress` counts in C, and keeps no item once it has passed it on.
        marked = itertools.chain(source, _say_end(ended))
        counted = itertools.compress(marked, self._counter)
        try:
            while not ended:
                yield itertools.islice(counted, length)
                self.look()
                length = self._stretch()
        finally:
            # After a `break` the loop drops its iterator, and the last turn is looked at here.
            self.close()

    def _stretch(self) -> int:
        """How many turns to pass on before the next look, for looking to cost `SHARE`."""
        if self.turns < FREE_TURNS:
            return 1
        spent_s = min(self._recent_looks)
        elapsed_s = time.perf_counter() - self._began_s
        per_turn_s = max(1e-9, elapsed_s / max(1, self.turns) - spent_s)
        length = min(MAX_STRETCH, max(1, int(spent_s / SHARE / per_turn_s)))
        self.thinned = self.thinned or length > 1
        return length

    # Looking

    def look(self) -> None:
        """Log what the turn that just ended has assigned. Raises nothing of its own."""
        started = time.perf_counter()
        with suppress(Exception):
            self._look(started)
        self._recent_looks.append(time.perf_counter() - started)

    def _look(self, now_s: float) -> None:
        # `count` shows what it will give next only by its text, or by being copied.
        self.turns = int(repr(self._counter)[6:-1]) - 1 - self._overrun
        seen: dict[str, object] = {}
        before = self._before
        namespace = self._namespace
        for name, is_metric in self._names:
            value = namespace.get(name)
            if value is None or before[name]() is value:
                continue
            before[name] = _reference(value)
            measured = as_measurement(value, allow_integer=is_metric)
            if measured is not None:
                seen[name] = measured
        if seen:
            self._waiting.append((self._first_step + self.turns - 1, seen))
            is_ready = all(type(value) is float for value in seen.values())
            is_due = now_s - self._flushed_at > _FLUSH_S or len(self._waiting) >= _FLUSH_COUNT
            if (is_ready and len(self._waiting) == 1) or is_due:
                self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._flushed_at = time.perf_counter()
        for step, seen in waiting:
            numbers = {
                name: number
                for name, value in seen.items()
                if (number := to_number(value)) is not None
            }
            if numbers:
                self.logged.update(numbers)
                self._next_steps.update(dict.fromkeys(numbers, step + 1))
                self._on_turn(step, numbers)


class _AsyncTurns:
    """An asynchronous iterator with a look before each item. What it awaits is the user's own."""

    def __init__(self, source: AsyncIterator[object], watch: LoopWatch) -> None:
        self._source = source
        self._watch = watch

    def __aiter__(self) -> AsyncIterator[object]:
        return self

    def __anext__(self) -> Awaitable[object]:
        self._watch.next_turn()
        return self._source.__anext__()


def _say_end(ended: list[bool]) -> Iterator[object]:
    """Runs when the user's iterator is exhausted, and yields nothing."""
    ended.append(True)
    yield from ()


def _reference(value: object) -> Callable[[], object]:
    """A way to ask whether a later value is this very object, without keeping a graph alive."""
    if type(value) in (float, int):
        return lambda: value
    try:
        return weakref.ref(value)
    except TypeError:
        return lambda: value

"""The states of the random number generators that a cell draws from, kept where it drew.

A replay of a cell that was never seeded still draws the same numbers: it begins with
the states that the cell began with.
"""

from __future__ import annotations

import base64
import json
import random
import struct
from dataclasses import dataclass
from typing import Any

from nbtrack.capture.scalars import loaded


@dataclass(slots=True)
class RandomState:
    """The states at one moment. Taking them costs some twenty microseconds."""

    python: tuple[Any, ...]
    numpy: Any
    torch: Any

    @classmethod
    def now(cls) -> RandomState:
        """The states of ``random``, and of numpy and torch where they are loaded."""
        numpy, torch = loaded("numpy"), loaded("torch")
        return cls(
            random.getstate(),
            None if numpy is None else numpy.random.get_state(),
            None if torch is None else torch.get_rng_state(),
        )

    def if_used(self) -> str:
        """The states as text, of those generators that were drawn from since; else empty."""
        now = RandomState.now()
        used: dict[str, object] = {}
        if now.python != self.python:
            version, words, gauss = self.python
            used["python"] = [version, _packed(words), gauss]
        # Another generator, set by the user, tells its state as a dict.
        if isinstance(self.numpy, tuple) and self.numpy[0] == "MT19937" == now.numpy[0]:
            name, words, position, has_gauss, gauss = self.numpy
            same = now.numpy[2:] == self.numpy[2:] and (now.numpy[1] == words).all()
            if not same:
                used["numpy"] = [name, _packed(words.tolist()), position, has_gauss, gauss]
        if self.torch is not None and not bool((now.torch == self.torch).all()):
            used["torch"] = base64.b85encode(self.torch.numpy().tobytes()).decode()
        return json.dumps(used) if used else ""


def restore(text: str) -> list[str]:
    """Put the generators into the states that `RandomState.if_used` wrote; the libraries' names.

    Imports numpy and torch where they have one. Raises ``ValueError`` for what it cannot read.
    """
    used = json.loads(text)
    if "python" in used:
        version, words, gauss = used["python"]
        random.setstate((version, tuple(_unpacked(words)), gauss))
    if "numpy" in used:
        import numpy

        name, words, position, has_gauss, gauss = used["numpy"]
        state = numpy.array(_unpacked(words), dtype=numpy.uint32)
        numpy.random.set_state((name, state, position, has_gauss, gauss))
    if "torch" in used:
        import torch

        data = bytearray(base64.b85decode(used["torch"]))
        torch.set_rng_state(torch.frombuffer(data, dtype=torch.uint8))
    return list(used)


def _packed(words: Any) -> str:
    words = list(words)
    return base64.b85encode(struct.pack(f"<{len(words)}I", *words)).decode()


def _unpacked(text: str) -> list[int]:
    data = base64.b85decode(text)
    return list(struct.unpack(f"<{len(data) // 4}I", data))

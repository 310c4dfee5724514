"""Memorable names for runs: ``brave-otter``."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import cache, partial


def memorable_name() -> str:
    """An adjective and an animal, out of some 370,000 pairs; not unique, and not meant to be."""
    return _generator(os.getpid())()


@cache
def _generator(pid: int) -> Callable[[], str]:  # noqa: ARG001 - a forked child must not repeat its parent
    import coolname

    # Its default is the global generator, whose state belongs to the user's seeds.
    coolname.replace_random(random.Random())
    return partial(coolname.generate_slug, 2)

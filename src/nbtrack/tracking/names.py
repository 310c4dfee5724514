"""Memorable names for runs: ``brave-otter``."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial


def memorable_name() -> str:
    """An adjective and an animal, out of some 370,000 pairs; not unique, and not meant to be."""
    return _generator()()


@cache
def _generator() -> Callable[[], str]:
    import coolname

    # Its default is the global generator, whose state belongs to the user's seeds.
    coolname.replace_random(random.SystemRandom())
    return partial(coolname.generate_slug, 2)

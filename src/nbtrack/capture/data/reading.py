"""What a reader found out about a value while it fed a `Digest`."""

from __future__ import annotations

from dataclasses import dataclass

# What one object or text costs to read, in bytes of numbers read meanwhile: in an array
# some 300 ns, in a column that Arrow understands some 30.
OBJECT_COST_BYTES = 2000
COLUMN_OBJECT_COST_BYTES = 400
# So many are read at a time, for they hold the interpreter meanwhile. Digests hang on it.
OBJECTS_AT_ONCE = 1 << 15


@dataclass(frozen=True, slots=True)
class Reading:
    """``is_read`` is false where nothing was fed, and ``note`` says why.

    ``is_partial`` says that the digest does not stand for all of the content.
    """

    kind: str
    shape: tuple[int, ...] = ()
    schema: object = None
    source: str = ""
    note: str = ""
    is_read: bool = True
    is_partial: bool = False

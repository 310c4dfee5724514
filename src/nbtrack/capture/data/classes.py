"""From which library a value comes, by its class alone: a value of the user's own is not asked."""

from __future__ import annotations

from nbtrack.capture.scalars import loaded


def is_of(value: object, library: str, *names: str) -> bool:
    """Whether a class of the value bears one of ``names`` in a library that is loaded.

    ``library`` may go on into a package: ``torch.utils.data``.
    """
    return class_of(value, library, *names) is not None


def class_of(value: object, library: str, *names: str) -> type | None:
    """The first of the value's classes that `is_of` means."""
    if loaded(library.partition(".")[0]) is None:
        return None
    for base in type(value).__mro__:
        if base.__name__ in names and f"{base.__module__}.".startswith(f"{library}."):
            return base
    return None


def class_name(value: object) -> str:
    """The name of the value's class, with its module."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"

"""What a cell reads through the functions of the session, transitively.

``acc = train()`` reads the globals that ``train`` reads, and those of the
functions that it calls in turn. Only functions that were defined in the session
count: their globals are the session's namespace.
"""

from __future__ import annotations

import dis
import functools
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

# Python 3.12 has an instruction of its own for what a class body reads.
_LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_MAX_WRAPPERS = 8


def closed_reads(names: Iterable[str], namespace: Mapping[str, object]) -> dict[str, str]:
    """``names``, and what the session's functions among them read; maps to the function's name.

    Names that the cell reads itself map to ``""``. They come in order of discovery.
    """
    found = dict.fromkeys(names, "")
    waiting = deque(found)
    while waiting:
        name = waiting.popleft()
        for code in _codes_of(namespace.get(name), namespace):
            for inner in globals_of(code):
                if inner in namespace and inner not in found:
                    found[inner] = name
                    waiting.append(inner)
    return found


def _codes_of(value: object, namespace: Mapping[str, object]) -> Iterator[types.CodeType]:
    """The code of a function or class of the session, or of an object of such a class."""
    module = namespace.get("__name__")
    for function in _unwrapped(value):
        if function.__globals__ is namespace:
            yield function.__code__
    kind = value if issubclass(type(value), type) else type(value)
    # `type.__getattribute__` passes by what a metaclass of the user's own would do.
    for base in type.__getattribute__(kind, "__mro__"):
        if module is not None and type.__getattribute__(base, "__module__") == module:
            for member in type.__getattribute__(base, "__dict__").values():
                for function in _unwrapped(member):
                    if function.__globals__ is namespace:
                        yield function.__code__


def _unwrapped(value: object) -> Iterator[types.FunctionType]:
    """The functions that a value calls: under methods, properties, partials and decorators."""
    for _ in range(_MAX_WRAPPERS):
        kind = type(value)
        if kind is types.FunctionType:
            yield value  # type: ignore[misc]
            value = vars(value).get("__wrapped__")
        elif kind in (types.MethodType, classmethod, staticmethod):
            value = value.__func__  # type: ignore[attr-defined]
        elif kind is property:
            value = value.fget  # type: ignore[attr-defined]
        elif kind is functools.partial:
            value = value.func  # type: ignore[attr-defined]
        elif kind is _CACHED:
            value = value.__wrapped__  # type: ignore[attr-defined]
        else:
            return


_CACHED = type(lru_cache(lambda: None))


@lru_cache(maxsize=4096)
def globals_of(code: types.CodeType) -> tuple[str, ...]:
    """The globals that a function's code loads, those of functions inside it included.

    What a class body binds itself is not counted.
    """
    instructions = list(dis.get_instructions(code))
    own = {str(each.argval) for each in instructions if each.opname == "STORE_NAME"}
    names = dict.fromkeys(
        str(each.argval)
        for each in instructions
        if each.opname in _LOADS and str(each.argval) not in own
    )
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names.update(dict.fromkeys(globals_of(constant)))
    return tuple(names)

"""What a cell reads through the functions of the session, transitively.

``acc = train()`` reads the globals that ``train`` reads, and those of the
functions that it calls in turn. Only functions that were defined in the session
count: their globals are the session's namespace.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache


def closed_reads(names: Iterable[str], namespace: Mapping[str, object]) -> dict[str, str]:
    """``names``, and what functions of the session among them read: name to its reader.

    Names that the cell reads itself map to ``""``. They come in order of discovery.
    """
    found = dict.fromkeys(names, "")
    waiting = list(found)
    while waiting:
        name = waiting.pop(0)
        for code in _codes_of(namespace.get(name), namespace):
            for inner in globals_of(code):
                if inner in namespace and inner not in found:
                    found[inner] = name
                    waiting.append(inner)
    return found


def _codes_of(value: object, namespace: Mapping[str, object]) -> Iterator[types.CodeType]:
    """The code of a function or class of the session."""
    function = getattr(value, "__func__", value) if isinstance(value, types.MethodType) else value
    if isinstance(function, types.FunctionType):
        if function.__globals__ is namespace:
            yield function.__code__
    elif isinstance(value, type) and value.__module__ == namespace.get("__name__"):
        for member in vars(value).values():
            inner = getattr(member, "__func__", member)
            if isinstance(inner, types.FunctionType) and inner.__globals__ is namespace:
                yield inner.__code__
    elif type(value).__module__ == namespace.get("__name__"):
        # An object of the session's own class: its methods may be called.
        yield from _codes_of(type(value), namespace)


@lru_cache(maxsize=4096)
def globals_of(code: types.CodeType) -> tuple[str, ...]:
    """The globals that a function's code loads, those of functions inside it included."""
    names = dict.fromkeys(
        str(instruction.argval)
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    )
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names.update(dict.fromkeys(globals_of(constant)))
    return tuple(names)

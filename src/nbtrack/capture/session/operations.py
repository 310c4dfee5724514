"""The small steps that a cell's text is translated to: all that slicing needs to know of it.

A step speaks of names. What is not an identifier is no name of the user's: ``%1`` is the
result of a call, ``<file a.csv>`` a state that lies outside the namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression may give, in terms of the objects that names stand for.

    ``same``: one of these objects. ``parts``: something inside one of them, or a view.
    ``holds``: a new object that refers to these. ``is_new``: a new object that can be changed.
    ``path``: ``("np", "random")`` for ``np.random``. ``text``: a constant text.
    """

    same: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    is_new: bool = False
    path: tuple[str, ...] = ()
    text: str = ""


# Numbers, texts and their like: nobody can change them.
FIXED = Value()
NEW = Value(is_new=True)


@dataclass(frozen=True, slots=True)
class Read:
    """``in_loop``: the loop around binds the name too, perhaps in the turn before."""

    name: str
    in_loop: bool = False


@dataclass(frozen=True, slots=True)
class Bind:
    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Import:
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Delete:
    name: str


@dataclass(frozen=True, slots=True)
class BindAny:
    """May bind any name: a star import, ``%run``."""


@dataclass(frozen=True, slots=True)
class Write:
    """Changes an object in place; ``is_deep``: and perhaps what it refers to."""

    value: Value
    is_deep: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """An object comes to refer to another: ``d["model"] = model``."""

    owner: Value
    held: Value


@dataclass(frozen=True, slots=True)
class Call:
    """``owner`` is what stands before the last dot, ``callee`` behind it.

    ``function`` is what is called where it has no name of its own: ``make()(x)``. ``paths``
    are the texts within the call that look like files.
    """

    result: str
    callee: str
    owner: Value | None
    function: Value | None
    path: tuple[str, ...]
    arguments: tuple[Value, ...]
    keywords: tuple[tuple[str | None, Value], ...]
    paths: tuple[str, ...] = ()
    is_in_place: bool = False
    is_awaited: bool = False


@dataclass(frozen=True, slots=True)
class Define:
    """Binds a function or class."""

    name: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Return:
    value: Value


@dataclass(frozen=True, slots=True)
class Enter:
    """What follows, up to the `Leave` of the same depth, may not run."""


@dataclass(frozen=True, slots=True)
class Leave:
    """``settled``: names that are bound whichever way was taken, the ways of before included."""

    settled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outside:
    """Something that no cell made comes in; ``unless`` is a name that the user may have taken."""

    name: str
    what: str
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Unsure:
    what: str


Step = (
    Read
    | Bind
    | Import
    | Delete
    | BindAny
    | Write
    | Hold
    | Call
    | Define
    | Return
    | Enter
    | Leave
    | Outside
    | Unsure
)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """A function, or a class with its ``methods``.

    ``reads`` are the free names of its body, those of what is defined inside included.
    ``is_lazy``: what it returns may run its body later on.
    """

    name: str
    parameters: tuple[str, ...]
    steps: tuple[Step, ...]
    local_names: frozenset[str]
    global_names: frozenset[str]
    reads: tuple[str, ...]
    is_lazy: bool = False
    is_class: bool = False
    methods: Mapping[str, Scope] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effects:
    """What a cell's text does. ``shows``: its last expression, with whether it is ``None``."""

    steps: tuple[Step, ...]
    shown: Value | None = None
    may_show_nothing: bool = False
    is_understood: bool = True

"""What a cell does, in names: what it needs, makes and may change, and what it hands on.

The state of a library's random numbers, its settings and files count as names of their
own, ``<…>``, so that a slice follows them as it follows any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from nbtrack.capture.session.standing import Setting

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Argument:
    """What a call is given at a place, under a keyword, or (``None``) by a star.

    ``shared`` are names whose objects it may be or hold, ``made_of`` are all that stand in it.
    """

    place: int | str | None
    shared: Names
    made_of: Names


@dataclass(frozen=True, slots=True)
class Passed:
    """A call that may change what it is given: whether it does is known where it is made.

    ``callee`` is the name at the bottom of what is called, ``method`` what of it is called.
    ``made_of`` are the names that the callee was made of, where it has no name of the session.
    ``pure`` calls look harmless by their names, which a class of the session may use otherwise.
    ``functions`` are those that are written on the spot, as arguments.
    """

    callee: str
    method: str
    receiver: Names
    arguments: tuple[Argument, ...]
    made_of: Names | None = None
    pure: bool = False
    functions: tuple[Deferred, ...] = ()

    @property
    def given(self) -> Names:
        """Every name that is handed over."""
        return frozenset().union(*(each.shared for each in self.arguments))


@dataclass(slots=True)
class Effects:
    """What a block of code does, in names.

    ==============  ==================================================================
    ``reads``       needed from before it
    ``binds``       certainly made anew
    ``changes``     perhaps bound or changed; ``may_bind`` are those perhaps bound
    ``copies``      by name: those whose object, or a part of it, it may now share
    ``results``     by name: functions that may have answered it
    ``made_of``     by name: all names in what it was made of
    ``built_by``    by name: the name of the class, or of the same object, it is
    ``functions``   functions and classes that it defines
    ``bound_at``    by name: what was bound already when it was first used
    ``passed``      calls that may change what they are given
    ``modules``     names that are modules; ``packages``: where a name is imported from
    ``iterators``   names of what gives each element once; ``iterated``: gone through
    ``settings``    settings of libraries and of the process that it makes
    ``opens``       files that it reads; ``writes`` makes anew, ``adds`` changes
    ``mentions``    words in queries, which may be names
    ``clocks``      names of moments; ``plain`` are read otherwise than to tell a duration
    ``outside``     what comes from where no cell is; ``unsure``: cannot be followed;
                    ``unstable``: may be otherwise in another process
    ==============  ==================================================================
    """

    reads: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    may_bind: set[str] = field(default_factory=set)
    copies: dict[str, set[str]] = field(default_factory=dict)
    results: dict[str, set[str]] = field(default_factory=dict)
    made_of: dict[str, set[str]] = field(default_factory=dict)
    built_by: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Deferred] = field(default_factory=dict)
    bound_at: dict[str, Names] = field(default_factory=dict)
    passed: list[Passed] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    packages: dict[str, str] = field(default_factory=dict)
    iterators: set[str] = field(default_factory=set)
    iterated: set[str] = field(default_factory=set)
    settings: list[Setting] = field(default_factory=list)
    opens: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    adds: set[str] = field(default_factory=set)
    mentions: set[str] = field(default_factory=set)
    clocks: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)
    outside: list[tuple[str, str]] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    unstable: list[str] = field(default_factory=list)
    changes_anything: bool = False

    def does_too(self, other: Effects) -> None:
        """Take in what happens when another block is run, too: not what it binds for itself."""
        self.reads |= other.reads
        self.changes |= other.changes
        self.passed += other.passed
        self.iterated |= other.iterated
        self.settings += other.settings
        self.opens |= other.opens
        self.writes |= other.writes
        self.adds |= other.adds
        self.mentions |= other.mentions
        self.plain |= other.plain
        self.outside += other.outside
        self.unsure += other.unsure
        self.unstable += other.unstable
        self.changes_anything |= other.changes_anything


@dataclass(slots=True)
class Deferred:
    """What happens when a function, or an object of a class, is used: not before.

    ``body`` speaks of names of the session and, as ``<parameter x>``, of what a call gives.
    ``changed`` are parameters that the text itself changes; what calls in it do is not yet
    known. The object of ``answers`` may be what a call returns, or that of a function among
    them. ``gives_functions`` is whether what it returns may do something by itself, later.
    """

    kind: Literal["function", "class", "object"] = "function"
    body: Effects = field(default_factory=Effects)
    parameters: tuple[str, ...] = ()
    is_open: bool = False  # takes *args or **kwargs
    changed: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)
    methods: dict[str, Deferred] = field(default_factory=dict)
    bases: tuple[str, ...] = ()
    gives_functions: bool = False
    gives_iterator: bool = False

    def and_also(self, other: Deferred) -> Deferred:
        """What may be either, or hold both."""
        body = Effects()
        body.does_too(self.body)
        body.does_too(other.body)
        methods = dict(self.methods)
        for name, method in other.methods.items():
            methods[name] = methods[name].and_also(method) if name in methods else method
        same_kind = self.kind == other.kind
        return Deferred(
            kind=self.kind if same_kind else "object",
            body=body,
            parameters=max(self.parameters, other.parameters, key=len),
            is_open=self.is_open or other.is_open or self.parameters != other.parameters,
            changed=self.changed | other.changed,
            answers=self.answers | other.answers,
            methods=methods,
            bases=(*self.bases, *other.bases),
            gives_functions=self.gives_functions or other.gives_functions,
            gives_iterator=self.gives_iterator or other.gives_iterator,
        )

    def held(self) -> Iterator[set[str]]:
        """Names of the session whose objects it may put into what it is given, or makes."""
        for each in (self, *self.methods.values()):
            for name, sources in each.body.copies.items():
                if parameters_in((name,)):
                    yield of_session(sources)

    def as_object(self) -> Deferred:
        """An object of the class, or what the function returned: its methods do what they do."""
        return replace(self, kind="object")

    def called(self, method: str) -> Deferred | None:
        """What runs when it, or a method of it, is called; ``None`` where that is not here."""
        if method:
            return self.methods.get(method)
        match self.kind:
            case "class":
                return self.methods.get("__init__")
            case "object":
                return self.methods.get("__call__", None if self.methods else self)
            case _:
                return self


def parameter(name: str) -> str:
    """How the body of a function speaks of what it is given as ``name``."""
    return f"<parameter {name}>"


def parameters_in(names: Iterable[str]) -> set[str]:
    """The parameters among them, by their own names."""
    return {name[11:-1] for name in names if name.startswith("<parameter ")}


def of_session(names: Iterable[str]) -> set[str]:
    """Those that are names of the session, rather than parameters of a function."""
    return {name for name in names if not name.startswith("<parameter ")}

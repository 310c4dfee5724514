"""What names stand for as a session goes on: functions, modules, and whose object is whose.

`Namespace.meet` answers of each cell in turn what it needs and changes, with what its
calls do at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nbtrack.capture.session.cells import SessionCell
from nbtrack.capture.session.effects import (
    Deferred,
    Effects,
    Names,
    Passed,
    of_session,
    parameter,
    parameters_in,
)
from nbtrack.capture.session.functions import UNKNOWN
from nbtrack.capture.session.standing import ANY_FILE, same_file
from nbtrack.capture.session.words import (
    ALWAYS_THERE,
    CONTAINS,
    KNOWN_LIBRARIES,
    LEARNERS,
    LEARNS,
    TRAINERS,
)

_TRUSTED = KNOWN_LIBRARIES - TRAINERS
_OF_SESSION = "<session>"


@dataclass(slots=True)
class Step:
    """One execution: what it needed, made anew, and may have changed, functions included."""

    number: int
    reads: set[str]
    binds: set[str]
    changes: set[str]
    effects: Effects
    outside: list[tuple[str, str]]
    unsure: list[str]
    unstable: list[str]
    changes_anything: bool
    failed: bool
    # Estimators: what changes them leaves the data that they hold as it is.
    learners: Names = frozenset()
    # Names that may share an object, as things stood before and after it.
    shared_before: dict[str, Names] = field(default_factory=dict)
    shared_after: dict[str, Names] = field(default_factory=dict)


class Namespace:
    """The names of a session before each of its cells, as far as texts tell."""

    def __init__(self) -> None:
        self._functions: dict[str, Deferred] = {}
        self._modules: set[str] = set()
        self._packages: dict[str, str] = {}
        self._origins: dict[str, Names] = {}
        self._learners: set[str] = set()
        self._iterators: set[str] = set()
        self._clocks: set[str] = set()
        self._bound: set[str] = set()
        self._settings: dict[str, str] = {}
        self._files: set[str] = set()
        self._sharing: dict[str, Names] = {}

    def meet(self, cell: SessionCell, effects: Effects) -> Step:
        """The next cell: what it does, given the cells before it."""
        self._modules = (self._modules - effects.binds) | effects.modules
        self._packages = {**self._packages, **effects.packages}
        gone = effects.binds & self._bound
        # What it binds itself, a cell may have used before or after that.
        self._functions = {**self._functions, **effects.functions}
        self._learn_origins(effects)
        self._carry(effects)
        step = self._step(cell, effects)
        self._settle(effects, gone)
        return step

    # One cell

    def _step(self, cell: SessionCell, effects: Effects) -> Step:
        does = Effects()
        does.does_too(effects)
        does.mentions &= self._bound
        does.reads |= does.mentions
        # What a function reads, it reads when it is called: what the cell binds first is its own.
        called = {each.callee for each in effects.passed} & effects.functions.keys()
        waiting = [
            (name, effects.bound_at.get(name, frozenset()))
            for name in (*does.reads, *called)
            if name in self._functions
        ]
        seen: set[str] = set()
        copies = [effects.copies]
        while waiting:
            name, bound = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            body = self._functions[name].body
            does.does_too(body)
            does.outside[-len(body.outside) :] = [
                (name, f"{reason} (in {name})") for _, reason in body.outside
            ]
            does.reads -= bound - effects.reads
            copies.append(body.copies)
            reads = body.reads | (body.mentions & self._bound)
            waiting += [(each, bound) for each in reads if each in self._functions]
        groups = [
            {name, *sources}
            for each in copies
            for name, sources in each.items()
            if not name.startswith("<")
        ]
        for passed in does.passed:
            changed, mixed = self._done_by(passed, {})
            does.changes |= changed
            if mixed and changed:
                groups.append(set(passed.given | passed.receiver) | self._held_by(passed))
        used_up = does.iterated & (self._iterators | self._untrusted(does.iterated))
        does.changes |= used_up | (does.reads & self._iterators)
        step = Step(
            cell.number,
            does.reads,
            set(effects.binds),
            of_session(does.changes) - {UNKNOWN},
            effects,
            does.outside,
            does.unsure,
            does.unstable,
            does.changes_anything,
            cell.failed,
        )
        for name in does.plain & self._clocks:
            step.outside.append((name, f"`{name}` is the time of day"))
        self._stand(does, step)
        step.learners = frozenset(self._learners)
        step.shared_before = self._sharing
        self._sharing = step.shared_after = _shared_after(
            self._sharing, effects, self._copies(effects), groups, self._modules
        )
        return step

    def _stand(self, does: Effects, step: Step) -> None:
        """Settings and files: what the cell needs of those before it, and what it leaves."""
        used = {self._packages[name] for name in step.reads | step.binds if name in self._packages}
        made_anew = {setting.state for setting in does.settings if setting.anew}
        standing = {state for state, of in self._settings.items() if not of or of in used}
        step.reads |= standing - made_anew
        for setting in does.settings:
            if setting.root and setting.root not in self._packages:
                continue  # Of an object: its name is changed.
            package = self._packages.get(setting.root, "")
            if setting.anew:
                step.binds.add(setting.state)
                step.changes.discard(setting.root)
            step.changes.add(setting.state)
            self._settings[setting.state] = package
        for path in does.opens:
            step.reads |= {f"<file {each}>" for each in self._files if same_file(path, each)}
        self._files |= does.writes | does.adds
        step.binds |= {f"<file {path}>" for path in does.writes - {ANY_FILE}}
        step.changes |= {f"<file {path}>" for path in does.adds | does.writes}

    # Calls

    def _done_by(
        self, passed: Passed, given: Mapping[str, Names], within: Names = frozenset()
    ) -> tuple[set[str], bool]:
        """Names that a call may change, and whether it may put them into one another.

        ``given`` says of what a function's parameters are made, where it is called.
        """
        every = set(passed.given)
        changed: set[str] = set()
        for name in every:
            function = self._functions.get(name)
            if (
                function is not None
                and name not in within
                and self._changes_given(function, within | {name})
            ):
                # What is handed over with a function may be handed on to it.
                changed |= (every | passed.receiver) - {name}
        if any(self._changes_given(function, within) for function in passed.functions):
            changed |= every | passed.receiver
        callee = self._functions.get(passed.callee)
        if callee is not None and (callee.kind != "function" or not passed.method):
            called = self._called(callee, passed.method)
            itself = f"{passed.callee}.{passed.method}"
            if called is not None and itself in within:
                return changed | (every if called.changed else set()), True
            if called is not None:
                return changed | self._mapped(
                    passed, callee, called, given, within | {itself}
                ), True
            if passed.pure:
                return changed, False
            return changed | (set(passed.receiver) if passed.method else set()), True
        if passed.pure:
            return changed, False
        if passed.callee in self._packages:
            trusted = self._packages[passed.callee] in KNOWN_LIBRARIES
            receiver = passed.receiver - self._modules if passed.method else set()
            return changed | set(receiver) | (set() if trusted else every), not trusted
        if passed.method:
            changed |= passed.receiver - self._modules
        if passed.method in CONTAINS or self._is_trusted(passed, given):
            return changed, False
        return changed | every, True

    def _mapped(
        self,
        passed: Passed,
        callee: Deferred,
        called: Deferred,
        given: Mapping[str, Names],
        within: Names,
    ) -> set[str]:
        """What a call of the session's own function changes, of what it is given."""
        is_method = bool(passed.method) or callee.kind != "function"
        offset = 1 if is_method and called.parameters else 0
        names: dict[str, set[str]] = {}
        origins: dict[str, set[str]] = {}
        if offset:
            names[called.parameters[0]] = set(passed.receiver)
            origins[called.parameters[0]] = {_OF_SESSION}
        loose: set[str] = set()
        for each in passed.arguments:
            place = each.place
            if isinstance(place, int):
                at = place + offset
                place = called.parameters[at] if at < len(called.parameters) else None
            if place is None or place not in called.parameters:
                loose |= each.shared
                continue
            names.setdefault(place, set()).update(each.shared)
            origins.setdefault(place, set()).update(self._origin_of(each.made_of, given))
        inside = {parameter(name): frozenset(of) for name, of in origins.items()}
        changed = self._changed_parameters(called, inside, within)
        touched = {name for each in changed for name in names.get(each, ())}
        if changed - names.keys():
            touched |= loose
        used_up = parameters_in(called.body.iterated)
        touched |= {n for each in used_up for n in names.get(each, ()) if n in self._iterators}
        return touched

    def _held_by(self, passed: Passed) -> set[str]:
        """The session's names that what is called puts into what it is given."""
        callee = self._functions.get(passed.callee)
        called = None if callee is None else self._called(callee, passed.method)
        return set() if called is None else {n for names in called.held() for n in names}

    def _changed_parameters(
        self, function: Deferred, given: Mapping[str, Names], within: Names
    ) -> set[str]:
        changed = set(function.changed)
        for passed in function.body.passed:
            touched, _ = self._done_by(passed, given, within)
            changed |= parameters_in(touched)
        return changed

    def _changes_given(self, function: Deferred, within: Names) -> bool:
        if function.kind == "class":
            return False
        called = function.called("") or function
        own = called.parameters[:1] if function.methods else ()
        return bool(self._changed_parameters(called, {}, within) - set(own))

    def _called(self, callee: Deferred, method: str) -> Deferred | None:
        """The session's function that runs, which may be one of a base class."""
        found = callee.called(method)
        for base in callee.bases:
            above = self._functions.get(base)
            if found is None and above is not None and above is not callee:
                found = self._called(above if method else above.as_object(), method)
        return found

    def _is_trusted(self, passed: Passed, given: Mapping[str, Names]) -> bool:
        """Whether what is called comes from libraries that leave what they are given as it is."""
        names = {passed.callee} if passed.made_of is None else passed.made_of
        origin = self._origin_of(names, given)
        return (origin - {UNKNOWN} if passed.method in LEARNS else origin) <= _TRUSTED

    # Where things come from

    def _origin_of(self, names: Iterable[str], given: Mapping[str, Names]) -> Names:
        """The packages, and the session itself, of which these names' objects were made."""
        found: set[str] = set()
        for name in names:
            if name in given:
                found |= given[name]
            elif name in self._packages:
                found.add(self._packages[name])
            elif (function := self._functions.get(name)) is not None:
                found |= self._origin_of_function(name, function)
            elif name in self._origins:
                found |= self._origins[name]
            elif name not in ALWAYS_THERE:
                found.add(UNKNOWN)
        return frozenset(found)

    def _origin_of_function(self, name: str, function: Deferred) -> Names:
        if function.kind != "function" or function.gives_functions:
            return frozenset((_OF_SESSION,))
        if name in self._origins:
            return self._origins[name]
        self._origins[name] = frozenset()  # It may call itself.
        self._origins[name] = self._origin_of(function.body.reads, {})
        return self._origins[name]

    def _untrusted(self, names: Iterable[str]) -> set[str]:
        return {name for name in names if not self._origin_of((name,), {}) <= _TRUSTED}

    def _learn_origins(self, effects: Effects) -> None:
        for name in effects.functions:
            self._origins.pop(name, None)
        for name, sources in effects.made_of.items():
            before = self._origins.get(name, frozenset())
            self._origins[name] = before | self._origin_of(sources - {name}, {})
        for name, builder in effects.built_by.items():
            if self._packages.get(builder) in LEARNERS or builder in self._learners:
                self._learners.add(name)

    def _carry(self, effects: Effects) -> None:
        """What is made of functions or classes does what they do: partials, objects, lists."""
        for name in effects.binds | effects.copies.keys() | effects.results.keys():
            carried = [
                self._functions[source]
                for source in effects.copies.get(name, ())
                if source in self._functions and source != name
            ]
            for source in effects.results.get(name, ()):
                carried += self._given_by(source)
            if name in effects.functions and not carried:
                continue
            if not carried:
                continue
            whole = carried[0]
            for each in carried[1:]:
                whole = whole.and_also(each)
            earlier = self._functions.get(name)
            if earlier is not None and name not in effects.binds and earlier is not whole:
                whole = whole.and_also(earlier)
            self._functions[name] = whole

    def _given_by(self, source: str) -> list[Deferred]:
        """What a call of that function may answer that does something by itself, later."""
        function = self._functions.get(source)
        if function is None:
            return []
        if function.kind == "class":
            return [function.as_object()]
        found = (
            [function.as_object()] if function.gives_functions or function.gives_iterator else []
        )
        for name in function.answers:
            answered = self._functions.get(name)
            if answered is not None and answered.kind == "class":
                found.append(answered.as_object())
        return found

    # From one cell to the next

    def _settle(self, effects: Effects, gone: set[str]) -> None:
        for name in effects.binds:
            if name not in effects.functions and not self._carries(name, effects):
                self._functions.pop(name, None)
            if name not in effects.packages:
                self._packages.pop(name, None)
            if name in gone and name in effects.made_of:
                self._origins[name] = self._origin_of(effects.made_of[name] - {name}, {})
            elif name in gone:
                self._origins.pop(name, None)
            if name not in effects.built_by:
                self._learners.discard(name)
        makers = self._functions
        self._iterators -= effects.binds
        self._iterators |= effects.iterators
        self._iterators |= {
            name
            for name, called in effects.results.items()
            if any(each in makers and makers[each].gives_iterator for each in called)
        }
        for name, sources in effects.copies.items():
            if sources & self._iterators:
                self._iterators.add(name)
        self._clocks = (self._clocks - effects.binds) | effects.clocks
        self._bound |= effects.binds | effects.may_bind

    def _carries(self, name: str, effects: Effects) -> bool:
        sources = effects.copies.get(name, set()) | effects.results.get(name, set())
        return any(source in self._functions for source in sources)

    def _copies(self, effects: Effects) -> dict[str, set[str]]:
        """Whose object a name may share, by what stands in the cell, and by what functions answer.

        Modules, that all share, are left out.
        """
        modules = self._modules
        copies = {n: sources - modules for n, sources in effects.copies.items() if n not in modules}
        for name, sources in effects.made_of.items():
            answered = self._answered(sources) - modules
            if answered and name not in modules:
                copies[name] = copies.get(name, set()) | answered
        return copies

    def _answered(self, called: Iterable[str]) -> set[str]:
        found: set[str] = set()
        waiting = [name for name in called if name in self._functions]
        seen = set(waiting)
        while waiting:
            function = self._functions[waiting.pop()]
            for sources in function.held():
                found |= sources
            methods = (each.answers for each in function.methods.values())
            for name in function.answers.union(*methods):
                found.add(name)
                if name in self._functions and name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return found


def _shared_after(
    sharing: dict[str, Names],
    effects: Effects,
    copies: Mapping[str, set[str]],
    groups: Iterable[set[str]],
    modules: set[str],
) -> dict[str, Names]:
    """Who may share an object with whom after the cell."""
    more = [group - modules for group in groups]
    more = [of_session(group) - {UNKNOWN} for group in more]
    more = [group for group in more if len(group) > 1]
    if not copies and not more and not effects.binds & sharing.keys():
        return sharing
    after = dict(sharing)
    for name in effects.binds & after.keys():
        if name in copies.get(name, ()):
            continue
        for other in after.pop(name):
            if other in after:
                after[other] -= {name}
    for group in ({name, *sources} for name, sources in copies.items()):
        _join(group, sharing, after)
    for group in more:
        _join(group, sharing, after)
    return after


def _join(group: set[str], before: Mapping[str, Names], after: dict[str, Names]) -> None:
    whole = frozenset(group)
    for name in group:
        # As it was before, too: in `a, b = b, a` both are bound anew.
        whole |= after.get(name, frozenset()) | before.get(name, frozenset())
    # Most members have one set between them: it is made larger once.
    larger: dict[int, Names] = {}
    for member in whole:
        known = after.get(member, frozenset())
        if id(known) not in larger:
            larger[id(known)] = known | whole
        after[member] = larger[id(known)]

"""One call of a library's training function: what a library's file has to say of it.

A training looks at the arguments before, may add a callback to them, and looks at the
result after. Whatever goes wrong in either costs what it would have told, and nothing else:
the function runs once, with what it was given, and its exceptions are its own.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, ClassVar, Protocol

from nbtrack.integrations.autologging.record import Record

# Tells of a failure: what was being done, and the error.
Trouble = Callable[[str, Exception], None]


class Watched(Protocol):
    """A call as the wrapper makes it: with these arguments, and inside this context."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any

    def __enter__(self) -> object: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Training:
    """A call that trains something. A library's file inherits it and gives `begin` and `end`.

    ``given`` are the arguments by name, with the defaults of those that were not passed, which
    ``signature`` tells; `replace` has the function called with another value. ``took_s`` is
    known at the end. ``trouble`` is for callbacks, which must not raise either. ``inner`` is
    the kind of the one call below it that tells to the same record: what ``fit`` of an
    estimator hands to the library's ``train``. Each object sees one call.
    """

    library: ClassVar[str]
    inner: type[Training] | None = None

    def __init__(
        self,
        record: Record,
        call: inspect.BoundArguments,
        given: dict[str, Any],
        *,
        trouble: Trouble,
        on_exit: Callable[[Training, BaseException | None], None],
    ) -> None:
        self.record = record
        self.given = given
        self.signature = call.signature
        self.args, self.kwargs = call.args, call.kwargs
        self.result: Any = None
        self._call = call
        self.trouble = trouble
        self._on_exit = on_exit
        self._began = 0.0
        self.took_s = 0.0

    # What a library's file gives

    @classmethod
    def concerns(cls, given: Mapping[str, Any]) -> bool:  # noqa: ARG003
        """Whether this call is worth a record; what it calls in turn is not, either way."""
        return True

    @classmethod
    def belongs_to(cls, given: Mapping[str, Any]) -> str | None:  # noqa: ARG003
        """The id of an ended run that the call goes on with, where no run is active."""
        return None

    def begin(self) -> None:
        """Tell what is known before the training, such as its parameters."""

    def end(self) -> None:
        """Tell what came out; ``result`` is what the function gave back."""

    def restore(self) -> None:
        """Take out of the library's objects what `begin` has put in; called in any case."""

    def replace(self, name: str, value: object) -> None:
        """Have the function called with ``value`` for the argument ``name``."""
        self._call.arguments[name] = value
        self.args, self.kwargs = self._call.args, self._call.kwargs

    # What the wrapper calls

    def __enter__(self) -> Training:
        args, kwargs = self.args, self.kwargs
        try:
            self.begin()
        except Exception as error:  # noqa: BLE001 - the border between tracking and the user's training
            self.args, self.kwargs = args, kwargs
            self.trouble(f"looking at what {self.library} trains", error)
        except BaseException as error:
            self._leave(error)
            raise
        self._began = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.took_s = time.perf_counter() - self._began
        try:
            if error is None:
                self.end()
        except Exception as failure:  # noqa: BLE001 - as above
            self.trouble(f"logging what {self.library} trained", failure)
        finally:
            self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        try:
            self.restore()
        except Exception as failure:  # noqa: BLE001 - as above
            self.trouble(f"restoring what {self.library} was given", failure)
        finally:
            self._on_exit(self, error)


class Overlooked:
    """A call that is not told of, and whose inner calls are not, either."""

    def __init__(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], on_exit: Callable[[Overlooked], None]
    ) -> None:
        self.args, self.kwargs = args, kwargs
        self.result: Any = None
        self._on_exit = on_exit

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._on_exit(self)

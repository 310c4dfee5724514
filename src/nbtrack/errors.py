"""Everything nbtrack raises on purpose, in one tree.

::

    NbtrackError
    ├── InvalidValue (ValueError)        a value that cannot be recorded as it is
    ├── InvalidFilter (ValueError)       a filter or order that does not parse
    ├── InvalidQuery (ValueError)        SQL that DuckDB refuses
    ├── InvalidCell (ValueError)         a mistake on the magic line, before the cell runs
    ├── RunNotFound (KeyError)           no run of that name or id
    ├── AmbiguousRun (KeyError)          a name or part of an id that fits several runs
    ├── BoardNotFound (KeyError)         no board of that name
    ├── ModelNotFound (KeyError)         no registered model, version, alias or request of that name
    ├── PromotionRefused (PermissionError)  a version that does not meet what its model asks for
    ├── RegistryConflict (RuntimeError)  somebody else changed the stages first
    ├── RunIsOver (RuntimeError)         logging to a run that has ended
    ├── ParamConflict (ValueError)       a parameter logged again with another value
    ├── NotReplayable (ValueError)       what made a run came from outside of its cells
    ├── MissingExtra (ImportError)       an optional library that this call needs
    ├── ArtifactMissing (KeyError)       bytes that a run names and the store does not have
    ├── ArtifactDamaged (RuntimeError)   bytes that are not what was written
    ├── ArtifactsUnavailable (OSError)   the place of artifacts refuses, or is out of reach
    ├── SourceUnavailable (OSError)      what is imported from, or exported to, does not answer
    ├── InvalidModel (ValueError)        a folder that is no model, or one that is damaged
    ├── InvalidInput (ValueError)        data that a model's signature does not take
    ├── ModelNotTrusted (PermissionError) a model that would run code of its own
    └── StoreError
        ├── StoreUnavailable (OSError)   no permission, no space, folder gone
        ├── StoreHeld (OSError)          another program has the database open
        ├── StoreTooNew (RuntimeError)   written by a newer nbtrack
        └── StoreDamaged (RuntimeError)  bytes that are not what was written

Each leaf also inherits the builtin that a caller would catch.
"""

from __future__ import annotations

from collections.abc import Sequence


class NbtrackError(Exception):
    """The root of every error that nbtrack raises on purpose."""

    def __str__(self) -> str:
        # KeyError would show the repr of its argument: quotes around a sentence.
        return str(self.args[0]) if self.args else ""


class InvalidValue(NbtrackError, ValueError):
    """A name or value that cannot be recorded as it is."""


class InvalidFilter(NbtrackError, ValueError):
    """A filter, order or column that does not parse, with the place where it stops."""


class InvalidQuery(NbtrackError, ValueError):
    """SQL that DuckDB refuses, with its explanation."""


class InvalidCell(NbtrackError, ValueError):
    """A mistake on the magic line, found before the cell runs."""


class RunNotFound(NbtrackError, KeyError):
    """No run has that name or id."""


class AmbiguousRun(NbtrackError, KeyError):
    """A name, or part of an id, that fits more than one run."""


class BoardNotFound(NbtrackError, KeyError):
    """No board has that name."""


class ModelNotFound(NbtrackError, KeyError):
    """No registered model has that name, or it has no such version, alias or request."""


class PromotionRefused(NbtrackError, PermissionError):
    """A version does not meet what its model asks of one in Production; the message says all.

    ``checks`` has every gate, those that are met too.
    """

    def __init__(self, message: str, *, checks: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.checks = tuple(checks)


class RegistryConflict(NbtrackError, RuntimeError):
    """Somebody else changed the stages of a model since they were looked at."""


class RunIsOver(NbtrackError, RuntimeError):
    """A call that needs an open run came after its end."""


class ParamConflict(NbtrackError, ValueError):
    """A parameter was logged again with another value."""


class MissingExtra(NbtrackError, ImportError):
    """An optional library is needed for this call; the message names the extra."""


class NotReplayable(NbtrackError, ValueError):
    """A run cannot be made again: something that made it is in no cell."""


class ArtifactMissing(NbtrackError, KeyError):
    """A run names an artifact whose bytes are not in the store."""


class ArtifactDamaged(NbtrackError, RuntimeError):
    """An artifact's bytes are not what was written."""


class ArtifactsUnavailable(NbtrackError, OSError):
    """Where artifacts are kept cannot be reached, read or written; the message names it."""


class SourceUnavailable(NbtrackError, OSError):
    """A server from which runs are imported, or to which they go, refuses or does not answer."""


class InvalidModel(NbtrackError, ValueError):
    """A folder is no model, or its description is damaged or leaves it."""


class InvalidInput(NbtrackError, ValueError):
    """Data that a model does not take; the message names the column, expected and got."""


class ModelNotTrusted(NbtrackError, PermissionError):
    """Loading the model would run code that it brings, and nobody said that it may."""


class StoreError(NbtrackError):
    """The store cannot do what was asked."""


class StoreUnavailable(StoreError, OSError):
    """The store's folder cannot be read or written: permission, space, or it is gone."""


class StoreHeld(StoreError, OSError):
    """Another program, or a connection of the user's own, has the database open."""


class StoreTooNew(StoreError, RuntimeError):
    """The store or one of its journals was written by a newer nbtrack."""


class StoreDamaged(StoreError, RuntimeError):
    """Bytes in the store are not what was written; the message names file and offset."""

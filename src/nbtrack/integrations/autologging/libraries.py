"""Which libraries are logged by themselves: one file for each, in the folder above.

It says which of the library's functions train, and what there is to tell of them:
``patch(patches, module)`` is called when the library has been imported. Where the library
takes callbacks, it has one for those who prefer it explicit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValue

if TYPE_CHECKING:
    from nbtrack.integrations.autologging.patches import Patches


@dataclass(frozen=True, slots=True)
class Library:
    """A library whose training is logged, by its file.

    ``modules`` are those whose import is waited for; ``oldest`` and ``newest`` the versions,
    major and minor, with which the tests have run. ``aliases`` are MLflow's names for it.
    """

    name: str
    modules: tuple[str, ...]
    oldest: tuple[int, int]
    newest: tuple[int, int]
    aliases: tuple[str, ...] = ()

    def patch(self, patches: Patches, module: ModuleType) -> None:
        """Wrap what trains in the library, of which ``module`` has just been imported."""
        import_module(f"nbtrack.integrations.{self.name}").patch(patches, module)

    def doubt(self, module: str) -> str:
        """Why the version that is loaded may not be understood; empty if it was tested."""
        top = sys.modules.get(module.partition(".")[0])
        text = str(getattr(top, "__version__", ""))
        version = _major_and_minor(text)
        if version is None or self.oldest <= version <= self.newest:
            return ""
        return (
            f"{self.name} {text} was not tried with nbtrack's autologging, which knows "
            f"{_dotted(self.oldest)} to {_dotted(self.newest)}"
        )


LIBRARIES = (
    Library("catboost", ("catboost",), (1, 2), (1, 2)),
    Library("keras", ("keras",), (3, 6), (3, 15), aliases=("tensorflow",)),
    Library("lightgbm", ("lightgbm",), (4, 0), (4, 7)),
    Library("lightning", ("lightning.pytorch", "pytorch_lightning"), (2, 4), (2, 6), ("pytorch",)),
    Library("sklearn", ("sklearn.base", "sklearn.model_selection"), (1, 5), (1, 9)),
    Library("statsmodels", ("statsmodels.base.model",), (0, 14), (0, 15)),
    Library("transformers", ("transformers.trainer",), (5, 0), (5, 24)),
    Library("xgboost", ("xgboost",), (2, 1), (3, 2)),
)


def library_names(given: Iterable[str], argument: str) -> frozenset[str]:
    """The names of libraries that the user named; raises `InvalidValue` for others."""
    if isinstance(given, str):
        raise InvalidValue(f"{argument} takes a list of names of libraries, got {given!r}.")
    known = {alias: each.name for each in LIBRARIES for alias in (each.name, *each.aliases)}
    names = list(given)
    for name in names:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f" (closest: {near[0]!r})" if near else ""
            raise InvalidValue(
                f"{argument} names {name!r}, which nbtrack does not log by itself{hint}; "
                f"it knows {', '.join(each.name for each in LIBRARIES)}."
            )
    return frozenset(known[name] for name in names)


def _major_and_minor(text: str) -> tuple[int, int] | None:
    parts = text.split(".")[:2]
    if len(parts) < 2 or not all(part.isdecimal() for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))

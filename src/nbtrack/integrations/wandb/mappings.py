"""`Config` and `Summary`: what a run was given, and what came of it, as attributes and items."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.integrations.importing.wandb.naming import flat_config
from nbtrack.tracking.run import Run


class _Kept(MutableMapping[str, Any]):
    """Values by key, as items and as attributes; what was logged cannot be removed."""

    _values: dict[str, Any]
    _title: str

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __delitem__(self, key: str) -> None:
        raise InvalidValue(f"What was logged stays: {key!r} cannot be removed from {self._title}.")

    def __getattr__(self, key: str) -> Any:
        try:
            return self._values[key]
        except KeyError:
            raise AttributeError(f"There is no {key!r} in {self._title}.") from None

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


class Config(_Kept):
    """A run's parameters; what is nested is logged as one parameter a value, with dots.

    A value that is there already is not changed, but by ``update(…, allow_val_change=True)``:
    `nbtrack.errors.ParamConflict` says so.
    """

    _title = "the config"

    def __init__(self, run: Run, *, may_change: bool = False) -> None:
        self.__dict__["_run"] = run
        self.__dict__["_may_change"] = may_change
        self.__dict__["_values"] = {}

    def update(  # type: ignore[override]
        self, d: Any = (), allow_val_change: bool | None = None, **more: Any
    ) -> None:
        """Log parameters: of a dict, an `argparse.Namespace`, or a file of YAML or JSON."""
        given = {**config_of(d), **more}
        may_change = self._may_change if allow_val_change is None else allow_val_change
        params = dict(flat_config(given))
        named = {str(key): value for key, value in params.items()}
        if may_change:
            self._run.replace_params(named)
        else:
            self._run.log_params(named)
        self._values.update(given)

    def load(self, params: Mapping[str, object]) -> None:
        """Take what a resumed run has already, by its flat keys."""
        self._values.update(params)

    def setdefaults(self, d: Any) -> None:
        """As `update`, for what is not there yet."""
        self.update({key: value for key, value in config_of(d).items() if key not in self})

    def as_dict(self) -> dict[str, Any]:
        """All of it."""
        return dict(self._values)

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})


class Summary(_Kept):
    """The last value of each key. What is set here and was never logged is a metric, too."""

    _title = "the summary"

    def __init__(self, values: dict[str, Any], keep: Callable[[str, Any], None]) -> None:
        self.__dict__["_values"] = values
        self.__dict__["_keep"] = keep

    def __setitem__(self, key: str, value: Any) -> None:
        self._keep(key, value)
        self._values[key] = value


def config_of(given: Any) -> dict[str, Any]:
    """What may be given as a config, as a dict."""
    if isinstance(given, Namespace):
        return vars(given)
    if isinstance(given, (str, os.PathLike)):
        text = Path(given).read_text(encoding="utf-8")
        if str(given).endswith(".json"):
            found = json.loads(text)
        else:
            import yaml

            found = yaml.safe_load(text)
        # W&B's own files have a description beside each value.
        return {
            key: value["value"] if isinstance(value, dict) and "value" in value else value
            for key, value in (found or {}).items()
            if key != "wandb_version"
        }
    if isinstance(given, Mapping):
        return dict(given)
    try:
        return dict(given if isinstance(given, (list, tuple)) else vars(given))
    except (TypeError, ValueError):
        raise InvalidValue(
            f"A config is a dict, a Namespace or a file of YAML, got {type(given).__name__}."
        ) from None

"""What W&B's config, rows and labels are called in a run, whether read in or logged anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nbtrack.events import ParamValue
from nbtrack.tracking.values import param_value

# The fact that has W&B's own id of a run.
RUN_ID = "wandb.run_id"
# What W&B adds to each row.
_OWN = ("_timestamp", "_runtime", "_wandb", "_step")


def params_of(config: Mapping[str, Any]) -> dict[str, ParamValue]:
    """A config as parameters, flattened as W&B shows it."""
    return {key: param_value(value) for key, value in flat_config(config)}


def flat_config(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys and values of a config; what is nested has a key of its own, with dots."""
    for key, value in config.items():
        if key == "_wandb":
            continue
        if isinstance(value, Mapping) and value:
            for below, each in flat_config(value):
                yield f"{key}.{below}", each
        else:
            yield key, value


def flat_row(row: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Keys and values of what was logged at a step; what W&B adds to it is left out."""
    for key, value in row.items():
        if not above and key in _OWN:
            continue
        name = f"{above}{key}"
        if isinstance(value, Mapping) and "_type" not in value:
            yield from flat_row(value, f"{name}.")
        else:
            yield name, value


def tags_of(
    tags: Iterable[str], group: str | None, job_type: str | None, sweep: str | None = None
) -> dict[str, str]:
    """A run's labels as tags."""
    found = dict.fromkeys(tags, "true")
    named = (("group", group), ("job_type", job_type), ("sweep", sweep))
    found.update({f"wandb.{key}": text for key, text in named if text})
    return found

"""From data to runs to model versions, and back: what was made from what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.datasets.dataset import Dataset
from nbtrack.errors import InvalidValue, RunNotFound
from nbtrack.registry.finding import find_uri
from nbtrack.registry.records import ModelVersion

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store import Store


def trace(store: Store, of: Any = None) -> pyarrow.Table:
    """A row for each way from data through a run to a version, the newest run first.

    ``of`` is data, a `Dataset`, its name or the beginning of its digest; a run, its name or
    id; a version or its ``models:/`` URI; or ``None`` for all. The view is ``lineage``. Raises
    `InvalidValue` where the store knows nothing of that.
    """
    from nbtrack.store import lineage_table

    return lineage_table(store, **way_to(store, of))


def way_to(store: Store, of: Any = None) -> dict[str, Any]:
    """What `lineage_table` is asked for ``of``, as `trace` takes it; the same question for ever."""
    from nbtrack.store import find_run, lineage_table

    if of is None:
        return {}
    if isinstance(of, ModelVersion):
        return {"version": (of.name, of.version)}
    if isinstance(of, str) and of.startswith("models:"):
        found = find_uri(store, of)
        return {"version": (found.name, found.version)}
    if (run_id := getattr(of, "id", None)) is not None:
        return {"runs": [str(run_id)]}
    if not isinstance(of, str):
        return {"data": _digest(of)}
    if lineage_table(store, data=of).num_rows:
        return {"data": of}
    try:
        return {"runs": [find_run(store, of)]}
    except RunNotFound:
        raise InvalidValue(
            f"No run read data called {of!r}, and no run has that name or id. "
            "nbtrack.lineage() tells of all that is known."
        ) from None


def _digest(data: object) -> str:
    from nbtrack.capture.data import fingerprint

    seen = data.seen if isinstance(data, Dataset) else fingerprint(data)
    if seen is None or not seen.digest:
        raise InvalidValue(
            f"A {type(data).__name__} is neither data nor a run nor a model version: give one of "
            "those, its name, or a URI such as models:/name/3."
        )
    return seen.digest

"""One run found by what a person calls it: its name, or part of its id."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from nbtrack.errors import AmbiguousRun, RunNotFound
from nbtrack.events import short_id
from nbtrack.store.selection import Lifecycle

if TYPE_CHECKING:
    from nbtrack.store.store import Store

MIN_ID_DIGITS = 4
MAX_LISTED = 5

_NAMED = """
WITH changed AS (
    SELECT run_id, arg_max(name, ts) AS name FROM base.run_changes
    WHERE name IS NOT NULL GROUP BY run_id
),
gone AS (
    SELECT run_id FROM base.run_changes WHERE deleted IS NOT NULL
    GROUP BY run_id HAVING arg_max(deleted, ts)
),
named AS (
    SELECT replace(run_id::VARCHAR, '-', '') AS id, coalesce(c.name, r.name) AS name, r.started,
           run_id IN (SELECT run_id FROM gone) AS deleted
    FROM base.runs r LEFT JOIN changed c USING (run_id)
)
"""
_FITTING = (
    _NAMED
    + """
SELECT id, name, started, deleted, name = $ref AS by_name, right(id, 8) = $digits AS by_short_id
FROM named WHERE name = $ref OR ($is_id AND contains(id, $digits)) ORDER BY started DESC, id DESC
"""
)
# difflib is exact and slow: it sees the names that a quicker measure finds closest.
_CLOSEST = (
    _NAMED
    + """
SELECT DISTINCT name, jaro_winkler_similarity(lower(name), lower($ref)) AS similarity
FROM named WHERE deleted <= $deleted ORDER BY similarity DESC, name LIMIT 30
"""
)


def find_run(
    store: Store, ref: str, lifecycle: Lifecycle = "active", *, newest: bool = False
) -> str:
    """The full id of the run that ``ref`` names: its name, or a unique part of its id.

    A name comes before a part of an id, which has at least four digits; the last
    eight are those that people see. Raises `AmbiguousRun`, with the candidates, and
    `RunNotFound`, with the closest name. Deleted runs are found if ``lifecycle`` says so.
    With ``newest`` a name that several runs bear means the newest of them.
    """
    digits = ref.replace("-", "").lower()
    is_id = re.fullmatch(f"[0-9a-f]{{{MIN_ID_DIGITS},32}}", digits) is not None
    fitting: list[dict[str, Any]] = store.query(
        _FITTING, {"ref": ref, "digits": digits, "is_id": is_id}
    ).to_pylist()
    wanted = {"active": (False,), "deleted": (True,), "all": (False, True)}[lifecycle]
    found = [row for row in fitting if row["deleted"] in wanted]
    for rank in ("by_name", "by_short_id", "id"):
        if candidates := [row for row in found if row[rank]]:
            if len(candidates) > 1 and not (newest and rank == "by_name"):
                raise AmbiguousRun(_ambiguity(ref, candidates))
            run_id: str = candidates[0]["id"]
            return run_id
    raise RunNotFound(_absence(store, ref, fitting, lifecycle))


def _ambiguity(ref: str, candidates: list[dict[str, Any]]) -> str:
    listed = [
        f"{short_id(row['id'])} ({row['name']}, started {row['started']:%Y-%m-%d %H:%M:%S} UTC)"
        for row in candidates[:MAX_LISTED]
    ]
    if len(candidates) > MAX_LISTED:
        listed.append(f"and {len(candidates) - MAX_LISTED} more")
    return (
        f"{ref!r} fits {len(candidates)} runs: {', '.join(listed)}. "
        "Use the eight digits, or more of the id."
    )


def _absence(store: Store, ref: str, elsewhere: list[dict[str, Any]], lifecycle: Lifecycle) -> str:
    """Why no run was found; ``elsewhere`` are runs that fit and are of the other lifecycle."""
    place = store.path.name
    if elsewhere and lifecycle == "active":
        found = short_id(elsewhere[0]["id"])
        return (
            f"Run {ref!r} is in the trash of {place}. "
            f"Bring it back with nbtrack.restore_run({found!r})."
        )
    if elsewhere:
        return f"Run {ref!r} of {place} is not in the trash."
    names = store.query(_CLOSEST, {"ref": ref, "deleted": lifecycle != "active"}, fresh=False)[
        "name"
    ].to_pylist()
    close = difflib.get_close_matches(ref, names, n=1)
    hint = f" (closest: {close[0]!r})" if close else ""
    return f"No run {ref!r} in {place}{hint}. List runs with nbtrack.runs()."

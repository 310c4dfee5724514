"""Changes of the registry, as rows of its history, in the words of the panel."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from nbtrack.registry.names import PRODUCTION


def change_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """A change as the browser draws it; ``failed`` are the reasons past which it went."""
    return {
        "number": row["number"],
        "time": utc_text(row["ts"]),
        "version": row["version"],
        "told": told(row),
        "how": row["how"] or "",
        "comment": row["comment"] or "",
        "user": row["user"],
        "where": ", ".join(filter(None, (row["source"], row["host"]))),
        "is_stage": row["change"] == "stage moved",
        "failed": [check["reason"] for check in _checks_of(row) if not check["passed"]],
    }


def checks_when_promoted(rows: Iterable[Mapping[str, Any]], version: int) -> list[dict[str, Any]]:
    """The gates as they were asked when the version went to Production last."""
    for row in rows:
        is_move = row["change"] == "stage moved" and row["key"] == PRODUCTION
        if is_move and row["version"] == version:
            return _checks_of(row)
    return []


def previous_in_production(rows: Iterable[Mapping[str, Any]], version: int) -> int | None:
    """The version that went to Production last before this one did; ``rows`` as `history`'s."""
    moved = [
        row["version"]
        for row in rows
        if row["change"] == "stage moved" and row["key"] == PRODUCTION
    ]
    earlier = moved[moved.index(version) + 1 :] if version in moved else []
    return next((each for each in earlier if each != version), None)


def _checks_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = json.loads(row["evidence"] or "{}").get("checks", [])
    return checks


def told(row: Mapping[str, Any]) -> str:
    """A change of the history in a few words."""
    of = f"version {row['version']}" if row["version"] is not None else "the model"
    key, value = row["key"] or "", row["value"]
    match row["change"]:
        case "stage moved":
            back = row["how"] == "roll back" and key == PRODUCTION
            return f"{of} back to {key}" if back else f"{of} to {key}"
        case "tagged":
            return (
                f"{of} tagged {key}={value}" if value is not None else f"tag {key} of {of} removed"
            )
        case "alias set":
            at = f"is {of}" if row["version"] is not None else "removed"
            return f"alias @{key} {at}"
        case "requested":
            return f"{key} asked for {of}"
        case "decided":
            return f"request for {of} {key}"
        case "version created":
            return f"{of} registered"
        case "described" | "card written":
            return f"{'description' if row['change'] == 'described' else 'card'} of {of} written"
        case "commented":
            return f"on {of}"
        case "model renamed":
            return f"renamed from {key}"
        case "gates declared":
            return "gates declared"
        case change:
            return str(change)


def utc_text(time: datetime | None) -> str:
    """A time in UTC as browsers read it; empty for none."""
    return "" if time is None else f"{time.isoformat(timespec='seconds')}Z"

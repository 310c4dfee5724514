"""What MLflow told of a version of a registered model, kept with the change that made it here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """What MLflow told of a version when it was made, beside the files that it is of.

    ``created_ms`` and ``user`` are when, and who, where it was made elsewhere.
    """

    source: str
    location: str = ""
    run_link: str | None = None
    model_id: str | None = None
    created_ms: int | None = None
    user: str | None = None

    def text(self) -> str:
        """The form in which it is kept with the change."""
        told = asdict(self)
        always = {name: told.pop(name) for name in ("source", "location")}
        return json.dumps({**always, **{k: v for k, v in told.items() if v is not None}})


def origin_of(how: str | None, otherwise: str) -> Origin:
    """Where a version comes from; one that MLflow did not make is of ``otherwise``."""
    if how is not None and how.startswith("{"):
        return Origin(**json.loads(how))
    return Origin(otherwise)

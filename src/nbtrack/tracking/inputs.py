"""What a run is told of data: its fingerprint, and what somebody says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbtrack.events import InputRead

if TYPE_CHECKING:
    from nbtrack.capture.data import Fingerprint


def input_event(
    name: str,
    seen: Fingerprint,
    *,
    source: str | None = None,
    context: str = "",
    tags: Mapping[str, object] | None = None,
) -> InputRead:
    """Data as `Run.keep_inputs` takes it, which sets run and time; secrets in a source are gone."""
    from nbtrack.capture.secrets import redact

    return InputRead(
        ts=0,
        run="",
        name=name,
        kind=seen.kind,
        digest=seen.digest,
        shape=str(seen.shape),
        schema=seen.schema,
        size_bytes=seen.size_bytes,
        is_sampled=seen.is_sampled,
        source=redact(seen.source if source is None else source),
        note=seen.note,
        context=context,
        tags={str(key): str(value) for key, value in (tags or {}).items()},
    )

"""What is shown of a file: which kind of preview it gets, and the bytes, text or rows for it.

What a file is follows from its media type, its name and its first bytes; each of them may
lie, so that a preview which cannot be made gives way to a plainer one. ``protocol.ts`` has
the shapes of the answers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidModel, InvalidValue
from nbtrack.widgets.artifacts.reading import FileReading
from nbtrack.widgets.run_detail import DRAWN_TYPES
from nbtrack.widgets.wire import Answer, ipc_bytes

if TYPE_CHECKING:
    from nbtrack.store import StoredArtifact

# What a page asks for at once; more comes on request.
TEXT_BYTES = 64 << 10
HEX_BYTES = 4 << 10
PAGE_ROWS = 100

MAX_IMAGE_BYTES = 16 << 20
MAX_AUDIO_BYTES = 32 << 20
MAX_HTML_BYTES = 4 << 20
MAX_JSON_BYTES = 1 << 20
MAX_TABLE_JSON_BYTES = 16 << 20

_JSON = (".json", ".ipynb", ".geojson")
_HTML = (".html", ".htm", ".xhtml")
_MODEL = "MLmodel"


def preview(reading: FileReading, file: StoredArtifact) -> Answer:
    """What is shown of ``file``. Raises `ArtifactMissing`, `ArtifactDamaged` and the like."""
    name, size, media = file.path.lower(), file.size_bytes, file.media_type
    if size == 0:
        return _answer(file, "empty")
    if media in DRAWN_TYPES and size <= MAX_IMAGE_BYTES:
        return _answer(file, "image", [reading.whole(file)])
    if media.startswith("audio/") and size <= MAX_AUDIO_BYTES:
        return _answer(file, "audio", [reading.whole(file)])
    note = ""
    try:
        if (table := _table(reading, file)) is not None:
            return table
    except InvalidValue as error:
        note = str(error)
    if name.endswith(_HTML) or media in ("text/html", "application/xhtml+xml"):
        if size <= MAX_HTML_BYTES:
            return _answer(file, "html", [reading.whole(file)])
        note = f"Larger than {MAX_HTML_BYTES >> 20} MB, so its source is shown and no page."
    if name.endswith(_JSON) and size <= MAX_JSON_BYTES:
        text = reading.whole(file).decode(errors="replace")
        if _is_json(text):
            return _answer(file, "json", text=text)
    told = _model(reading, file) if file.path.rpartition("/")[2] == _MODEL else None
    return _text_or_bytes(reading, file, note=note, pairs=told or {})


def text_from(reading: FileReading, file: StoredArtifact, start: int) -> Answer:
    """More of a text, from byte ``start`` on."""
    text, end = _decoded(reading.part(file, start, start + TEXT_BYTES), start, file.size_bytes)
    return Answer({"kind": "more", "path": file.path, "text": text, "next": end})


def table_rows(
    reading: FileReading,
    file: StoredArtifact,
    *,
    offset: int = 0,
    order_by: int | None = None,
    descending: bool = False,
    limit: int = PAGE_ROWS,
) -> Answer:
    """A page of a table, ordered by one of its columns. Raises `InvalidValue` if it is none."""
    from nbtrack.store import table_page

    source: Any
    if file.path.lower().endswith(".json"):
        from nbtrack.tracking.files.tables import read_table

        source = read_table(reading.whole(file), file.path)
    else:
        source = reading.near_path(file)
    page = table_page(
        source,
        file.path,
        offset=offset,
        limit=limit,
        order_by=order_by,
        descending=descending,
    )
    content = {
        "kind": "preview",
        "as": "table",
        "path": file.path,
        "names": page.names,
        "types": page.types,
        "columns_left_out": page.columns_left_out,
        "total": page.total,
        "can_order": page.can_order,
        "offset": offset,
        "order_by": order_by,
        "descending": descending,
        "page_rows": limit,
    }
    return Answer(content, [ipc_bytes(page.rows)])


def _table(reading: FileReading, file: StoredArtifact) -> Answer | None:
    """The first page, where the file is a table by its name, or one that `log_table` kept."""
    from nbtrack.store import is_table_name

    if is_table_name(file.path):
        return table_rows(reading, file)
    if file.path.lower().endswith(".json") and file.size_bytes <= MAX_TABLE_JSON_BYTES:
        head = reading.part(file, 0, 40).replace(b" ", b"")
        if head.startswith((b'{"columns":[', b'{"data":[')):
            try:
                return table_rows(reading, file)
            except InvalidValue:
                # Of the same keys, and another meaning.
                return None
    return None


def _model(reading: FileReading, file: StoredArtifact) -> dict[str, str] | None:
    """What a model's description says, in words."""
    from nbtrack.models.bundle import Bundle

    if file.size_bytes > MAX_JSON_BYTES:
        return None
    text = reading.whole(file).decode(errors="replace")
    try:
        bundle = Bundle.parse(text, Path(file.path).parent)
    except (InvalidModel, InvalidValue):
        return None
    signature, fields = bundle.signature, bundle.fields
    told = {
        "flavors": ", ".join(
            " ".join(filter(None, (name, _version(each)))) for name, each in bundle.flavors.items()
        ),
        "inputs": str((signature and signature.inputs) or ""),
        "outputs": str((signature and signature.outputs) or ""),
        "params": ", ".join(map(str, signature.params)) if signature else "",
        "logged": str(fields.get("utc_time_created", ""))[:19],
        "MLflow": str(fields.get("mlflow_version", "")),
    }
    return {key: value for key, value in told.items() if value}


def _version(flavor: Any) -> str:
    versions = [str(v) for key, v in flavor.items() if str(key).endswith("_version")]
    return versions[0] if len(versions) == 1 else ""


def _text_or_bytes(
    reading: FileReading, file: StoredArtifact, *, note: str, pairs: dict[str, str]
) -> Answer:
    head = reading.part(file, 0, TEXT_BYTES)
    if _is_text(head):
        text, end = _decoded(head, 0, file.size_bytes)
        return _answer(file, "text", text=text, next=end, note=note, pairs=pairs)
    return _answer(file, "bytes", [head[:HEX_BYTES]], note=note)


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    text = head.decode(errors="replace")
    strange = sum(c == "�" or (c < " " and c not in "\t\n\r\f\x1b") for c in text)
    # A cut through the last character makes one, and Latin-1 some.
    return strange <= 1 + len(text) // 20


def _decoded(data: bytes, start: int, size_bytes: int) -> tuple[str, int | None]:
    """The text, and where the next one begins; ``None`` where it was the last."""
    end = start + len(data)
    if end >= size_bytes or not data:
        return data.decode(errors="replace"), None
    # Not in the middle of a character.
    for back in range(1, min(4, len(data))):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            if byte >= 0xC0:
                data, end = data[:-back], end - back
            break
    return data.decode(errors="replace"), end


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _answer(
    file: StoredArtifact, shown: str, buffers: list[bytes] | None = None, **more: object
) -> Answer:
    content = {
        "kind": "preview",
        "as": shown,
        "path": file.path,
        "media_type": file.media_type,
        **more,
    }
    return Answer(content, buffers or [])

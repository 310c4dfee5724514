"""What a cell shows, kept beside where it goes anyway: figures, charts, tables.

The shell's publisher and display hook are wrapped for as long as the cell runs, as
`streams` does with what it prints. matplotlib's inline backend shows its figures
after the cell's last line and before ``post_run_cell``: they are seen, too.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

MAX_OUTPUTS = 50
MAX_BYTES = 20 << 20
MAX_HTML_BYTES = 256 << 10

# The best form of an output that says everything, best first; its ending, and where it is kept.
_IMAGES = {
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpg",
    "application/pdf": "pdf",
}
_CHARTS = {
    "application/vnd.plotly.v1+json": "plotly.json",
    "application/vnd.vegalite.v6+json": "vl.json",
    "application/vnd.vegalite.v5+json": "vl.json",
}
# Live objects, that say nothing without their kernel.
_LIVE = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that was shown: a file under ``path``."""

    path: str
    media_type: str
    data: bytes


class OutputKeeper:
    """Keeps what ``shell`` displays between `start` and `stop`, up to stated bounds."""

    def __init__(self, shell: Any) -> None:
        self._lock = threading.Lock()
        self._bundles: list[tuple[object, Mapping[str, Any]]] = []
        self._wrapped: list[tuple[Any, str, Callable[..., Any], bool]] = []
        self._places = [
            (getattr(shell, "display_pub", None), "publish"),
            (getattr(shell, "displayhook", None), "write_format_data"),
        ]

    def start(self) -> None:
        """Begin to keep what is displayed."""
        for owner, name in self._places:
            original = getattr(owner, name, None)
            if original is None:
                continue
            # Whoever has wrapped the method of this very object gets his wrapper back.
            was_own = name in vars(owner)
            try:
                setattr(owner, name, self._keeping(original))
            except (AttributeError, TypeError):
                continue
            self._wrapped.append((owner, name, original, was_own))

    def stop(self) -> tuple[list[Output], str]:
        """Let the shell go. What was shown, and a note where not all of it was kept."""
        for owner, name, original, was_own in reversed(self._wrapped):
            with suppress(AttributeError):
                if was_own:
                    setattr(owner, name, original)
                else:
                    delattr(owner, name)
        self._wrapped.clear()
        return _chosen([bundle for _, bundle in self._bundles])

    def _keeping(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def publish(*arguments: Any, **options: Any) -> Any:
            with suppress(Exception):
                data = arguments[0] if arguments else options.get("data", {})
                display_id = (options.get("transient") or {}).get("display_id")
                self._remember(data, display_id, is_update=bool(options.get("update")))
            return original(*arguments, **options)

        return publish

    def _remember(self, data: object, display_id: object, *, is_update: bool) -> None:
        if not isinstance(data, Mapping) or _LIVE in data:
            return
        with self._lock:
            if is_update:
                for index, (known, _) in enumerate(self._bundles):
                    if known == display_id:
                        self._bundles[index] = (display_id, data)
            elif len(self._bundles) <= MAX_OUTPUTS:
                self._bundles.append((display_id, data))


def _chosen(bundles: list[Mapping[str, Any]]) -> tuple[list[Output], str]:
    outputs: list[Output] = []
    size, left_out = 0, 0
    for bundle in bundles:
        output = _output_of(bundle, len(outputs) + 1)
        if output is None:
            continue
        size += len(output.data)
        if size > MAX_BYTES or len(outputs) == MAX_OUTPUTS:
            left_out += 1
            continue
        outputs.append(output)
    if not left_out:
        return outputs, ""
    kept = f"the first {len(outputs)} outputs were kept ({MAX_BYTES >> 20} MB are the most)"
    return outputs, kept


def _output_of(bundle: Mapping[str, Any], number: int) -> Output | None:
    """The file that says most of what a bundle of MIME types shows, if any is worth keeping."""
    for media_type, ending in _IMAGES.items():
        if media_type in bundle and (data := _image(bundle[media_type])):
            return Output(f"figures/{number}.{ending}", media_type, data)
    for media_type, ending in _CHARTS.items():
        if media_type in bundle:
            data = json.dumps(bundle[media_type], default=str).encode()
            return Output(f"figures/{number}.{ending}", media_type, data)
    page = bundle.get("text/html")
    if isinstance(page, str) and len(page) <= MAX_HTML_BYTES:
        return Output(f"outputs/{number}.html", "text/html", page.encode(errors="replace"))
    return None


def _image(value: object) -> bytes | None:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        return None
    if value.lstrip().startswith("<"):
        return value.encode()
    try:
        return base64.b64decode(value, validate=False)
    except (binascii.Error, ValueError):
        return None

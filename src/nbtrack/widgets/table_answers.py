"""The answers to what a run table's browser asks.

An intent comes in as a mapping with a ``kind``, an answer goes out as a mapping
with Arrow buffers beside it. ``js/src/run_table/protocol.ts`` writes both down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbtrack.widgets.detail_answer import detail_answer
from nbtrack.widgets.table_model import MAX_SELECTED, TableModel
from nbtrack.widgets.wire import ipc_bytes

Intent = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the browser: JSON, and Arrow buffers beside it."""

    content: Mapping[str, object]
    buffers: list[bytes] = field(default_factory=list)


def answer(model: TableModel, intent: Intent) -> Answer:
    """The answer to one intent, which may change what ``model`` shows.

    Raises `InvalidFilter` where the filter or the order does not parse, and
    `StoreError`; the model is then as before. ``KeyError`` for an unknown kind.
    """
    return _ANSWERS[intent["kind"]](model, intent)


def _page(model: TableModel, intent: Intent) -> Answer:
    offset, within = max(0, int(intent["offset"])), intent.get("within")
    model.look_at(offset, within)
    page = model.page(offset, within)
    content = {"kind": "page", "revision": model.revision, "offset": offset, "within": within}
    return Answer(content, [ipc_bytes(page.table)])


def _curves(model: TableModel, intent: Intent) -> Answer:
    return Answer({"kind": "curves"}, [ipc_bytes(model.curves_of(intent["runs"]))])


def _filter(model: TableModel, intent: Intent) -> Answer:
    model.set_filter(str(intent["text"]))
    return _state(model)


def _sort(model: TableModel, intent: Intent) -> Answer:
    model.set_order([(key["column"], bool(key["descending"])) for key in intent["order"]])
    return _state(model)


def _group(model: TableModel, intent: Intent) -> Answer:
    model.set_group(intent["by"])
    return _state(model)


def _columns(model: TableModel, intent: Intent) -> Answer:
    model.mark_best(intent.get("best") or {})
    model.set_columns(intent["shown"], pinned=intent["pinned"], constant=intent["constant"])
    return _state(model)


def _select(model: TableModel, intent: Intent) -> Answer:
    model.select(intent["runs"], on=bool(intent["on"]))
    return _selected(model)


def _select_range(model: TableModel, intent: Intent) -> Answer:
    first, last = sorted((int(intent["from"]), int(intent["to"])))
    limit = min(last - first + 1, MAX_SELECTED)
    page = model.page(first, intent.get("within"), limit=limit, columns=())
    model.select(page.table["run_id"].to_pylist(), on=bool(intent["on"]))
    return _selected(model)


def _select_all(model: TableModel, intent: Intent) -> Answer:
    model.select_none()
    if intent["on"]:
        page = model.page(0, limit=MAX_SELECTED, columns=())
        model.select(page.table["run_id"].to_pylist())
    return _selected(model)


def _detail(model: TableModel, intent: Intent) -> Answer:
    content, buffers = detail_answer(model.store, str(intent["run"]))
    return Answer({"kind": "detail", "detail": content}, buffers)


def _state(model: TableModel) -> Answer:
    if model.group:
        return Answer({"kind": "state", "state": model.state(), "page": None})
    offset, within = model.window
    page = model.page(offset, within)
    head = {"offset": offset, "within": within}
    content = {"kind": "state", "state": model.state(page), "page": head}
    return Answer(content, [ipc_bytes(page.table)])


def _selected(model: TableModel) -> Answer:
    return Answer({"kind": "selected", "selected": list(model.selected)})


_ANSWERS: Mapping[str, Callable[[TableModel, Intent], Answer]] = {
    "page": _page,
    "curves": _curves,
    "filter": _filter,
    "sort": _sort,
    "group": _group,
    "columns": _columns,
    "select": _select,
    "select_range": _select_range,
    "select_all": _select_all,
    "detail": _detail,
}

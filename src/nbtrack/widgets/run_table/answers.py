"""The answers to what a run table's browser asks.

An intent comes in as a mapping with a ``kind``, an answer goes out as a mapping
with Arrow buffers beside it. ``js/src/run_table/protocol.ts`` writes both down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nbtrack.widgets.frame import MAX_SELECTED
from nbtrack.widgets.run_detail import detail_answer
from nbtrack.widgets.run_table.model import TableModel
from nbtrack.widgets.wire import Answer, ipc_bytes

Intent = Mapping[str, Any]


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


def _window(model: TableModel, intent: Intent) -> Answer:
    model.look_at(int(intent["offset"]), intent.get("within"))
    return Answer({})


def _curves(model: TableModel, intent: Intent) -> Answer:
    return Answer({"kind": "curves"}, [ipc_bytes(model.curves_of(intent["runs"]))])


def _filter(model: TableModel, intent: Intent) -> Answer:
    model.frame.set_filter(str(intent["text"]))
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
    return _selected(model, intent["runs"], on=bool(intent["on"]))


def _select_range(model: TableModel, intent: Intent) -> Answer:
    first, last = sorted((int(intent["from"]), int(intent["to"])))
    limit = min(last - first + 1, MAX_SELECTED)
    page = model.page(first, intent.get("within"), limit=limit, columns=())
    return _selected(model, page.table["run_id"].to_pylist(), on=bool(intent["on"]))


def _select_all(model: TableModel, intent: Intent) -> Answer:
    runs: list[str] = []
    if intent["on"]:
        runs = model.page(0, limit=MAX_SELECTED, columns=()).table["run_id"].to_pylist()
    model.frame.selection.replace(runs)
    return Answer({"kind": "selected"})


def _detail(model: TableModel, intent: Intent) -> Answer:
    return detail_answer(model.store, str(intent["run"]))


def _state(model: TableModel) -> Answer:
    if model.group:
        return Answer({"kind": "state", "state": model.state(), "page": None})
    offset, within = model.window
    page = model.page(offset, within)
    head = {"offset": offset, "within": within}
    content = {"kind": "state", "state": model.state(page), "page": head}
    return Answer(content, [ipc_bytes(page.table)])


def _selected(model: TableModel, runs: Sequence[str], *, on: bool) -> Answer:
    if on:
        model.frame.selection.add(runs)
    else:
        model.frame.selection.remove(runs)
    return Answer({"kind": "selected"})


_ANSWERS: Mapping[str, Callable[[TableModel, Intent], Answer]] = {
    "page": _page,
    "curves": _curves,
    "filter": _filter,
    "sort": _sort,
    "group": _group,
    "columns": _columns,
    "window": _window,
    "select": _select,
    "select_range": _select_range,
    "select_all": _select_all,
    "detail": _detail,
}

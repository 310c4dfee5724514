"""Runs as a test wants them, written through the journal as a kernel would."""

import math

from nbtrack.events import (
    ExperimentSet,
    FactsObserved,
    NoteSet,
    ParamsLogged,
    ParamValue,
    RunDeleted,
    RunEnded,
    RunRenamed,
    RunStarted,
    TagsSet,
    TextsKept,
    new_run_id,
)

TYPES = {int: "int", float: "float", bool: "bool", str: "str", type(None): "none"}


def param_text(value):
    """A parameter's value as the text that filters compare."""
    return value if isinstance(value, str) else repr(value)


def record(
    store,
    name="run",
    *,
    experiment="exp",
    params=None,
    metrics=None,
    tags=None,
    facts=None,
    texts=None,
    status="finished",
    duration_s=1.0,
    parent=None,
    note="",
    user="",
    deleted=False,
):
    """Write one run; its id. ``metrics`` maps keys to a value, or to values by step."""
    writer = store.writer()
    run = new_run_id()
    now = writer.now_us
    writer.append(RunStarted(now(), run, name, experiment, parent, user))
    if params:
        typed = {
            key: ParamValue(TYPES[type(value)], "" if value is None else param_text(value))
            for key, value in params.items()
        }
        writer.append(ParamsLogged(now(), run, typed))
    if tags:
        writer.append(TagsSet(now(), run, tags))
    if facts:
        writer.append(FactsObserved(now(), run, facts))
    for role, text in (texts or {}).items():
        digest = writer.store_text(text)
        writer.append(TextsKept(now(), run, {role: digest}))
    for key, values in (metrics or {}).items():
        log = writer.frame((writer.open_series(run, key),))
        for step, value in enumerate(values if isinstance(values, list) else [values]):
            log((value,), step)
    if note:
        writer.append(NoteSet(now(), run, note))
    if status != "running":
        writer.append(RunEnded(now(), run, status, duration_s))
    if deleted:
        writer.append(RunDeleted(now(), run, True))
    return run


def change(store, run, *, name=None, experiment=None, tags=None, deleted=None):
    """Rename a run, move it, set tags (``None`` removes one), delete it or bring it back."""
    writer = store.writer()
    if name is not None:
        writer.append(RunRenamed(writer.now_us(), run, name))
    if experiment is not None:
        writer.append(ExperimentSet(writer.now_us(), run, experiment))
    if tags is not None:
        writer.append(TagsSet(writer.now_us(), run, tags))
    if deleted is not None:
        writer.append(RunDeleted(writer.now_us(), run, deleted))


def is_number(value):
    """Whether a parameter's value compares as a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)

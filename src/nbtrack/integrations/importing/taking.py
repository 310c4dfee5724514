"""What of a source's run is not here yet, as the events and points of a batch.

Of a run that is not here that is all of it. One that was still going on when it was brought in
is read again, and compared: what was logged, changed and ended since is added, and each point once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nbtrack.errors import InvalidValue
from nbtrack.events import (
    ArtifactKept,
    Event,
    FactsObserved,
    ModelChanged,
    ModelLogged,
    NoteSet,
    ParamsLogged,
    ParamValue,
    RunDeleted,
    RunEnded,
    RunRenamed,
    RunResumed,
    RunStarted,
    TagsSet,
    TextsKept,
)
from nbtrack.integrations.importing.identity import KnownRuns
from nbtrack.integrations.importing.paths import path_of
from nbtrack.integrations.importing.source import (
    Curve,
    Omissions,
    SourceFile,
    SourceModel,
    SourceRun,
)
from nbtrack.integrations.importing.unseen import unseen
from nbtrack.tracking.files.paths import check_artifact_path, media_type_of
from nbtrack.tracking.values import MAX_KEY_CHARS

if TYPE_CHECKING:
    from nbtrack.artifacts import Artifacts
    from nbtrack.store import Batch, Store, StoredModel, WholeRun

GOING_ON = ("running", "scheduled")


@dataclass(slots=True)
class _Before:
    """What is here of a run already."""

    run: WholeRun
    models: dict[str, StoredModel]
    files: dict[str, str]
    texts: dict[str, str]
    measured: set[tuple[object, ...]]


class Taking:
    """Runs and logged models of a source on their way into batches."""

    def __init__(self, store: Store, title: str, known: KnownRuns, omissions: Omissions) -> None:
        self._store = store
        self._title = title
        self._known = known
        self._omissions = omissions

    @cached_property
    def _model_ids(self) -> set[str]:
        found = self._store.query(
            "SELECT replace(model_id::VARCHAR, '-', '') AS id FROM base.logged_models"
        )
        return set(found["id"].to_pylist())

    def run(self, run: SourceRun, run_id: str, batch: Batch, artifacts: Artifacts) -> Counter[str]:
        """Add what is new of a run, which has that id here; how much of each kind that is."""
        before = self._before(run, run_id) if self._known.find(run.identity) else None
        carried: Counter[str] = Counter()
        # What has changed since it was brought in is known now; all else was so at its start.
        at = run.started_us if before is None else time.time_ns() // 1000
        events = self._said(run, run_id, before, at, carried)
        texts = _changed(run.texts, before.texts if before else None)
        if texts:
            digests = {role: batch.store_text(text) for role, text in texts.items()}
            events.append(TextsKept(at, run_id, digests))
        last = self._points(run, run_id, before is not None, batch, carried)
        events += self._files_and_models(run, run_id, before, at, artifacts, carried)
        events += _outcome(run, run_id, before, at, last)
        batch.append(*events)
        return carried

    def _before(self, run: SourceRun, run_id: str) -> _Before:
        from nbtrack.store import measured_by, run_artifacts, stored_models, whole_runs

        [whole] = whole_runs(self._store, [run_id], facts=list(run.facts), with_metrics=False)
        return _Before(
            whole,
            {model.model_id: model for model in stored_models(self._store, run_ids=[run_id])},
            {file.path: file.digest for file in run_artifacts(self._store, run_id)},
            self._texts(run_id) if run.texts else {},
            {
                (model, p.key, repr(p.value), p.step, p.ts_ms, p.data, p.digest)
                for model, p in measured_by(self._store, [run_id]).get(run_id, ())
            },
        )

    def _texts(self, run_id: str) -> dict[str, str]:
        found = self._store.query("SELECT role, text FROM texts WHERE run_id = ?::UUID", [run_id])
        return dict(zip(found["role"].to_pylist(), found["text"].to_pylist(), strict=True))

    # Parts of a run

    def _said(
        self, run: SourceRun, run_id: str, before: _Before | None, at: int, carried: Counter[str]
    ) -> list[Event]:
        """What is new but points, files, models and the end."""
        known = before.run if before else None
        name = _fitting(run.name) or run_id[-8:]
        events: list[Event] = []
        if known is None:
            parent = self._known.find(run.parent) if run.parent else None
            if run.parent and not parent:
                self._omissions.omit("parents that are not among the runs")
            events.append(
                # It lives on where it came from, and is not taken for one that died here.
                RunStarted(
                    at,
                    run_id,
                    name,
                    _fitting(run.experiment) or "Default",
                    parent=parent,
                    user=run.user,
                    host=run.host,
                    source=run.program,
                    attended=False,
                )
            )
        elif name != known.name:
            events.append(RunRenamed(at, run_id, name))
        said = {_fitting(key): value for key, value in run.params.items()}
        params = {
            key: value
            for key, value in said.items()
            if known is None or known.params.get(key) != _text(value)
        }
        if params:
            events.append(ParamsLogged(at, run_id, params))
        tags = _changed(
            {_fitting(k): v for k, v in run.tags.items()}, known.tags if known else None
        )
        if tags:
            events.append(TagsSet(at, run_id, dict(tags)))
        facts = _changed(run.facts, known.facts if known else None)
        if known is None:
            facts["imported.from"] = self._title
        if facts:
            events.append(FactsObserved(at, run_id, facts))
        if run.note and run.note != (known.note if known else ""):
            events.append(NoteSet(at, run_id, run.note))
        read = {(each.name, each.digest) for each in known.inputs} if known else set()
        inputs = [each for each in run.inputs if (each.name, each.digest) not in read]
        uses = {(use.model_id, use.role) for use in known.models} if known else set()
        used = [each for each in run.uses if (each.model, each.role) not in uses]
        measured = [
            each
            for each in run.measured
            if before is None
            or (
                each.model,
                each.key,
                each.value,
                each.step,
                each.measured // 1000,
                each.data,
                each.digest,
            )
            not in before.measured
        ]
        # In their order: what is told of one moment is not.
        told = [*inputs, *used, *measured]
        events += [
            msgspec.structs.replace(each, ts=at + place, run=run_id)
            for place, each in enumerate(told)
        ]
        for what, new in (
            ("params", params),
            ("tags", tags),
            ("inputs", inputs),
            ("measurements of models", measured),
        ):
            carried[what] += len(new)
        return events

    def _points(
        self, run: SourceRun, run_id: str, is_there: bool, batch: Batch, carried: Counter[str]
    ) -> int:
        """Add the points that are new; when the last of all was."""
        last = run.started_us
        there = self._stored_points(run_id) if is_there else {}
        for curve in run.curves:
            if not len(curve.values):
                continue
            last = max(last, int(curve.times_us.max()))
            key = _fitting(curve.key)
            new = unseen(curve, there[key]) if key in there else curve
            if len(new.values):
                batch.append_points(run_id, key, new.steps, new.times_us, new.values)
                carried["points"] += len(new.values)
        return last

    def _stored_points(self, run_id: str) -> dict[str, Curve]:
        found = self._store.query(
            "SELECT key, list(step) AS step, list(epoch_us(ts)) AS ts, list(value) AS value "
            "FROM base.points WHERE run_id = ?::UUID GROUP BY key",
            [run_id],
        )
        columns = [found[name].combine_chunks() for name in ("step", "ts", "value")]
        return {
            key: Curve(key, *(column[row].values.to_numpy() for column in columns))
            for row, key in enumerate(found["key"].to_pylist())
        }

    def _files_and_models(
        self,
        run: SourceRun,
        run_id: str,
        before: _Before | None,
        at: int,
        artifacts: Artifacts,
        carried: Counter[str],
    ) -> list[Event]:
        there = before.files if before else {}
        events: list[Event] = []
        folders: set[str] = set()
        for file in run.files:
            folders.add(file.path.partition("/")[0])
            events += self._keep(file, run_id, there, at, artifacts, carried)
        stored = before.models if before else {}
        folders |= {model.path for model in stored.values()}
        for model in run.models:
            known = stored.get(model.model_id)
            if known is None and model.model_id in self._model_ids:
                # Another run's: it came by another way.
                continue
            path = known.path if known else _free_path(model, folders)
            folders.add(path)
            events += self._model_said(model, known, run_id, path, carried)
            files = _below(path, model.files)
            for file in files:
                events += self._keep(file, run_id, there, at, artifacts, carried)
        return events

    # Logged models

    def model(self, model: SourceModel, batch: Batch, artifacts: Artifacts) -> Counter[str]:
        """Add a logged model of no run, which keeps its files itself, unless it is here."""
        carried: Counter[str] = Counter()
        if model.model_id not in self._model_ids:
            events = self._model_said(model, None, None, "", carried)
            for file in model.files:
                at = model.created_us
                events += self._keep(file, model.model_id, {}, at, artifacts, carried)
            batch.append(*events)
        return carried

    def _model_said(
        self,
        model: SourceModel,
        known: StoredModel | None,
        run_id: str | None,
        path: str,
        carried: Counter[str],
    ) -> list[Event]:
        at = max(model.created_us, model.changed_us)
        if known is not None:
            params = {k: v for k, v in model.params.items() if known.params.get(k) != v}
            tags = _changed(model.tags, known.tags)
            if (known.status, known.deleted) == (model.status, model.is_deleted) and not (
                params or tags
            ):
                return []
            at = max(at, known.changed_ms * 1000 + 1)
            return [
                ModelChanged(at, model.model_id, model.status, model.is_deleted, params, dict(tags))
            ]
        carried["logged models"] += 1
        self._model_ids.add(model.model_id)
        logged = ModelLogged(
            model.created_us,
            model.model_id,
            _fitting(model.name),
            _fitting(model.experiment) or "Default",
            run_id,
            model.kind,
            path=path,
            params=model.params,
            tags=model.tags,
        )
        return [logged, ModelChanged(at, model.model_id, model.status, model.is_deleted)]

    # Files

    def _keep(
        self,
        file: SourceFile,
        keeper: str,
        there: Mapping[str, str],
        at: int,
        artifacts: Artifacts,
        carried: Counter[str],
    ) -> list[Event]:
        """Keep a file; nothing is said where it is kept already."""
        try:
            path = check_artifact_path(file.path)
        except InvalidValue as error:
            self._omissions.omit("files whose path leaves their run")
            self._omissions.remark(str(error))
            return []
        if isinstance(file.content, Path):
            try:
                [(digest, size)] = artifacts.put_files([file.content])
            except FileNotFoundError:
                self._omissions.omit("files that are gone")
                return []
        else:
            data = file.content()
            digest, size = artifacts.put(data), len(data)
        if there.get(path) == digest:
            return []
        carried["files"] += 1
        return [ArtifactKept(at, keeper, path, digest, size, media_type_of(path))]


def _outcome(
    run: SourceRun, run_id: str, before: _Before | None, at: int, last: int
) -> list[Event]:
    """How the run ended, if it has, and whether it is in the trash."""
    # Where it is not told, the last that is known of a run is its end.
    end = last if run.ended_us is None else max(run.ended_us, run.started_us)
    events: list[Event] = []
    if run.is_deleted != (before.run.deleted if before else False):
        events.append(RunDeleted(at if before else end, run_id, run.is_deleted))
    if run.status == (before.run.status if before else "running"):
        return events
    if run.status == "running" or run.status == "scheduled":
        return [*events, RunResumed(at, run_id, False, run.status)]
    is_timed = run.ended_us is not None or end > run.started_us
    duration_s = (end - run.started_us) / 1e6 if is_timed else None
    told = at if before else end
    return [*events, RunEnded(told, run_id, run.status, duration_s, end)]


def _changed(said: Mapping[str, str], known: Mapping[str, str] | None) -> dict[str, str]:
    return {key: text for key, text in said.items() if known is None or known.get(key) != text}


def _text(value: ParamValue) -> str:
    return "None" if value.type == "none" else value.text


def _free_path(model: SourceModel, taken: set[str]) -> str:
    """Where a run keeps a model: under its name, unless something else is there."""
    name = path_of(model.name.strip("/") or model.model_id)
    return name if name not in taken else f"{name}-{model.model_id[-8:]}"


def _below(path: str, files: Iterable[SourceFile]) -> Sequence[SourceFile]:
    return [SourceFile(f"{path}/{file.path}", file.content) for file in files]


def _fitting(name: str) -> str:
    """``name`` as nbtrack can bear it: without control characters, and not longer than it may."""
    text = name.encode(errors="backslashreplace").decode()
    return "".join(c if c >= " " and c != "\x7f" else " " for c in text)[:MAX_KEY_CHARS]

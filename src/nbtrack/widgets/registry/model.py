"""What the panel shows of a registry: models, the versions of one, and the evidence for one.

The versions on the board are the newest, and all that are in Production or Staging or
waited for. Metrics, data and code are read for those that are looked at: the chosen
version, and what is in Production.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from nbtrack.errors import StoreTooNew
from nbtrack.events import short_id
from nbtrack.registry.evidence import Evidence
from nbtrack.registry.finding import find_model, find_requests, find_versions
from nbtrack.registry.gates import Gates, read_gates
from nbtrack.registry.moves import before, evidence_of, gate_checks
from nbtrack.registry.names import PRODUCTION
from nbtrack.registry.records import ModelVersion, Request
from nbtrack.registry.registry import Registry
from nbtrack.store import (
    Store,
    history_table,
    last_number,
    model_moves,
    model_table,
    registry_mark,
)
from nbtrack.tracking.author import author_at
from nbtrack.tracking.direction import higher_is_better
from nbtrack.widgets.frame import lock_of
from nbtrack.widgets.registry.changes import (
    change_entry,
    checks_when_promoted,
    previous_in_production,
    utc_text,
)
from nbtrack.widgets.wire import json_number

MAX_VERSIONS = 60
MAX_HISTORY = 80


class PanelModel:
    """The state of a panel: which model and version are looked at."""

    def __init__(self, store: Store, name: str | None) -> None:
        self.store = store
        self.registry = Registry(store.path)
        self.name = name
        self.chosen: int | None = None
        self._mark: object = None
        self._looked_at: str | None = None
        self._lock = lock_of(store)
        if name is not None:
            find_model(store, name)

    def show(self, name: str) -> None:
        """Look at another model. Raises `ModelNotFound`."""
        with self._lock:
            find_model(self.store, name)
            self.name, self.chosen = name, None

    def choose(self, version: int | None) -> None:
        """Look at another version of the model."""
        with self._lock:
            self.chosen = version

    def refresh(self) -> bool:
        """Whether the registry, or the run that is looked at, changed since the last snapshot."""
        with self._lock:
            return self._mark_now() != self._mark

    def _mark_now(self) -> object:
        return registry_mark(self.store, self._looked_at)

    def snapshot(self) -> dict[str, Any]:
        """All that the browser draws, as JSON."""
        with self._lock, self.store.settled():
            requests = [each for each in find_requests(self.store) if each.status == "open"]
            models = self._models(requests)
            if self.name not in {each["name"] for each in models}:
                self.name = models[0]["name"] if models else None
                self.chosen = None
            shown = None if self.name is None else self._model(self.name, requests)
            self._mark = self._mark_now()
            return {
                "store": str(self.store.path),
                "user": author_at(self.store.path).user,
                "models": models,
                "model": shown,
            }

    def _models(self, requests: list[Request]) -> list[dict[str, Any]]:
        waiting = Counter(each.name for each in requests)
        return [
            {
                "name": row["name"],
                "versions": row["versions"],
                "in_production": row["in_production"] or [],
                "waiting": waiting[row["name"]],
            }
            for row in model_table(self.store).to_pylist()
        ]

    def _model(self, name: str, requests: list[Request]) -> dict[str, Any]:
        row = find_model(self.store, name)
        versions = find_versions(self.store, name=name)
        waiting = [each for each in requests if each.name == name]
        changes = history_table(self.store, name=name).to_pylist()
        shown = _on_board(versions, waiting)
        chosen = self._chosen(shown, waiting)
        self._looked_at = chosen.run_id if chosen is not None else None
        current = [each for each in versions if each.stage == PRODUCTION]
        try:
            gates = read_gates(row["gates"])
        except StoreTooNew as error:
            gates, told = Gates(), [str(error)]
        else:
            told = gates.told()
        return {
            "name": name,
            "description": row["description"],
            "gates": told,
            "seen": last_number(self.store),
            "total": len(versions),
            "versions": [_version(each) for each in shown],
            "requests": [_request(each) for each in waiting],
            "can_roll_back": self._can_roll_back(row["model"], current),
            "chosen": None
            if chosen is None
            else self._evidence(chosen, versions, gates, waiting, changes),
            "history": [change_entry(each) for each in changes[:MAX_HISTORY]],
        }

    def _can_roll_back(self, model: int, current: list[ModelVersion]) -> int | None:
        there = {each.version for each in current}
        return before(model_moves(self.store, model), there) if there else None

    def _chosen(self, shown: list[ModelVersion], waiting: list[Request]) -> ModelVersion | None:
        by_number = {each.version: each for each in shown}
        if self.chosen not in by_number:
            asked = [each.version for each in waiting if each.version in by_number]
            others = [v for v, each in by_number.items() if each.stage not in (PRODUCTION,)]
            self.chosen = next(iter([*asked, *others, *by_number]), None)
        return None if self.chosen is None else by_number[self.chosen]

    def _evidence(
        self,
        chosen: ModelVersion,
        versions: list[ModelVersion],
        gates: Gates,
        waiting: list[Request],
        changes: list[dict[str, Any]],
    ) -> dict[str, Any]:
        there = [each for each in versions if each.stage == PRODUCTION]
        if chosen.stage == PRODUCTION:
            # Held against what was there before it, with the gates as they were asked then.
            before_it = previous_in_production(changes, chosen.version)
            evidence, others = evidence_of(
                self.store, chosen, [each for each in versions if each.version == before_it]
            )
            checks = checks_when_promoted(changes, chosen.version)
        else:
            evidence, others = evidence_of(self.store, chosen, there)
            asked = [
                each.requested_by
                for each in waiting
                if (each.version, each.stage) == (chosen.version, PRODUCTION)
            ]
            found = gate_checks(
                evidence,
                others,
                gates,
                actor=author_at(self.store.path).user,
                requester=asked[0] if asked else None,
            )
            checks = [msgspec.to_builtins(each) for each in found]
        against = others[0] if others else None
        said = "before it" if chosen.stage == PRODUCTION else "in Production"
        return {
            "version": chosen.version,
            "against": against.version.version if against is not None else None,
            "against_is": said if against is not None else "",
            "metrics": _metrics(evidence, against, gates),
            "data": _data(evidence, against),
            "code": _code(evidence, against),
            "verdict": evidence.verdict,
            "replayed": evidence.is_replayed,
            "checks": checks,
            "tags": chosen.tags,
            "trained_by": "" if evidence.run is None else evidence.run.user,
            "source": "" if evidence.run is None else evidence.run.source,
        }


def _on_board(versions: list[ModelVersion], waiting: list[Request]) -> list[ModelVersion]:
    asked = {each.version for each in waiting}
    return [
        each
        for place, each in enumerate(versions)
        if place < MAX_VERSIONS or each.stage in (PRODUCTION, "Staging") or each.version in asked
    ]


def _version(version: ModelVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "stage": version.stage,
        "aliases": list(version.aliases),
        "description": version.description,
        "run": short_id(version.run_id),
        "run_id": version.run_id,
        "user": version.user,
        "created": utc_text(version.created),
        "since": utc_text(version.stage_since),
        "by": version.stage_by or "",
        "how": version.how,
        "overridden": version.overridden,
    }


def _request(request: Request) -> dict[str, Any]:
    return {
        "request": request.request,
        "version": request.version,
        "stage": request.stage,
        "by": request.requested_by,
        "time": utc_text(request.requested),
        "comment": request.comment,
    }


def _metrics(evidence: Evidence, against: Evidence | None, gates: Gates) -> list[dict[str, Any]]:
    keys = [*gates.metrics, *(key for key in sorted(evidence.metrics) if key not in gates.metrics)]
    rows = []
    for key in keys:
        is_gate = key in gates.metrics
        higher = gates.is_higher_better(key) if is_gate else higher_is_better(key)
        rows.append(
            {
                "key": key,
                "value": json_number(evidence.metrics.get(key)),
                "before": json_number(against.metrics.get(key)) if against is not None else None,
                "higher": higher,
                "is_gate": is_gate,
            }
        )
    return rows


def _data(evidence: Evidence, against: Evidence | None) -> list[dict[str, Any]]:
    theirs = {} if against is None else against.data
    return [
        {
            "name": name,
            "digest": data.digest[:12],
            "sampled": data.is_sampled,
            "shape": data.shape,
            "same": None if name not in theirs else theirs[name].digest == data.digest,
        }
        for name, data in evidence.data.items()
    ]


def _code(evidence: Evidence, against: Evidence | None) -> dict[str, Any]:
    def commit(side: Evidence | None) -> str:
        return "" if side is None or side.run is None else side.run.facts.get("git.commit", "")

    ours, theirs = commit(evidence), commit(against)
    dirty = evidence.run is not None and evidence.run.facts.get("git.dirty") == "yes"
    return {
        "commit": ours[:10],
        "dirty": dirty,
        "same": ours == theirs if ours and theirs else None,
    }

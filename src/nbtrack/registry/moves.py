"""The rules of a change of stage: one in Production, gates, and who was first."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from nbtrack.errors import InvalidValue, PromotionRefused, RegistryConflict
from nbtrack.registry.evidence import Evidence
from nbtrack.registry.finding import find_requests, find_versions
from nbtrack.registry.gates import Check, Gates, checks, read_gates
from nbtrack.registry.names import PRODUCTION
from nbtrack.registry.records import ModelVersion, Request
from nbtrack.registry.turn import Turn

if TYPE_CHECKING:
    from nbtrack.store import Asked

ROLL_BACK, OVERRIDE = "roll back", "override"


def gate_checks(
    candidate: Evidence,
    current: Sequence[Evidence],
    gates: Gates,
    *,
    actor: str,
    requester: str | None = None,
) -> list[Check]:
    """What the model asks of a version that goes to Production, each with its figures.

    ``current`` is what is there; `evidence_of` has both.
    """
    from nbtrack.store import version_table

    if not gates:
        return []
    version = candidate.version
    fits = True
    if gates.where:
        filter = f"version = {version.version} AND ({gates.where})"
        fits = version_table(candidate.asked, filter, name=version.name).num_rows > 0
    return checks(gates, candidate, current, actor=actor, requester=requester, fits=fits)


def evidence_of(
    asked: Asked, version: ModelVersion, there: Iterable[ModelVersion]
) -> tuple[Evidence, list[Evidence]]:
    """What a version is judged by, and that of the others that are ``there``."""
    others = [Evidence(asked, each) for each in there if each.version != version.version]
    return Evidence(asked, version), others


def in_stage(asked: Asked, name: str, stage: str) -> list[ModelVersion]:
    """The versions of a model that are in a stage, the newest first."""
    return find_versions(asked, f"stage = '{stage}'", name=name)


def move(
    turn: Turn,
    name: str,
    version: object,
    stage: str,
    *,
    archive: bool | None,
    comment: str,
    override: str | None,
    seen: int,
    request: Request | None = None,
) -> None:
    """Move a version to ``stage``, and what it replaces to Archived.

    ``seen`` is the last change that whoever decides had seen. Raises `RegistryConflict` where a
    version of the model was moved since, `PromotionRefused` where a gate is not met.
    """
    model = turn.model(name)
    _expect_unmoved(turn, model, seen)
    moved = turn.version(name, version)
    if moved.stage == stage:
        since = "" if moved.stage_since is None else f" since {_ago(moved.stage_since)}"
        raise InvalidValue(f"Version {moved.version} of {name!r} is in {stage} already{since}.")
    evidence: dict[str, Any] = {"from": moved.stage}
    how = ""
    if stage == PRODUCTION:
        found = gate_checks(
            *evidence_of(turn.asked, moved, in_stage(turn.asked, name, PRODUCTION)),
            read_gates(model["gates"]),
            actor=turn.author.user,
            requester=request.requested_by if request is not None else None,
        )
        evidence["checks"] = found
        if not all(check.passed for check in found):
            if not (override or "").strip():
                raise _refused(moved, found)
            how = OVERRIDE
    replaces = archive if archive is not None else stage == PRODUCTION
    replaced = in_stage(turn.asked, name, stage) if replaces else []
    archive_all(turn, model["model"], replaced, f"replaced by version {moved.version}", how="")
    evidence["replaces"] = [each.version for each in replaced]
    said = "; ".join(text for text in (comment.strip(), (override or "").strip()) if text)
    _say_move(turn, model["model"], moved.version, stage, evidence, said, how, request)
    _overtake(turn, model["model"], name, [moved.version], stage, request)


def move_back(turn: Turn, name: str, comment: str, seen: int) -> tuple[int, list[int]]:
    """Bring the version that was in Production before back there; it, and those that it replaces.

    Gates are not asked: they were when it came there first.
    """
    from nbtrack.store import model_moves

    model = turn.model(name)
    _expect_unmoved(turn, model, seen)
    there = in_stage(turn.asked, name, PRODUCTION)
    if not there:
        raise InvalidValue(f"Nothing of {name!r} is in Production, so that there is no way back.")
    back = before(model_moves(turn.asked, model["model"]), {each.version for each in there})
    if back is None:
        raise InvalidValue(
            f"Nothing of {name!r} was in Production before version {there[0].version}."
        )
    target = turn.version(name, back)
    archive_all(
        turn, model["model"], there, comment or f"rolled back to version {back}", how=ROLL_BACK
    )
    evidence = {"from": target.stage, "replaces": [each.version for each in there]}
    _say_move(turn, model["model"], back, PRODUCTION, evidence, comment.strip(), ROLL_BACK, None)
    return back, [each.version for each in there]


def before(moves: Iterable[dict[str, Any]], there: set[int]) -> int | None:
    """The version below the top of those that were promoted one upon the other.

    One that was rolled back from is off the pile: a second roll back goes further back.
    """
    pile: list[int] = []
    for each in moves:
        version: int = each["version"]
        if each["is_gone"] or (each["stage"] != PRODUCTION and each["how"] == ROLL_BACK):
            pile = [kept for kept in pile if kept != version]
        elif each["stage"] == PRODUCTION and version not in pile:
            pile.append(version)
        elif each["stage"] == PRODUCTION and each["how"] != ROLL_BACK:
            pile.remove(version)
            pile.append(version)
    below = [version for version in pile if version not in there]
    return below[-1] if below else None


def _expect_unmoved(turn: Turn, model: dict[str, Any], seen: int) -> None:
    from nbtrack.store import last_move

    newer = last_move(turn.asked, model["model"], seen)
    if newer is not None:
        raise RegistryConflict(
            f"Nothing was changed: version {newer['version']} of {model['name']!r} went to "
            f"{newer['stage']} {_ago(newer['ts'])}, by {newer['user'] or 'an unknown user'}, since "
            "you looked. Look again, and repeat it if you still want it."
        )


def _refused(version: ModelVersion, found: Sequence[Check]) -> PromotionRefused:
    reasons = "\n".join(f"  {check}" for check in found if not check.passed)
    return PromotionRefused(
        f"Version {version.version} of {version.name!r} does not go to Production:\n{reasons}\n"
        "Mend this, or say override='why': that is told wherever the version is shown.",
        checks=found,
    )


def archive_all(
    turn: Turn, model: int, versions: Sequence[ModelVersion], comment: str, how: str
) -> None:
    """Move versions of a model to Archived, and say why."""
    for each in versions:
        _say_move(turn, model, each.version, "Archived", {"from": each.stage}, comment, how, None)


def _say_move(
    turn: Turn,
    model: int,
    version: int,
    stage: str,
    evidence: dict[str, Any],
    comment: str,
    how: str,
    request: Request | None,
) -> None:
    if request is not None:
        turn.append(
            "decided", model, version, key="approved", about=request.request, comment=comment
        )
    turn.append(
        "stage moved",
        model,
        version,
        key=stage,
        value=msgspec.json.encode(evidence).decode(),
        how=how,
        about=request.request if request is not None else None,
        comment=comment,
    )


def _overtake(
    turn: Turn, model: int, name: str, versions: list[int], stage: str, request: Request | None
) -> None:
    """Close what else was asked of the same: it has come true."""
    for each in find_requests(turn.asked, name=name):
        is_same = each.version in versions and each.stage == stage and each.status == "open"
        if is_same and (request is None or each.request != request.request):
            turn.append("decided", model, each.version, key="overtaken", about=each.request)


def _ago(ts: datetime.datetime) -> str:
    return f"{ts:%Y-%m-%d %H:%M:%S} UTC"

"""What a model asks of a version before it goes to Production, and whether one meets it.

A gate is checked against what the store holds at that moment, while nobody else can
change it. Each answers with a sentence that has the figures, met or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from nbtrack.errors import InvalidValue, StoreTooNew
from nbtrack.registry.evidence import Evidence
from nbtrack.tracking.direction import higher_is_better
from nbtrack.tracking.values import check_key


class Gates(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What a promotion needs. A newer nbtrack's gate that this one does not know is not passed by.

    ``metrics`` are at least as good as those of what is in Production, to ``tolerance`` of its
    value, on the same data: that called ``data``, or else all that both runs name alike.
    ``lower`` and ``higher`` say which way is better where the metric's name does not.
    """

    metrics: tuple[str, ...] = ()
    higher: tuple[str, ...] = ()
    data: str = ""
    tolerance: float = 0.0
    verdict: bool = False
    approver: bool = False
    description: bool = False
    where: str = ""

    def __bool__(self) -> bool:
        return self != Gates()

    def told(self) -> list[str]:
        """Each gate in words."""
        slack = f", {self.tolerance:.1%} worse at most" if self.tolerance else ""
        on = f" on {self.data!r}" if self.data else " on the same data"
        said = [f"{key} as good as in Production{on}{slack}" for key in self.metrics]
        said += ["verdict clean, or replayed"] if self.verdict else []
        said += ["somebody else approves"] if self.approver else []
        said += ["described"] if self.description else []
        return [*said, self.where] if self.where else said

    def is_higher_better(self, metric: str) -> bool:
        """Which way is better, as it was declared."""
        return metric in self.higher


class Check(msgspec.Struct, frozen=True):
    """A gate, whether it is met, and a sentence with the figures."""

    gate: str
    passed: bool
    reason: str

    def __str__(self) -> str:
        return f"{'✓' if self.passed else '✗'} {self.gate}: {self.reason}"


def declare(
    metric: str | Sequence[str] | None,
    greater_is_better: bool | None,
    data: str | None,
    tolerance: float,
    verdict: bool,
    approver: bool,
    description: bool,
    where: str,
) -> Gates:
    """The gates that these arguments of `Registry.set_gates` mean. Raises `InvalidValue`."""
    metrics = (metric,) if isinstance(metric, str) else tuple(metric or ())
    higher = []
    for key in metrics:
        is_higher = (
            greater_is_better
            if greater_is_better is not None
            else higher_is_better(check_key(key, "metric"))
        )
        if is_higher is None:
            raise InvalidValue(
                f"Whether more of {key!r} is better, its name does not tell; say "
                "greater_is_better=True or False."
            )
        if is_higher:
            higher.append(key)
    if not 0 <= tolerance < 1:
        raise InvalidValue(f"A tolerance is a share such as 0.01, got {tolerance!r}.")
    if data is not None and not metrics:
        raise InvalidValue("data= says on which data a metric is compared; name the metric, too.")
    return Gates(
        metrics=metrics,
        higher=tuple(higher),
        data=check_key(data, "data set") if data else "",
        tolerance=float(tolerance),
        verdict=bool(verdict),
        approver=bool(approver),
        description=bool(description),
        where=where.strip(),
    )


def read_gates(text: str) -> Gates:
    """Gates as they were kept. Raises `StoreTooNew` for one that this version cannot check."""
    try:
        return msgspec.json.decode(text, type=Gates)
    except msgspec.ValidationError as error:
        raise StoreTooNew(
            f"This model has a gate that this nbtrack does not know ({error}); upgrade nbtrack "
            "in this environment to promote a version of it."
        ) from error


def checks(
    gates: Gates,
    candidate: Evidence,
    current: Sequence[Evidence],
    *,
    actor: str,
    requester: str | None,
    fits: bool,
) -> list[Check]:
    """Every gate against ``candidate``; ``current`` is what is in Production.

    ``actor`` promotes it, and ``fits`` is whether it fits ``gates.where``.
    """
    found = [*_metrics(gates, candidate, current)]
    version = candidate.version
    if gates.verdict:
        found.append(_verdict(candidate))
    if gates.approver:
        authors = sorted(candidate.authors | ({requester} if requester else set()))
        is_other = bool(actor) and actor not in authors
        told = ", ".join(authors) or "an unknown user"
        reason = f"approved by {actor or 'an unknown user'}, made or asked for by {told}"
        if not is_other:
            reason += "; somebody else has to approve it (request_transition, then approve)"
        found.append(Check("approver", is_other, reason))
    if gates.description:
        has_one = bool(version.description.strip())
        reason = "the version is described" if has_one else "the version has no description"
        found.append(Check("description", has_one, reason))
    if gates.where:
        reason = f"the version {'fits' if fits else 'does not fit'} {gates.where}"
        found.append(Check("condition", fits, reason))
    return found


def _verdict(candidate: Evidence) -> Check:
    if candidate.is_replayed:
        return Check("verdict", True, "the run was replayed, and its metrics matched")
    verdict = candidate.verdict or "unknown, since no tracked cell made it"
    reason = f"the run's verdict is {verdict}"
    if verdict == "pending":
        reason += " until its notebook is saved"
    elif verdict != "clean":
        reason += "; it has to be clean, or replayed with nbtrack.replay"
    return Check("verdict", verdict == "clean", reason)


def _metrics(gates: Gates, candidate: Evidence, current: Sequence[Evidence]) -> Iterator[Check]:
    for key in gates.metrics:
        value = candidate.metric(key)
        if value is None:
            kept = "is NaN" if key in candidate.metrics else "was not logged"
            yield Check(f"metric {key}", False, f"{key} of version {_of(candidate)} {kept}")
        elif not current:
            yield Check(f"metric {key}", True, f"{value:.6g}, and nothing is in Production yet")
        else:
            for other in current:
                yield _against(gates, key, value, candidate, other)


def _against(gates: Gates, key: str, value: float, candidate: Evidence, other: Evidence) -> Check:
    gate = f"metric {key}"
    theirs = other.metric(key)
    if theirs is None:
        return Check(
            gate, False, f"version {_of(other)} in Production has no {key} to compare with"
        )
    is_higher = gates.is_higher_better(key)
    slack = gates.tolerance * abs(theirs)
    is_as_good = value >= theirs - slack if is_higher else value <= theirs + slack
    figures = f"{value:.6g} against {theirs:.6g} of version {_of(other)} in Production"
    if gates.tolerance:
        figures += f", {gates.tolerance:.1%} allowed"
    trouble, sampled = _other_data(gates.data, candidate, other)
    if not is_as_good:
        figures = f"{figures}: {'less' if is_higher else 'more'} is worse"
    if sampled:
        figures += f" (of {', '.join(sampled)} a sample is the same)"
    return Check(gate, is_as_good and not trouble, "; ".join([figures, *trouble]))


def _other_data(name: str, candidate: Evidence, other: Evidence) -> tuple[list[str], list[str]]:
    """Why two values were not reached on the same data, and what is only known by a sample."""
    ours, theirs = candidate.data, other.data
    names = [name] if name else sorted(ours.keys() & theirs.keys())
    if not names:
        return ["the two runs have no data of the same name, so that the values say nothing"], []
    trouble = []
    for each in names:
        lacking = [_of(side) for side in (candidate, other) if each not in side.data]
        if lacking:
            trouble.append(f"the run of version {' and '.join(lacking)} read no data {each!r}")
        elif not ours[each].digest or not theirs[each].digest:
            trouble.append(f"{each} has no digest")
        elif ours[each].digest != theirs[each].digest:
            hint = "" if name else "; if another data set is the one to compare on, say data="
            trouble.append(
                f"{each} is not the same data ({ours[each].digest[:8]} against "
                f"{theirs[each].digest[:8]}){hint}"
            )
    return trouble, [each for each in names if each in ours and ours[each].is_sampled]


def _of(evidence: Evidence) -> str:
    return str(evidence.version.version)

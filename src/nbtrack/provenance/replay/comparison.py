"""A run and its replay side by side: what came out again, and where they part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from nbtrack.provenance.recipe import Recipe

# Sums of floating point numbers in another order differ by so much.
EXACT = 1e-6
_NAMED = 5
# They install and record: what comes out does not depend on them.
_NO_PART = ("pip", "nbtrack")


@dataclass(frozen=True, slots=True)
class MetricComparison:
    """One metric: its value in the run and in the replay, ``None`` if it is not there."""

    name: str
    recorded: float
    replayed: float | None
    outcome: Literal["same", "close", "differs", "missing"]

    def __str__(self) -> str:
        if self.replayed is None:
            return f"{self.name}: {self.recorded:.6g}, and not measured by the replay"
        if self.outcome == "same":
            return f"{self.name}: {self.recorded:.6g}, the same"
        off = _relative(self.recorded, self.replayed)
        said = "nondeterminism" if self.outcome == "close" else "DIFFERS"
        return f"{self.name}: {self.recorded:.6g} → {self.replayed:.6g}, {said} of {off:.2%}"


def compare_metrics(run: Recipe, replay: Recipe, tolerance: float) -> list[MetricComparison]:
    """Every metric of ``run`` by its last value, but for those of the machine."""
    again = replay.metrics
    compared = []
    for name, value in run.metrics.items():
        other = again.get(name)
        off = math.inf if other is None else _relative(value, other)
        outcome: Literal["same", "close", "differs", "missing"] = (
            "missing"
            if other is None
            else "same" if off <= EXACT else "close" if off <= tolerance else "differs"
        )  # fmt: skip
        compared.append(MetricComparison(name, value, other, outcome))
    return compared


def other_differences(run: Recipe, replay: Recipe) -> list[str]:
    """What else is not the same, a sentence each: parameters, data, packages."""
    said = []
    ours, theirs = ({p.key: p.value for p in each.run.params} for each in (run, replay))
    changed = [key for key in ours if ours[key] != theirs.get(key)]
    if changed:
        told = [f"{key} {ours[key]} → {theirs.get(key, 'not there')}" for key in changed]
        said.append(f"Not the same parameters: {_listed(told)}.")
    before, after = ({i.name: i.digest for i in each.inputs} for each in (run, replay))
    changed = [n for n in before if before[n] and after.get(n) and before[n] != after[n]]
    if changed:
        said.append(f"Not the same data: {_listed([f'`{name}`' for name in changed])}.")
    old, new = run.packages, replay.packages
    changed = [n for n in old if old[n] != new.get(n) and n not in _NO_PART]
    if changed and new:
        told = [f"{name} {old[name]} → {new.get(name, 'not installed')}" for name in changed]
        said.append(f"Not the same packages: {_listed(told)}.")
    python = [each.run.facts.get("python.version", "") for each in (run, replay)]
    if all(python) and python[0] != python[1]:
        said.append(f"Not the same Python: {python[0]} → {python[1]}.")
    return said


def _listed(told: list[str]) -> str:
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return ", ".join(told[:_NAMED]) + more


def _relative(recorded: float, replayed: float) -> float:
    if recorded == replayed or (math.isnan(recorded) and math.isnan(replayed)):
        return 0.0
    if not (math.isfinite(recorded) and math.isfinite(replayed)):
        return math.inf
    return abs(replayed - recorded) / max(abs(recorded), 1e-12)

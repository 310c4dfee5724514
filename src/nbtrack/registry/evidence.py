"""What a version is judged by: its run's metrics, data and verdict, and its own words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nbtrack.errors import RunNotFound
from nbtrack.registry.records import ModelVersion

if TYPE_CHECKING:
    from nbtrack.store import Asked, RunDetail, StoredInput


@dataclass(frozen=True)
class Evidence:
    """A version and what is known of its run; of a run that was purged, nothing."""

    asked: Asked
    version: ModelVersion

    @cached_property
    def run(self) -> RunDetail | None:
        """Everything about the run."""
        from nbtrack.store import run_detail

        try:
            return run_detail(self.asked, self.version.run_id)
        except RunNotFound:
            return None

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric of the run, but for what was measured of the machine."""
        told = () if self.run is None else self.run.metrics
        return {each.key: each.value for each in told if not each.key.startswith("system/")}

    @cached_property
    def data(self) -> dict[str, StoredInput]:
        """The data that the run read, by name."""
        from nbtrack.store import run_inputs

        return {each.name: each for each in run_inputs(self.asked, self.version.run_id)}

    @property
    def verdict(self) -> str | None:
        """Whether the run can be made again; ``None`` where no cell made it."""
        return None if self.run is None else self.run.verdict

    @property
    def is_replayed(self) -> bool:
        """Whether the run was made again, with the same metrics."""
        return self.run is not None and self.run.facts.get("replayed") == "matched"

    @property
    def authors(self) -> set[str]:
        """Who registered the version, and who trained it."""
        return {self.version.user, self.run.user if self.run is not None else ""} - {""}

    def metric(self, key: str) -> float | None:
        """The last value of a metric; ``None`` where there is none, or it is not a number."""
        value = self.metrics.get(key)
        return None if value is None or math.isnan(value) else value

"""MLflow's experiments as ours: with their number where it is free, their tags and their end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from nbtrack.events import Event, ExperimentChanged
from nbtrack.integrations.mlflow_entities.records import MlflowExperiment
from nbtrack.integrations.mlflow_entities.tags import EXPERIMENT_LOCATION

if TYPE_CHECKING:
    from nbtrack.integrations.report import Report
    from nbtrack.store import Store


def import_experiments(
    store: Store, experiments: Iterable[MlflowExperiment], report: Report
) -> None:
    """Bring in those whose name is not here, and of the others the tags that are not.

    Call it before the runs come, which would give each a number of its own.
    """
    told = list(experiments)
    with store.deciding() as decision:
        rows = decision.query("SELECT number, name FROM experiments").to_pylist()
        numbers = {row["name"]: row["number"] for row in rows}
        found = decision.query("SELECT number, key FROM experiment_tags").to_pylist()
        tags = {(row["number"], row["key"]) for row in found}
        taken = set(numbers.values())
        for experiment in told:
            number = numbers.get(experiment.name)
            if number is None:
                number = _free_number(experiment.experiment_id, taken)
                if str(number) != experiment.experiment_id:
                    report.remarks.append(
                        f"the number {experiment.experiment_id} of the experiment "
                        f"{experiment.name!r} is another one's here, so that it is {number}"
                    )
                taken.add(number)
                numbers[experiment.name] = number
                decision.say(*_made(experiment, number))
                report.carried["experiments"] += 1
                report.carried["tags of experiments"] += len(experiment.tags)
            else:
                new = {k: v for k, v in experiment.tags.items() if (number, k) not in tags}
                if new:
                    now = time.time_ns() // 1000
                    decision.say(ExperimentChanged(now, number, tags=dict(new)))
                    report.carried["tags of experiments"] += len(new)


def _free_number(experiment_id: str, taken: set[int]) -> int:
    number = int(experiment_id) if experiment_id.isascii() and experiment_id.isdigit() else -1
    if 0 <= number < 2**62 and number not in taken:
        return number
    return max(taken, default=0) + 1


def _made(experiment: MlflowExperiment, number: int) -> list[Event]:
    created = (experiment.created_ms or time.time_ns() // 1_000_000) * 1000
    changed = max(created, (experiment.updated_ms or 0) * 1000)
    tags: dict[str, str | None] = dict(experiment.tags)
    if experiment.location:
        # Not as its location here: the files of its runs are in this store.
        tags[EXPERIMENT_LOCATION] = experiment.location
    made: list[Event] = [ExperimentChanged(created, number, experiment.name, tags=tags)]
    if changed > created or experiment.is_deleted:
        # Behind its making, even where both are told of one moment.
        at = max(changed, created + 1)
        made.append(ExperimentChanged(at, number, deleted=experiment.is_deleted))
    return made

"""MLflow's objects for data, of the form that all ways in and out have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.entities import Dataset, DatasetInput, InputTag

from nbtrack.integrations.mlflow_entities.datasets import dataset_of, input_of
from nbtrack.integrations.mlflow_entities.records import MlflowDataset

if TYPE_CHECKING:
    from nbtrack.events import InputRead
    from nbtrack.store import StoredInput


def input_read(told: DatasetInput, run_id: str, ts: int) -> InputRead:
    """A dataset as data that the run has read."""
    dataset: Dataset = told.dataset
    tags = {tag.key: str(tag.value) for tag in told.tags or ()}
    return input_of(
        MlflowDataset(
            dataset.name,
            dataset.digest,
            dataset.source_type,
            dataset.source,
            dataset.schema,
            dataset.profile,
            tags,
        ),
        run_id,
        ts,
    )


def dataset_input(read: StoredInput) -> DatasetInput:
    """Data that a run has read as a dataset of MLflow's, whoever told it."""
    told = dataset_of(read)
    tags = [InputTag(key, text) for key, text in told.tags.items()]
    dataset = Dataset(
        told.name, told.digest, told.source_type, told.source, told.schema, told.profile
    )
    return DatasetInput(dataset, tags)

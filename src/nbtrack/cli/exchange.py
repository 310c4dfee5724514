"""Commands that bring runs in from elsewhere, and write them as others read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from nbtrack.cli import commands
from nbtrack.integrations.importing import fluent as importing


@commands.group(name="import")
def import_() -> None:
    """Bring runs in from elsewhere. Doing so twice adds only what is new."""


@import_.command()
@click.argument("uri")
@click.option("--no-artifacts", is_flag=True, help="Leave files where they are.")
@click.option("--no-registry", is_flag=True, help="Leave registered models.")
def mlflow(uri: str, no_artifacts: bool, no_registry: bool) -> None:
    """Bring in a folder mlruns, a database or a tracking server.

    URI is what mlflow.set_tracking_uri takes. MLflow itself is not needed.
    """
    report = importing.import_mlflow(uri, artifacts=not no_artifacts, registry=not no_registry)
    click.echo(repr(report))


@import_.command()
@click.argument("logdir", type=click.Path(exists=True, file_okay=False))
@click.option("--experiment", help="By default, the folder's name.")
def tensorboard(logdir: str, experiment: str | None) -> None:
    """Bring in a LOGDIR: each folder in it with event files is a run."""
    click.echo(repr(importing.import_tensorboard(logdir, experiment=experiment)))


@import_.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("--experiment", help="By default, W&B's project.")
def wandb(folder: str, experiment: str | None) -> None:
    """Bring in a FOLDER with offline runs of W&B, or with exported ones."""
    click.echo(repr(importing.import_wandb(folder, experiment=experiment)))


def _table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What may be said of the columns of a table."""
    for name, what in (
        ("metric", "is a metric"),
        ("param", "is a parameter"),
        ("tag", "is a tag"),
        ("ignore", "is left out"),
    ):
        command = click.option(
            f"--{name}", f"{name}s", multiple=True, metavar="COLUMN", help=f"COLUMN {what}."
        )(command)
    for name, what in (
        ("run", "tells runs apart"),
        ("step", "has the step"),
        ("time", "has the time"),
        ("metric-name", "has the name of the metric"),
        ("value", "has its value"),
    ):
        command = click.option(f"--{name}", metavar="COLUMN", help=f"COLUMN {what}.")(command)
    command = click.option("--experiment", help="By default, the file's name.")(command)
    return click.argument("file", type=click.Path(exists=True, dir_okay=False))(command)


def _import_table(
    file: str, ignores: tuple[str, ...], metric_name: str | None, **said: Any
) -> None:
    click.echo(repr(importing.import_table(file, ignore=ignores, metric=metric_name, **said)))


@import_.command()
@_table_options
def csv(**said: Any) -> None:
    """Bring in a FILE whose rows are runs, or steps of runs; it says what it understood."""
    _import_table(**said)


@import_.command()
@_table_options
def parquet(**said: Any) -> None:
    """Bring in a FILE as `import csv` does."""
    _import_table(**said)

"""Commands that bring runs in from elsewhere, and write them as others read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from nbtrack.cli import commands
from nbtrack.integrations.exporting import fluent as exporting
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


@commands.group()
def export() -> None:
    """Write runs as others read them."""


def _which_runs(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose runs."""
    for option in (
        click.option("--filter", "filter_string", default="", help="Those that fit, as in `runs`."),
        click.option("--experiment", "experiments", multiple=True, help="Those of an experiment."),
    ):
        command = option(command)
    return command


@export.command(name="parquet")
@click.argument("directory", type=click.Path(file_okay=False))
@click.option("--artifacts", is_flag=True, help="Write the runs' files, too.")
@_which_runs
def export_parquet(
    directory: str, artifacts: bool, filter_string: str, experiments: tuple[str, ...]
) -> None:
    """Write runs, params, tags, metrics and more into DIRECTORY, a file each."""
    report = exporting.export_parquet(
        directory, filter_string=filter_string, experiments=experiments, artifacts=artifacts
    )
    click.echo(repr(report))


@export.command(name="mlflow")
@click.argument("uri")
@click.option("--no-registry", is_flag=True, help="Leave registered models.")
@_which_runs
def export_mlflow(
    uri: str, no_registry: bool, filter_string: str, experiments: tuple[str, ...]
) -> None:
    """Write runs and models to URI: a folder mlruns, a database (sqlite:///…), or a server."""
    report = exporting.export_mlflow(
        uri, filter_string=filter_string, experiments=experiments, registry=not no_registry
    )
    click.echo(repr(report))

"""Commands about registered models: ``registry register``, ``list``, ``history``, ``promote`` …"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from nbtrack.cli import commands
from nbtrack.registry.registry import Registry
from nbtrack.tracking.answers import text_table

if TYPE_CHECKING:
    from nbtrack.tracking.answers import Answer


@commands.group()
def registry() -> None:
    """Registered models: register, list, history, check, promote, roll back."""


@registry.command("list")
@click.argument("filter_", metavar="[FILTER]", default="")
def list_(filter_: str) -> None:
    """List models or, with a FILTER, versions: "name = 'fraud' AND metrics.auc > .9"."""
    if not filter_:
        _show(Registry().search_registered_models())
        return
    for version in Registry().search_model_versions(filter_):
        click.echo(repr(version)[1:-1])


@registry.command()
@click.argument("model_uri")
@click.argument("name")
@click.option("-d", "--description", help="What is in it.")
def register(model_uri: str, name: str, description: str | None) -> None:
    """Register MODEL_URI (runs:/RUN/PATH, or a model's folder) as the next version of NAME."""
    click.echo(repr(Registry().register(model_uri, name, description=description))[1:-1])


@registry.command()
@click.argument("model", required=False)
def history(model: str | None) -> None:
    """Tell every change, the newest first; of one MODEL, or of all."""
    _show(Registry().history(model))


@registry.command()
@click.argument("model")
@click.argument("version", type=int)
def check(model: str, version: int) -> None:
    """Say whether VERSION of MODEL meets its gates. Exit status 1 if one is not met."""
    checks = Registry().check(model, version)
    for each in checks:
        click.echo(str(each))
    if not checks:
        click.echo("The model declares no gate.")
    if not all(each.passed for each in checks):
        sys.exit(1)


@registry.command()
@click.argument("model")
@click.argument("version", type=int)
@click.argument("stage", default="Production")
@click.option("-m", "--comment", default="", help="Why.")
@click.option("--override", help="Why it goes to Production past a gate; told for ever.")
def promote(model: str, version: int, stage: str, comment: str, override: str | None) -> None:
    """Move VERSION of MODEL to STAGE, by default Production; what is there is archived."""
    moved = Registry().transition_stage(model, version, stage, comment=comment, override=override)
    click.echo(repr(moved)[1:-1])


@registry.command("roll-back")
@click.argument("model")
@click.option("-m", "--comment", default="", help="Why.")
def roll_back(model: str, comment: str) -> None:
    """Bring back to Production what was there before."""
    click.echo(repr(Registry().roll_back(model, comment))[1:-1])


def _show(answer: Answer) -> None:
    table = answer.arrow()
    hidden = [name for name in ("evidence", "host") if name in table.column_names]
    click.echo(text_table(table.drop_columns(hidden), rows=1000))

"""Commands that make runs again and compare them: ``replay``, ``diff``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from nbtrack.cli import commands
from nbtrack.provenance import fluent


@commands.command()
@click.argument("run")
@click.option("--keep", is_flag=True, help="Keep the folder in which it ran.")
@click.option("--force", is_flag=True, help="Try it although the verdict is 'not replayable'.")
@click.option("--tolerance", default=0.01, show_default=True, help="How far metrics may be off.")
@click.option("--notebook", type=click.Path(dir_okay=False), help="Only write the notebook.")
def replay(run: str, keep: bool, force: bool, tolerance: float, notebook: str | None) -> None:
    """Make RUN again in a fresh kernel, and compare. Exit status 1 unless it matches."""
    if notebook is not None:
        click.echo(f"Wrote {fluent.replay(run, notebook=notebook)}.")
        return
    report = fluent.replay(run, keep=keep, force=force, tolerance=tolerance, progress=_say)
    click.echo(str(report))
    if not isinstance(report, Path) and report.status != "matched":
        sys.exit(1)


@commands.command()
@click.argument("a")
@click.argument("b")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def diff(a: str, b: str, as_json: bool) -> None:
    """Show what changed from run A to run B, the most likely causes first."""
    found = fluent.diff(a, b)
    click.echo(json.dumps(found.to_dict(), default=str, indent=1) if as_json else str(found))


def _say(what: object) -> None:
    click.echo(f"  … {what}", err=True)

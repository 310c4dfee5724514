"""Commands about what made a run: ``replay``, ``diff``, ``why``, ``environment``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from nbtrack.cli import commands
from nbtrack.provenance import fluent


@commands.command()
@click.argument("run")
@click.option("--env", is_flag=True, help="Install the recorded packages first.")
@click.option("--keep", is_flag=True, help="Keep the folder in which it ran.")
@click.option("--force", is_flag=True, help="Try it although the verdict is 'not replayable'.")
@click.option("--tolerance", default=0.01, show_default=True, help="How far metrics may be off.")
@click.option("--notebook", type=click.Path(dir_okay=False), help="Only write the notebook.")
def replay(
    run: str, env: bool, keep: bool, force: bool, tolerance: float, notebook: str | None
) -> None:
    """Make RUN again in a fresh kernel, and compare. Exit status 1 unless it matches."""
    if notebook is not None:
        click.echo(f"Wrote {fluent.replay(run, notebook=notebook)}.")
        return
    report = fluent.replay(run, env=env, keep=keep, force=force, tolerance=tolerance, progress=_say)
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


@commands.command()
@click.argument("a")
@click.argument("b")
@click.option("--metric", "-m", help="The one that differs most, where none is named.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def why(a: str, b: str, metric: str | None, as_json: bool) -> None:
    """Find which difference between A and B moved a metric: each is tried by a replay."""
    found = fluent.why(a, b, metric=metric, progress=_say)
    click.echo(json.dumps(found.to_dict(), indent=1) if as_json else str(found))


@commands.command()
@click.argument("run")
@click.argument("file", type=click.Path(dir_okay=False))
def environment(run: str, file: str) -> None:
    """Write the packages that RUN had to FILE: requirements.txt, conda.yaml or pyproject.toml."""
    written = fluent.export_environment(run, file)
    click.echo(f"Wrote {' and '.join(map(str, written))}.")


def _say(what: object) -> None:
    click.echo(f"  … {what}", err=True)

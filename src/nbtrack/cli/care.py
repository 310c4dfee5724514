"""Commands that look after a store: doctor, backup, delete, restore, purge."""

from __future__ import annotations

from pathlib import Path

import click

from nbtrack.cli import commands
from nbtrack.tracking import past
from nbtrack.tracking.active import current_store


@commands.command()
def doctor() -> None:
    """Say how the store is: place, versions, locks, holders, disk, and what would fail.

    Exit status 1 if something is wrong.
    """
    health = current_store().health()
    size = f"{health.database_bytes / 1e6:.1f} MB" if health.database_bytes else "not made yet"
    free = "unknown" if health.free_bytes is None else f"{health.free_bytes / 1e9:.1f} GB"
    holds = "unknown" if health.runs is None else f"{health.runs:,} runs, {health.points:,} points"
    rows = {
        "store": str(health.path) + ("" if health.exists else " (not there yet)"),
        "database": f"{size}, {holds}" if health.database_bytes else size,
        "versions": f"schema {health.schema_version}, journal {health.journal_version}, "
        f"DuckDB {health.duckdb_version}",
        "filesystem": f"{health.filesystem}, {free} free, "
        f"{'writable' if health.is_writable else 'NOT writable'}",
        "locked by": ", ".join(health.lock_holders) or "nobody",
        "held by": health.holder or "nobody",
        "journals": str(len(health.journals)),
    }
    for title, text in rows.items():
        click.echo(f"{title.ljust(11)} {text}")
    for journal in health.journals:
        writer = f"{journal.writer} (pid {journal.pid})" if journal.writer else f"pid {journal.pid}"
        click.echo(
            f"{'':11} {journal.id[-8:]}  {journal.life:8} {journal.size_bytes / 1e3:9.1f} kB  "
            f"{writer} on {journal.host or 'an unknown host'}"
        )
    for line in health.damage:
        click.echo(f"{'damage':11} {line}")
    for problem in health.problems:
        click.echo(f"! {problem}")
    if health.problems:
        raise SystemExit(1)
    click.echo("No problem found.")


@commands.command()
@click.argument("target", type=click.Path(path_type=Path))
def backup(target: Path) -> None:
    """Write a copy of the whole store to TARGET, while others go on logging."""
    store = current_store()
    store.backup(target)
    click.echo(f"Backed up {store.path} to {target}.")


@commands.command()
@click.argument("runs", nargs=-1, required=True)
def delete(runs: tuple[str, ...]) -> None:
    """Send RUNS to the trash."""
    for run in runs:
        stored = past.get_run(run)
        stored.delete()
        click.echo(f"Deleted {stored.name} ({stored.short_id}); nbtrack restore {stored.short_id}")


@commands.command()
@click.argument("targets", nargs=-1, required=True)
def restore(targets: tuple[str, ...]) -> None:
    """Bring runs back from the trash or, where TARGET is a backup, the whole store."""
    for target in targets:
        if Path(target).exists():
            current_store().restore(Path(target))
            click.echo(f"Restored {current_store().path} from {target}.")
        else:
            stored = past.get_run(target)
            stored.restore()
            click.echo(f"Restored {stored.name} ({stored.short_id}).")


@commands.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(runs: tuple[str, ...], yes: bool) -> None:
    """Remove RUNS for good, from the database and the journals; there is no way back."""
    found = [past.get_run(run) for run in runs]
    for run in found:
        click.echo(f"  {run.name} ({run.short_id}), {run.status}, experiment {run.experiment!r}")
    if not yes:
        click.confirm(f"Remove {len(found)} run(s) for good?", abort=True)
    click.echo(f"Removed {past.purge(*(run.id for run in found))}.")

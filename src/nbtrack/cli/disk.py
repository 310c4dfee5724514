"""Commands about what the store takes on the disk: ``du`` and ``gc``."""

from __future__ import annotations

import re

import click

from nbtrack.cli import commands
from nbtrack.tracking.active import current_store
from nbtrack.tracking.answers import Answer
from nbtrack.tracking.files.garbage import Garbage, Tally, find_garbage
from nbtrack.tracking.files.usage import disk_use

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@commands.command()
@click.option("-n", "--limit", default=10, show_default=True, help="At most so many runs.")
def du(limit: int) -> None:
    """Say where the disk went: database, journals, files by place, experiment and run."""
    use = disk_use(current_store(), runs=limit)
    click.echo(f"{_size(use.database_bytes)}  database")
    click.echo(f"{_size(use.journal_bytes)}  journals")
    for place in use.places:
        click.echo(f"{_size(place.size_bytes)}  {_count(place.files)} in {place.url}")
    _echo_rows("experiments", use.experiments)
    _echo_rows("runs that keep the most", use.runs)
    if len(use.experiments):
        click.echo("\nWhat several share is on the disk once, and counts for each of them.")


@commands.command()
@click.option("--yes", is_flag=True, help="Free it; without this nothing is changed.")
@click.option("--keep-trash", is_flag=True, help="Leave what runs in the trash keep.")
@click.option(
    "--older-than",
    default="1d",
    show_default=True,
    metavar="AGE",
    help="Leave what is younger, as 90m, 12h or 7d: it may be part of an upload.",
)
def gc(yes: bool, keep_trash: bool, older_than: str) -> None:
    """Show which files no run needs any more and, with --yes, free them for good.

    What a run keeps that is not in the trash is never touched.
    """
    store = current_store()
    found = find_garbage(store, grace_s=_seconds(older_than), trash=not keep_trash, free=yes)
    _report(found, older_than)
    if not found.size_bytes:
        click.echo("Nothing to free.")
    elif yes:
        click.echo(f"Freed {_size(found.size_bytes).strip()}.")
    else:
        click.echo(f"{_size(found.size_bytes).strip()} can be freed: nbtrack gc --yes")


def _report(found: Garbage, older_than: str) -> None:
    rows: list[tuple[Tally, str]] = [
        (found.unnamed, "that no run names any more"),
        (found.trashed, "of runs in the trash only"),
        (found.young, f"that stay, since they are younger than {older_than}"),
    ]
    for tally, what in rows:
        if tally.files:
            click.echo(f"{_size(tally.size_bytes)}  {_count(tally.files)} {what}")
    if found.unfinished_bytes:
        click.echo(f"{_size(found.unfinished_bytes)}  of uploads that were interrupted")
    for url in found.shared:
        click.echo(f"! {url} is left as it is: other stores keep files there, too.")


def _echo_rows(title: str, rows: Answer) -> None:
    if len(rows):
        click.echo(f"\n{title}")
    for row in rows:
        name = row["experiment"] if "experiment" in row else f"{row['name']} ({row['id']})"
        trash = ", in the trash" if row.get("deleted") else ""
        click.echo(f"{_size(row['bytes'])}  {name}, {_count(row['files'])}{trash}")


def _count(files: int) -> str:
    return f"{files:,} file{'' if files == 1 else 's'}"


def _size(size_bytes: float) -> str:
    if size_bytes < 1000:
        return f"{size_bytes:8.0f} B "
    power = min(len(str(int(size_bytes))) - 1, 12) // 3
    return f"{size_bytes / 1000**power:8.1f} {('kB', 'MB', 'GB', 'TB')[power - 1]}"


def _seconds(age: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", age.strip())
    if found is None:
        raise click.BadParameter(f"{age!r} is no age such as 90m, 12h or 7d", param_hint="AGE")
    return float(found[1]) * _UNITS_S[found[2]]

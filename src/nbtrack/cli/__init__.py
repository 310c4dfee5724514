"""``nbtrack`` on the command line: a file per group of commands, each a thin face of the API.

``main`` turns every error that nbtrack raises on purpose into one line on stderr
and exit status 1. ``jupyter nbtrack`` is the same program.
"""

from __future__ import annotations

import sys

import click

from nbtrack.errors import NbtrackError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--store",
    type=click.Path(file_okay=False),
    help="The store's folder; by default the nearest .nbtrack above here.",
)
@click.version_option(package_name="nbtrack")
def commands(store: str | None) -> None:
    """Runs of experiments: list, show, query, delete, back up."""
    if store:
        from nbtrack.tracking.active import set_store

        set_store(store)


def main(args: list[str] | None = None) -> None:
    """Run the program; exits with 0, 1 (an error it explains) or 2 (wrong usage)."""
    # Each adds its commands.
    from nbtrack.cli import care, disk, exchange, looking, making, models, registry  # noqa: F401

    arguments = sys.argv[1:] if args is None else args
    # A terminal under LC_ALL=C cannot show every name: show what it can, never fail.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        commands(arguments, prog_name="nbtrack")
    except NbtrackError as error:
        click.echo(f"nbtrack: {error}", err=True)
        sys.exit(1)

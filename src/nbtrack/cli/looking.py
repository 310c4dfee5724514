"""Commands that only look: ``runs``, ``show``, ``sql``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from nbtrack.cli import commands
from nbtrack.tracking import past
from nbtrack.tracking.active import current_store
from nbtrack.tracking.answers import Answer, cell_text, text_table

if TYPE_CHECKING:
    import pyarrow

_FORMATS = click.Choice(["table", "json", "csv"])


@commands.command()
@click.argument("filter_", metavar="[FILTER]", default="")
@click.option("-e", "--experiment", multiple=True, help="Only this experiment; may be repeated.")
@click.option("-o", "--order-by", multiple=True, help="For example 'metrics.acc DESC'.")
@click.option("-n", "--limit", default=20, show_default=True, help="At most so many runs.")
@click.option("--deleted", is_flag=True, help="The runs in the trash.")
@click.option("--format", "format_", type=_FORMATS, default="table", show_default=True)
def runs(
    filter_: str,
    experiment: tuple[str, ...],
    order_by: tuple[str, ...],
    limit: int,
    deleted: bool,
    format_: str,
) -> None:
    """List runs, newest first: nbtrack runs "metrics.acc > 0.9 and params.model = 'rf'"."""
    from nbtrack.store import RunQuery, list_columns, run_page

    store = current_store()
    query = RunQuery(
        filter=filter_,
        order_by=order_by,
        experiments=experiment or None,
        lifecycle="deleted" if deleted else "active",
    )
    columns = list_columns(store, query)
    wanted = [c.name for kind in ("metrics", "params") for c in columns if c.kind == kind]
    page = run_page(store, query, columns=wanted, limit=limit)
    if format_ != "table":
        _print(Answer(page.table), format_)
        return
    if page.total == 0:
        click.echo(f"No runs in {store.path}." if not filter_ else "No run fits the filter.")
        return
    click.echo(_runs_table(page.table, page.total))


def _runs_table(table: pyarrow.Table, total: int) -> str:
    """The columns that a person compares, empty ones left out."""
    fixed = ["name", "run_id", "status", "started", "duration_s"]
    told = [
        name
        for name in table.column_names
        if name.startswith(("params.", "metrics.")) and table[name].null_count < table.num_rows
    ]
    shown = table.select([*fixed, *told])
    import pyarrow.compute

    ids = pyarrow.compute.utf8_slice_codeunits(table["run_id"], -8)
    shown = shown.set_column(1, "id", ids)
    names = [name.removeprefix("params.").removeprefix("metrics.") for name in shown.column_names]
    lines = text_table(shown.rename_columns(names), rows=shown.num_rows).splitlines()
    return "\n".join([*lines[:-1], f"[{shown.num_rows:,} of {total:,} runs]"])


@commands.command()
@click.argument("run")
@click.option("--text", "role", help="Print one text of the run: source, stdout, traceback, …")
def show(run: str, role: str | None) -> None:
    """Show everything about one RUN: a name, an id, or a unique part of one."""
    stored = past.get_run(run)
    if role is not None:
        try:
            click.echo(stored.text(role))
        except KeyError as error:
            raise click.ClickException(str(error)) from None
        return
    click.echo(f"{stored.name}  {stored.id}")
    sections: dict[str, Mapping[str, object]] = {
        "run": {
            "status": stored.status,
            "experiment": stored.experiment,
            "duration": None if stored.duration_s is None else f"{stored.duration_s:.3f} s",
            "note": stored.note or None,
        },
        "params": stored.params,
        "metrics": stored.metrics,
        "tags": stored.tags,
        "facts": stored.facts,
    }
    for title, entries in sections.items():
        present = {key: value for key, value in entries.items() if value is not None}
        if present:
            width = max(map(len, present))
            click.echo(f"\n{title}")
            for key, value in present.items():
                click.echo(f"  {key.ljust(width)}  {cell_text(value)}")


@commands.command()
@click.argument("query")
@click.option("--format", "format_", type=_FORMATS, default="table", show_default=True)
def sql(query: str, format_: str) -> None:
    """Ask in SQL: nbtrack sql "SELECT name, status FROM runs"."""
    _print(past.sql_in(query, {}), format_)


def _print(answer: Answer, format_: str) -> None:
    match format_:
        case "json":
            for row in answer:
                click.echo(json.dumps(row, default=str, ensure_ascii=False))
        case "csv":
            import csv

            writer = csv.DictWriter(sys.stdout, answer.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(answer)
        case _:
            click.echo(text_table(answer.arrow(), rows=max(20, min(len(answer), 1000))))

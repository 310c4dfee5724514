"""The registry without a kernel: html that survives JupyterLab's sanitiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbtrack.registry.names import STAGES
from nbtrack.widgets.static_parts import BAD, GOOD, LINE, QUIET, WARN, esc, fold, quiet, table

MAX_MODELS = 40
MAX_CARDS = 12
MAX_CHANGES = 20

_CELL = f"text-align:left;vertical-align:top;padding:3px 14px 3px 0;border-bottom:1px solid {LINE}"
NOTHING = (
    "No registered models yet. nbtrack.register_model('runs:/<run>/<path>', 'name') registers "
    "what a run keeps."
)


def static_html(snapshot: Mapping[str, Any]) -> str:
    """Models, the board of the one that is shown, the evidence, and what was decided last."""
    models, shown = snapshot["models"], snapshot["model"]
    if shown is None:
        return f'<div style="padding:8px 0;{QUIET}">{esc(NOTHING, 200)}</div>'
    listed = table(
        "".join(
            _row(
                f"<b>{esc(each['name'])}</b>"
                if each["name"] == shown["name"]
                else esc(each["name"]),
                _versions(each["in_production"]),
                str(each["versions"]),
                str(each["waiting"] or ""),
            )
            for each in models[:MAX_MODELS]
        ),
        _head("model", "in Production", "versions", "requests"),
    )
    more = len(models) - MAX_MODELS
    return (
        f"<div>{listed}{quiet(f'… {more} more') if more > 0 else ''}"
        f'<div style="padding:10px 0 2px"><b>{esc(shown["name"])}</b> '
        f'<span style="{QUIET}">{esc(shown["description"], 200)}</span></div>'
        f"{_board(shown)}{_evidence(shown['chosen'])}{_history(shown['history'])}</div>"
    )


def _board(shown: Mapping[str, Any]) -> str:
    rows = []
    for stage in ("Production", "Staging", "None", "Archived"):
        there = [each for each in shown["versions"] if each["stage"] == stage]
        cards = [_card(each) for each in there[:MAX_CARDS]]
        if len(there) > MAX_CARDS:
            cards.append(quiet(f"… {len(there) - MAX_CARDS} more"))
        rows.append(
            _row(esc("registered" if stage == "None" else stage), "<br>".join(cards) or "—")
        )
    assert len(rows) == len(STAGES)
    return table("".join(rows))


def _card(version: Mapping[str, Any]) -> str:
    aliases = "".join(f" @{alias}" for alias in version["aliases"])
    how = version["how"] or ("override" if version["overridden"] else "")
    said = f' <span style="{WARN}">{esc(how)}</span>' if how else ""
    told = f"{version['by'] or version['user']}, {(version['since'] or version['created'])[:10]}"
    return (
        f"<b>{version['version']}</b>{esc(aliases)}{said} "
        f'<span style="{QUIET}">{esc(told)} {esc(version["description"], 60)}</span>'
    )


def _evidence(chosen: Mapping[str, Any] | None) -> str:
    if chosen is None:
        return ""
    against = (
        f"against version {chosen['against']}, {chosen['against_is']}" if chosen["against"] else ""
    )
    metrics = "".join(
        _row(esc(row["key"]), _number(row["value"]), _number(row["before"]))
        for row in chosen["metrics"][:20]
    )
    checks = "".join(
        f'<div><span style="{GOOD if each["passed"] else BAD}">'
        f"{'✓' if each['passed'] else '✗'}</span> {esc(each['gate'])}: "
        f'<span style="{QUIET}">{esc(each["reason"], 240)}</span></div>'
        for each in chosen["checks"]
    )
    data = ", ".join(f"{each['name']} {each['digest'][:8]}" for each in chosen["data"])
    said = [
        f"verdict {chosen['verdict'] or 'unknown'}" + (", replayed" if chosen["replayed"] else ""),
        f"data {data}" if data else "",
        f"commit {chosen['code']['commit']}" if chosen["code"]["commit"] else "",
    ]
    body = checks + table(metrics) + quiet(" · ".join(filter(None, said)))
    return fold(f"Version {chosen['version']}", body, is_open=True, said=against)


def _history(changes: Sequence[Mapping[str, Any]]) -> str:
    rows = "".join(
        _row(
            esc(each["time"].replace("T", " ")),
            esc(each["user"]),
            esc(each["told"])
            + (f' <span style="{WARN}">{esc(each["how"])}</span>' if each["how"] else ""),
            esc(each["comment"], 120),
        )
        for each in changes[:MAX_CHANGES]
    )
    more = len(changes) - MAX_CHANGES
    return fold("History", table(rows) + (quiet(f"… {more} more") if more > 0 else ""))


def _head(*names: str) -> str:
    cells = "".join(f'<th style="{_CELL};font-weight:normal;{QUIET}">{name}</th>' for name in names)
    return f"<thead><tr>{cells}</tr></thead>"


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _versions(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "—"


def _number(value: object) -> str:
    return "—" if value is None else f"{value:.6g}" if isinstance(value, float) else esc(value)

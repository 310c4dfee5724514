"""The card under a tracked cell: what its run was, recorded, and changed.

It is one display that is replaced as the run goes on. Its html stands on its
own: inline styles, no script, no kernel. JupyterLab strips ``var(…)`` from
outputs that it does not trust, so every colour comes twice: first a fixed one
that reads on white and on black, then the theme's.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nbtrack.events import short_id
from nbtrack.tracking.direction import higher_is_better

MAX_HTML_BYTES = 10_000

_MAX_NAME = 40
_BLOCKS = "▁▂▃▄▅▆▇█"
_SPARK_POINTS = 16

_MUTED = "opacity:.68"
_LINE = "#88888844"
_MONO = "font-family:monospace;font-family:var(--jp-code-font-family,monospace)"
_GOOD = "color:#2e9d55;color:var(--jp-success-color1,#2e9d55)"
_BAD = "color:#d9534f;color:var(--jp-error-color1,#d9534f)"
_BRAND = "color:#3b82d6;color:var(--jp-brand-color1,#3b82d6)"
_WARN = "color:#c98a1b;color:var(--jp-warn-color1,#c98a1b)"

_STATUS = {
    "running": ("●", _BRAND),
    "finished": ("●", _GOOD),
    "failed": ("●", _BAD),
    "killed": ("●", _WARN),
    "deleted": ("○", _MUTED),
    "not tracked": ("○", _WARN),
}
# What is said of whether a run can be made again.
_VERDICTS = {
    "clean": ("✓ clean: can be replayed", _GOOD),
    "stale": ("◐ stale", _WARN),
    "not replayable": ("✗ not replayable", _WARN),
    "pending": ("◌ verdict pending", _MUTED),
}


@dataclass(frozen=True, slots=True)
class CardMetric:
    """One metric: its last value, and what it is compared with.

    ``last`` is the value in the last run of this cell, ``best`` the best value of
    the other runs of the experiment, in the run ``best_run``; ``curve`` holds
    values in order of step.
    """

    key: str
    value: float
    last: float | None = None
    best: float | None = None
    best_run: str = ""
    curve: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class CardParam:
    """One parameter as text; ``last`` is what it was in the last run of this cell, if different."""

    key: str
    text: str
    last: str | None = None


@dataclass(frozen=True, slots=True)
class RunCard:
    """A run as a card. ``duration_s`` is ``None`` while it runs.

    ``experiment_is_folder`` says that the notebook's name is not known, and that
    the experiment bears the folder's. ``was_named`` says that the user named the
    run; a name that was made up does not show in the plain text, which stays the
    same from execution to execution. ``verdict`` says whether it can be made again.
    """

    name: str
    run_id: str = ""
    status: str = "running"
    experiment: str = ""
    experiment_is_folder: bool = False
    duration_s: float | None = None
    params: tuple[CardParam, ...] = ()
    metrics: tuple[CardMetric, ...] = ()
    inferred: str = ""
    last_run: str = ""
    error: str = ""
    notes: tuple[str, ...] = ()
    was_named: bool = False
    verdict: str = ""
    verdict_reasons: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"nbtrack run {_short(self.name)!r}" if self.was_named else "nbtrack run"

    def __str__(self) -> str:
        """The card in two lines at most, for a console."""
        head = f"{_short(self.name)} ({short_id(self.run_id)}) {self.status}"
        if self.duration_s is not None:
            head += f" in {duration_text(self.duration_s)}"
        values = [
            f"{_short(m.key)} {number_text(m.value)}{_change_text(m)}" for m in self.metrics[:6]
        ]
        lines = [" · ".join([head, *values])]
        if changed := [p for p in self.params if p.last is not None]:
            lines.append(
                "  "
                + ", ".join(
                    f"{_short(p.key)} {_short(p.last or '')} → {_short(p.text)}"
                    for p in changed[:4]
                )
            )
        lines += [f"  {note}" for note in self.notes]
        return "\n".join(lines)

    def _repr_mimebundle_(
        self,
        include: object = None,  # noqa: ARG002
        exclude: object = None,  # noqa: ARG002
    ) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": repr(self)}

    def html(self) -> str:
        """The card as html under `MAX_HTML_BYTES`; what there is too much of is counted."""
        for n_metrics, n_params in ((8, 16), (6, 8), (4, 4), (2, 2), (1, 0)):
            page = self._html(n_metrics, n_params)
            if len(page.encode()) <= MAX_HTML_BYTES:
                return page
        return _div("", _header(replace(self, experiment=_short(self.experiment, 20))))

    def _html(self, n_metrics: int, n_params: int) -> str:
        if self.status in ("deleted", "not tracked"):
            notes = "" if self.status == "deleted" else "".join(_notes(self))
            return _div("padding:2px 0", _header(self) + notes)
        rows = [
            _header(self),
            _metrics(self, n_metrics),
            _params(self, n_params),
            *_notes(self),
            _verdict(self),
        ]
        return _div(
            f"border:1px solid {_LINE};border-radius:6px;padding:8px 12px;margin:2px 0;"
            "max-width:860px;overflow-wrap:break-word",
            "".join(rows),
        )


def duration_text(seconds: float) -> str:
    """``850 ms``, ``1.24 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def number_text(value: float, digits: int = 4) -> str:
    """As many digits as count: ``0.9333``, ``12,500``, ``1.2e-05``, ``nan``."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    size = abs(value)
    if 1e-3 <= size < 1e3:
        return f"{value:.{digits}g}"
    if 1e3 <= size < 1e6:
        return f"{value:,.1f}"
    return f"{value:.3g}"


def sparkline(values: Sequence[float]) -> str:
    """A curve in block characters, at most 16 of them; empty below three finite values."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 3:
        return ""
    count = min(_SPARK_POINTS, len(finite))
    picked = [finite[round(i * (len(finite) - 1) / (count - 1))] for i in range(count)]
    # Halves, since the distance between two large numbers may be infinite.
    picked = [value / 2 for value in picked]
    low, high = min(picked), max(picked)
    span = (high - low) or 1.0
    return "".join(_BLOCKS[round((value - low) / span * (len(_BLOCKS) - 1))] for value in picked)


# Parts of the page


def _header(card: RunCard) -> str:
    mark, colour = _STATUS.get(card.status, ("●", _MUTED))
    said = "running…" if card.status == "running" else card.status
    if card.duration_s is not None:
        said += f" · {duration_text(card.duration_s)}"
    experiment = _esc(card.experiment)
    if card.experiment_is_folder:
        experiment += " (folder; notebook's name unknown)"
    where = " · ".join(part for part in (experiment, short_id(card.run_id)) if part)
    return _div(
        "display:flex;flex-wrap:wrap;gap:0 8px;align-items:baseline",
        f'<span style="{colour}">{mark}</span>'
        f'<b style="font-size:110%">{_esc(card.name)}</b>'
        f'<span style="{_status_style(card.status)}">{said}</span>'
        f'<span style="{_MUTED};margin-left:auto;font-size:85%">{where}</span>',
    )


def _status_style(status: str) -> str:
    return _BAD if status == "failed" else _WARN if status in ("killed", "not tracked") else _MUTED


def _metrics(card: RunCard, limit: int) -> str:
    if not card.metrics:
        return ""
    tiles = [_tile(metric) for metric in card.metrics[:limit]]
    if (hidden := len(card.metrics) - limit) > 0:
        tiles.append(f'<span style="{_MUTED};align-self:center">+{hidden} more</span>')
    return _div("display:flex;flex-wrap:wrap;gap:6px 28px;margin:8px 0 2px 0", "".join(tiles))


def _tile(metric: CardMetric) -> str:
    spark = sparkline(metric.curve)
    drawn = (
        f' <span style="{_BRAND};font-size:55%;vertical-align:middle">{spark}</span>'
        if spark
        else ""
    )
    return _div(
        "",
        f'<div style="{_MUTED};font-size:85%">{_esc(metric.key)}</div>'
        f'<div style="font-size:135%;line-height:1.3;white-space:nowrap">'
        f"<b>{number_text(metric.value)}</b>{drawn}</div>"
        f'<div style="font-size:85%;white-space:nowrap">{_comparison(metric)}</div>',
    )


def _comparison(metric: CardMetric) -> str:
    better = higher_is_better(metric.key)
    parts = []
    if metric.last is not None and math.isfinite(metric.last) and math.isfinite(metric.value):
        change = metric.value - metric.last
        if change == 0:
            parts.append(f'<span style="{_MUTED}">= as last</span>')
        else:
            style = _MUTED if better is None else _GOOD if (change > 0) == better else _BAD
            arrow = "▲" if change > 0 else "▼"
            parts.append(f'<span style="{style}">{arrow} {number_text(abs(change), 3)}</span>')
    if metric.best is not None and better is not None and math.isfinite(metric.value):
        if metric.value == metric.best:
            parts.append(f'<span style="{_MUTED}">ties best</span>')
        elif (metric.value > metric.best) == better:
            parts.append(f'<span style="{_GOOD}">★ best</span>')
        else:
            run = f" {_esc(metric.best_run, 24)}" if metric.best_run else ""
            parts.append(f'<span style="{_MUTED}">best {number_text(metric.best)}{run}</span>')
    return " &nbsp;".join(parts)


def _params(card: RunCard, limit: int) -> str:
    if not card.params:
        return ""
    # What changed is why the numbers did: it comes first.
    ordered = sorted(card.params, key=lambda param: param.last is None)
    shown = [_param(param) for param in ordered[:limit]]
    if (hidden := len(ordered) - limit) > 0:
        shown.append(f'<span style="{_MUTED}">+{hidden} more</span>')
    return _div(
        "display:flex;flex-wrap:wrap;gap:2px 16px;margin-top:6px;font-size:92%", "".join(shown)
    )


def _param(param: CardParam) -> str:
    before = (
        f'<span style="{_MUTED}">{_esc(param.last, 24)} →</span> ' if param.last is not None else ""
    )
    style = f"{_MONO};{_BRAND};font-weight:bold" if param.last is not None else _MONO
    return (
        f'<span><span style="{_MUTED}">{_esc(param.key)}</span> '
        f'{before}<span style="{style}">{_esc(param.text)}</span></span>'
    )


def _notes(card: RunCard) -> Iterable[str]:
    if card.error:
        yield _div(f"{_BAD};{_MONO};margin-top:6px;font-size:92%", _esc(card.error, 200))
    said = [_esc(card.inferred, 200)] if card.inferred else []
    if card.last_run and any(metric.last is not None for metric in card.metrics):
        said.append(f"▲▼ against {_esc(card.last_run)}")
    if said:
        yield _div(f"{_MUTED};margin-top:6px;font-size:85%", " &nbsp;·&nbsp; ".join(said))
    for note in card.notes[:4]:
        yield _div(f"{_WARN};margin-top:4px;font-size:85%", _esc(note, 240))


def _verdict(card: RunCard) -> str:
    if card.verdict not in _VERDICTS:
        return ""
    said, style = _VERDICTS[card.verdict]
    reasons = [_esc(reason, 200) for reason in card.verdict_reasons[:3]]
    if (hidden := len(card.verdict_reasons) - 3) > 0:
        reasons.append(f"and {hidden} more")
    because = f'<span style="{_MUTED}">: {" ".join(reasons)}</span>' if reasons else ""
    return _div("margin-top:4px;font-size:85%", f'<span style="{style}">{said}</span>{because}')


def _change_text(metric: CardMetric) -> str:
    if metric.last is None or not math.isfinite(metric.value - metric.last):
        return ""
    change = metric.value - metric.last
    return f" {'▲' if change > 0 else '▼'}{number_text(abs(change), 3)}" if change else " ="


def _div(style: str, content: str) -> str:
    if not content:
        return ""
    return f'<div style="{style}">{content}</div>' if style else f"<div>{content}</div>"


def _esc(text: str | None, width: int = _MAX_NAME) -> str:
    return html.escape(_short(text or "", width))


def _short(text: str, width: int = _MAX_NAME) -> str:
    """One line of at most ``width`` characters."""
    # Half a character, as names of files may hold, cannot travel to a browser.
    line = " ".join(text.encode("utf-8", "replace").decode().split())
    return line if len(line) <= width else line[: width - 1] + "…"

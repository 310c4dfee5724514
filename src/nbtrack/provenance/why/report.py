"""What each difference between two runs did to a metric, for people."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nbtrack.provenance.difference.view import BOX, escaped, short
from nbtrack.provenance.why.mixture import Part

_SAME = 1e-6
_INTERACTION = 0.1


@dataclass(frozen=True, slots=True)
class Trial:
    """What a difference does alone: the metric with it, its effect on A's, and as a share.

    ``share`` is the effect as a part of what the metric differs between A and B. All are
    ``None`` where the replay failed or was not reached: ``reason`` says which.
    """

    part: Part
    value: float | None = None
    effect: float | None = None
    share: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WhyReport:
    """The differences between two runs, by what they did to a metric, the strongest first.

    ``recorded`` are the metric's values in A and B, ``replayed`` that of A as it was made
    again. ``replays`` is how many the search takes, ``kept`` how many of them were known.
    """

    a: str
    b: str
    metric: str
    recorded: tuple[float, float]
    replayed: float | None
    trials: tuple[Trial, ...]
    together: Trial | None
    replays: int
    kept: int
    interrupted: bool = False
    untried: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain lists and dicts, such as JSON can hold."""
        return {
            "a": self.a,
            "b": self.b,
            "metric": self.metric,
            "recorded": list(self.recorded),
            "replayed": self.replayed,
            "trials": [_plain(trial) for trial in self.trials],
            "together": None if self.together is None else _plain(self.together),
            "replays": self.replays,
            "kept": self.kept,
            "interrupted": self.interrupted,
            "untried": list(self.untried),
        }

    def __repr__(self) -> str:
        lines = [self._heading]
        for trial in self.trials:
            share, effect, said = _told(trial)
            lines.append(short(f"  {share:>6}  {effect:>10}  {said}", 100))
        return "\n".join([*lines, *(short(line, 100) for line in self._lines)])

    def _repr_html_(self) -> str:
        rows = "".join(_row(trial) for trial in self.trials)
        notes = "".join(
            f'<div style="opacity:.68;font-size:85%;margin-top:4px">{escaped(line, 400)}</div>'
            for line in self._lines
        )
        return (
            f'<div style="{BOX}"><div style="margin-bottom:6px">'
            f'<b>{escaped(self._heading, 300)}</b></div><div style="font-size:92%">{rows}</div>'
            f"{notes}</div>"
        )

    @property
    def _heading(self) -> str:
        before, after = self.recorded
        return f"Why {self.metric} {before:.6g} in {self.a} → {after:.6g} in {self.b}"

    @property
    def _lines(self) -> list[str]:
        """What is said below the trials, a sentence each."""
        said = []
        if self.together is not None and self.together.share is not None:
            explained = self.together.share
            said.append(f"All together they explain {percent(explained)}.")
            alone = sum(trial.share for trial in self.trials if trial.share is not None)
            if abs(alone - explained) > _INTERACTION:
                said.append(f"One by one they add up to {percent(alone)}: they act on each other.")
        elif self.together is not None:
            said.append(f"All together: {self.together.reason}")
        if self.replayed is not None and not math.isclose(
            self.replayed, self.recorded[0], rel_tol=_SAME
        ):
            said.append(
                f"A's replay gives {self.replayed:.6g}, not {self.recorded[0]:.6g}: "
                "effects of that size are noise."
            )
        if not self.trials:
            said.append("There is no difference that could be tried.")
        kept = f", {self.kept} of them kept from before" if self.kept else ""
        said.append(f"It takes {self.replays} replays{kept}.")
        if self.interrupted:
            said.append("It was interrupted: the same call goes on where it was.")
        return [*said, *(f"Not tried: {reason}" for reason in self.untried)]


def percent(share: float) -> str:
    """A share in whole per cent; nothing is never negative."""
    return f"{round(share, 2) or 0.0:.0%}"


def _plain(trial: Trial) -> dict[str, Any]:
    part = trial.part
    return {
        "kind": part.kind,
        "name": part.name,
        "a": part.a,
        "b": part.b,
        "value": trial.value,
        "effect": trial.effect,
        "share": trial.share,
        "reason": trial.reason,
    }


def _told(trial: Trial) -> tuple[str, str, str]:
    """Share, effect and what it is, as texts."""
    if trial.share is None or trial.effect is None:
        return "?", "", f"{trial.part}: {trial.reason}"
    return percent(trial.share), f"{trial.effect:+.4g}", str(trial.part)


def _row(trial: Trial) -> str:
    share, effect, said = _told(trial)
    width = 0.0 if trial.share is None else min(1.0, abs(trial.share))
    bar = (
        f'<div style="height:4px;width:{width:.0%};background:#3b82d6;'
        'background:var(--jp-brand-color1,#3b82d6);border-radius:2px"></div>'
    )
    return (
        f'<div style="margin:4px 0"><div><b>{share}</b> '
        f'<span style="opacity:.68">{escaped(effect)}</span> {escaped(said, 160)}</div>{bar}</div>'
    )

"""One recorded run, read when it is looked at."""

from __future__ import annotations

import html
from functools import cached_property
from typing import TYPE_CHECKING

from nbtrack.tracking.answers import Answer, cell_text
from nbtrack.tracking.handle import RunHandle
from nbtrack.tracking.values import read_param

if TYPE_CHECKING:
    from nbtrack.store import RunDetail, StoredInput


class StoredRun(RunHandle):
    """What a run recorded. Everything is read together, once; `reload` reads it again."""

    def reload(self) -> StoredRun:
        """Read the run again, if it has gone on since."""
        self.__dict__.pop("_detail", None)
        return self

    @cached_property
    def _detail(self) -> RunDetail:
        from nbtrack.store import run_detail

        return run_detail(self._store, self._id)

    @property
    def name(self) -> str:
        """The run's memorable name."""
        return self._detail.name

    @property
    def experiment(self) -> str:
        """The experiment to which it belongs."""
        return self._detail.experiment

    @property
    def status(self) -> str:
        """``running``, ``finished``, ``failed`` or ``killed``."""
        return self._detail.status

    @property
    def note(self) -> str:
        """Its note, in markdown."""
        return self._detail.note

    @property
    def parent_id(self) -> str | None:
        """The id of the run below which it stands, ``None`` for one of its own."""
        return self._detail.parent_id

    @property
    def duration_s(self) -> float | None:
        """Seconds for which it was open; ``None`` while it runs, or if it was killed."""
        return self._detail.duration_s

    @property
    def params(self) -> dict[str, object]:
        """Parameters, as the Python values that were logged."""
        return {p.key: read_param(p.type, p.value) for p in self._detail.params}

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric; the whole curve is in `history`."""
        return {m.key: m.value for m in self._detail.metrics}

    @property
    def tags(self) -> dict[str, str]:
        """Tags."""
        return dict(self._detail.tags)

    @property
    def facts(self) -> dict[str, str]:
        """What was seen around the run, such as ``git.commit``."""
        return dict(self._detail.facts)

    @property
    def verdict(self) -> str | None:
        """``clean``, ``stale``, ``not replayable`` or ``pending``; ``None`` if no cell made it."""
        return self._detail.verdict

    @property
    def inputs(self) -> list[StoredInput]:
        """The data that the run read, by name: digest, shape, schema, source, context."""
        from nbtrack.store import run_inputs

        return run_inputs(self._store, self._id)

    def text(self, role: str) -> str:
        """A text that was kept: ``source``, ``stdout``, ``stderr``, ``traceback``, ``packages``.

        Raises ``KeyError`` if the run has none of that role.
        """
        from nbtrack.store import run_text

        return run_text(self._store, self._id, role)

    def history(self, key: str) -> Answer:
        """Every point of a metric: step, time (UTC) and value, in order of step."""
        from nbtrack.store import metric_history

        return Answer(metric_history(self._store, self._id, key))

    def _ipython_key_completions_(self) -> list[str]:
        return [*self.metrics, *self.params]

    def __getitem__(self, key: str) -> object:
        """The value of a metric or, if there is none of that name, a parameter."""
        return self.metrics[key] if key in self.metrics else self.params[key]

    def __repr__(self) -> str:
        lines = [
            f"<Run {self.name} ({self.short_id}) {self.status}, experiment {self.experiment!r}>"
        ]
        lines += [f"  {key} = {cell_text(value)}" for key, value in self.params.items()]
        lines += [f"  {key}: {cell_text(value)}" for key, value in self.metrics.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        def row(key: str, value: object) -> str:
            return (
                f'<tr><td style="text-align:left">{html.escape(key)}</td>'
                f'<td style="text-align:left">{html.escape(cell_text(value))}</td></tr>'
            )

        rows = [
            row(k, v) for group in (self.params, self.metrics, self.tags) for k, v in group.items()
        ]
        return (
            f"<b>{html.escape(self.name)}</b> <code>{self.short_id}</code> {self.status} · "
            f"{html.escape(self.experiment)}<table>{''.join(rows)}</table>"
        )

"""What a chart shows: which column as what, and the runs that fit the filter."""

from __future__ import annotations

import json
from collections.abc import Collection
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from nbtrack.widgets.chart.defaults import best_told, by_strength, candidates
from nbtrack.widgets.chart.recipes import Recipe, Role
from nbtrack.widgets.frame import Frame, Known

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.charts import Chart
    from nbtrack.charts.style import Theme

_NO_COLUMN = {
    "scatter": "A scatter needs two columns to show, and these runs have no second one.",
    "contour": "A contour needs two parameters that differ between runs, and a metric.",
    "importance": "These runs have no metric that could depend on anything.",
}


class ChartModel:
    """The state of one chart. ``columns`` and ``logs`` are ``None`` where nobody has chosen."""

    def __init__(self, frame: Frame, recipe: Recipe) -> None:
        self.frame = frame
        self.recipe = recipe
        self.columns: dict[str, str | None] = {role.name: None for role in recipe.roles}
        self.logs: dict[str, bool | None] = dict.fromkeys(recipe.axes)
        self._known: Known | None = None
        self._strongest: tuple[object, list[str]] | None = None
        self._read: tuple[object, pyarrow.Table, int] | None = None
        self._drawn: tuple[object, dict[Theme, Chart]] | None = None

    def refresh(self) -> bool:
        """Look whether the store has something new; whether it had."""
        known = self.frame.known()
        if known is self._known:
            return False
        self._known = known
        return True

    def known(self) -> Known:
        """The columns and counts of all runs, as they were when `refresh` looked last."""
        if self._known is None:
            self._known = self.frame.known()
        return self._known

    def choose(self, role: str, name: str | None) -> None:
        """Show the column that ``name`` means as ``role``; ``None`` lets it be chosen."""
        self.columns[role] = None if name is None else self._full_name(self._role(role), name)

    def choose_for_me(self) -> None:
        """Let every column be chosen."""
        self.columns = dict.fromkeys(self.columns)

    def shown(self) -> dict[str, str | None]:
        """The column of each role, chosen by somebody or for them; ``None`` where there is none.

        The metric is the one that tells most, ``x`` the parameter that goes most with it.
        """
        shown = dict(self.columns)
        measured = "metric" if "metric" in shown else "y"
        if shown[measured] is None:
            shown[measured] = best_told(self.known())
        free = [role for role in ("x", "y") if role in shown and shown[role] is None]
        if free:
            taken = set(shown.values())
            left = [name for name in self._by_strength(shown[measured]) if name not in taken]
            if self.recipe.name == "scatter":
                # What every run has, where nothing differs.
                left += [
                    n for n in ("attributes.started", "attributes.duration_s") if n not in taken
                ]
            shown |= dict(zip(free, left, strict=False))
        return shown

    def chart(self, theme: Theme = "light") -> Chart:
        """The chart of the runs that fit the filter; made anew only where it may be another."""
        runs = self.runs()
        asked = (runs, tuple(self.shown().items()), tuple(self.logs.items()))
        if self._drawn is None or not _is_same(self._drawn[0], asked):
            draw = self._drawing(runs)
            self._drawn = (asked, {"light": draw("light"), "dark": draw("dark")})
        return self._drawn[1][theme]

    def picked(self, chart: Chart, selected: Collection[str]) -> dict[str, Any]:
        """The spec of ``chart`` with those of its runs picked that are ``selected``."""
        drawn = [row.get("run_id") for row in chart.spec["datasets"].get("runs", ())]
        chosen = [{"run_id": run} for run in drawn if run in selected]
        if not chosen:
            return chart.spec
        params = [
            param | {"value": chosen} if param["name"] == "selected" else param
            for param in chart.spec.get("params", ())
        ]
        return chart.spec | {"params": params} if params else chart.spec

    def runs(self) -> pyarrow.Table:
        """The runs that fit the filter, with the columns that are shown."""
        self._read_runs()
        assert self._read is not None
        return self._read[1]

    @property
    def total(self) -> int:
        """How many runs fit the filter."""
        self._read_runs()
        assert self._read is not None
        return self._read[2]

    def snapshot(self) -> dict[str, Any]:
        """What the browser draws: the state as JSON, and the specs of both themes as bytes."""
        known, shown, light = self.known(), self.shown(), self.chart("light")
        return {
            "state": self.frame.state(known, self.total),
            "name": self.recipe.name,
            "roles": [_role_json(role, shown[role.name]) for role in self.recipe.roles],
            "chosen_for_you": not any(self.columns.values()),
            "logs": dict(self.logs),
            "specs": _specs_json(light.spec, self.chart("dark").spec),
        }

    def _drawing(self, runs: pyarrow.Table) -> Any:
        from nbtrack.charts.chart import sentence_chart
        from nbtrack.charts.style import look_of

        shown = self.shown()
        missing = [r.name for r in self.recipe.roles if not r.optional and not shown[r.name]]
        if len(runs) and missing:
            sentence, title = _NO_COLUMN[self.recipe.name], self.recipe.name.capitalize()
            return lambda theme: sentence_chart(title, sentence, look_of(theme), runs.slice(0, 0))
        columns = {
            role: name.removeprefix("attributes.") if name else None for role, name in shown.items()
        }
        return self.recipe.draw(runs, columns, self.logs)

    def _read_runs(self) -> None:
        known, shown = self.known(), self.shown()
        names = [name for name in shown.values() if name]
        if self.recipe.sees_params:
            names += [column.name for column in known.columns if column.kind == "params"]
        asked = (known, self.frame.filter, tuple(dict.fromkeys(names)))
        if self._read is None or self._read[0] != asked:
            table, total = self._page(asked[2], self.recipe.max_runs, filtered=True)
            self._read = (asked, table, total)

    def _page(
        self, names: tuple[str, ...], limit: int, *, filtered: bool
    ) -> tuple[pyarrow.Table, int]:
        from nbtrack.store import run_page

        have = {column.name for column in self.known().columns}
        # What a name may have meant is read too, so that the chart can say it.
        meant = [near for name in names if name not in have for near in _closest(name, have)]
        columns = [*(name for name in names if name in have), *meant]
        query = self.frame.query() if filtered else self.frame.base_query()
        page = run_page(self.frame.store, query, columns=columns, limit=limit)
        called = ["run_name" if name == "name" else name for name in page.table.column_names]
        return page.table.rename_columns(called), page.total

    def _by_strength(self, metric: str | None) -> list[str]:
        """The parameters that differ; once ranked they stay so, as long as they are the same."""
        params = candidates(self.known())
        asked = (tuple(params), metric)
        if self._strongest is None or self._strongest[0] != asked:
            ranked = params
            have = {column.name for column in self.known().columns}
            if len(params) > 1 and metric in have:
                table, _ = self._page((*params, metric), _RANKED_RUNS, filtered=False)
                name = metric.removeprefix("attributes.")
                ranked = by_strength(table, params, name)
            self._strongest = (asked, ranked)
        return self._strongest[1]

    def _role(self, name: str) -> Role:
        return next(role for role in self.recipe.roles if role.name == name)

    def _full_name(self, role: Role, name: str) -> str:
        """The column that ``name`` means, by its full name or its key; else ``name`` as it is."""
        have = [column.name for column in self.known().columns]
        tried = (name, *(f"{kind}.{name}" for kind in role.kinds))
        return next((each for each in tried if each in have), name)


_RANKED_RUNS = 5_000


def _closest(name: str, have: Collection[str]) -> list[str]:
    keys = {column.partition(".")[2]: column for column in have}
    near = get_close_matches(name[:100], [*have, *keys], n=1)
    return [keys.get(found, found) for found in near]


def _is_same(before: Any, now: Any) -> bool:
    return before[0] is now[0] and before[1:] == now[1:]


def _role_json(role: Role, column: str | None) -> dict[str, object]:
    return {
        "role": role.name,
        "title": role.title,
        "column": column,
        "kinds": list(role.kinds),
        "optional": role.optional,
    }


def _specs_json(light: dict[str, Any], dark: dict[str, Any]) -> bytes:
    """Both specs; rows that they share stand in the light one only."""
    own = {
        name: rows for name, rows in dark["datasets"].items() if rows != light["datasets"].get(name)
    }
    specs = {"light": light, "dark": dark | {"datasets": own}}
    return json.dumps(specs, allow_nan=False, separators=(",", ":")).encode()

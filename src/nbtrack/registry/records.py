"""What the registry answers: registered models, versions and requests, as they were read."""

from __future__ import annotations

import datetime
import html
from typing import TYPE_CHECKING, Any

import msgspec

from nbtrack.events import short_id
from nbtrack.tracking.answers import cell_text

if TYPE_CHECKING:
    import pyarrow


# The id that no run has.
NO_RUN = "0" * 32


class ModelVersion(msgspec.Struct, frozen=True, gc=False):
    """A version of a registered model, as it was when it was read. Times are in UTC.

    ``run_id`` and ``path`` say what it is: a folder that a run keeps; ``digest`` tells its
    content. One that came through MLflow from elsewhere has neither path nor digest, and
    perhaps `NO_RUN`. ``seen`` is the registry's last change when this was read: who moves this
    object is told if somebody moved another version of the model since. ``overridden`` is
    whether it ever went to Production past a gate.
    """

    name: str
    version: int
    stage: str
    aliases: tuple[str, ...]
    description: str
    tags: dict[str, str]
    run_id: str
    path: str
    digest: str
    created: datetime.datetime
    user: str
    stage_since: datetime.datetime | None
    stage_by: str | None
    how: str
    overridden: bool
    seen: int

    @property
    def source(self) -> str:
        """What was registered: ``runs:/<run id>/<path>``."""
        return f"runs:/{self.run_id}/{self.path}"

    @property
    def uri(self) -> str:
        """What loads it: ``models:/<name>/<version>``."""
        return f"models:/{self.name}/{self.version}"

    @property
    def current_stage(self) -> str:
        """MLflow's word for the stage."""
        return self.stage

    @property
    def _told(self) -> str:
        return self.how or ("override" if self.overridden else "")

    def __repr__(self) -> str:
        aliases = f", @{', @'.join(self.aliases)}" if self.aliases else ""
        how = f" ({self._told})" if self._told else ""
        return (
            f"<ModelVersion {self.name} {self.version}, {self.stage}{how}{aliases}, "
            f"run {short_id(self.run_id)}>"
        )

    def _repr_html_(self) -> str:
        rows = {
            "stage": self.stage + (f" ({self._told})" if self._told else ""),
            "aliases": ", ".join(self.aliases),
            "run": short_id(self.run_id),
            "registered": f"{cell_text(self.created)}, {self.user}",
            "description": self.description,
            **{f"tag {key}": value for key, value in self.tags.items()},
        }
        return _table(f"{self.name} {self.version}", rows)


class RegisteredModel(msgspec.Struct, frozen=True, kw_only=True):
    """A registered model as it was when it was read. ``in_production`` are versions, in order."""

    name: str
    description: str
    tags: dict[str, str]
    aliases: dict[str, int]
    created: datetime.datetime
    changed: datetime.datetime
    user: str
    last_version: int
    in_production: tuple[int, ...]

    def __repr__(self) -> str:
        there = ", ".join(map(str, self.in_production)) or "none"
        return (
            f"<RegisteredModel {self.name}, {self.last_version} registered, in Production: {there}>"
        )

    def _repr_html_(self) -> str:
        rows = {
            "in Production": ", ".join(map(str, self.in_production)) or "none",
            "last version": str(self.last_version),
            "aliases": ", ".join(f"{alias} → {v}" for alias, v in self.aliases.items()),
            "description": self.description,
            **{f"tag {key}": value for key, value in self.tags.items()},
        }
        return _table(self.name, rows)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a version be moved to a stage. Its number names it.

    ``status`` is ``open``, ``approved``, ``rejected``, or ``overtaken``: moved there without it.
    """

    request: int
    name: str
    version: int
    stage: str
    requested: datetime.datetime
    requested_by: str
    comment: str
    status: str
    decided_by: str | None
    decided: datetime.datetime | None
    answer: str | None

    def __repr__(self) -> str:
        return (
            f"<Request {self.request}: {self.name} {self.version} to {self.stage}, {self.status}, "
            f"by {self.requested_by}>"
        )


class ModelCard(str):
    """A model card: markdown, which a notebook shows as such."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return str(self)


def versions_of(table: pyarrow.Table) -> list[ModelVersion]:
    """The rows of `nbtrack.store.version_table` as records."""
    from nbtrack.store import TAG_SEPARATOR as separator

    columns = {name: _values(table[name]) for name in table.column_names}
    columns["aliases"] = [tuple(aliases or ()) for aliases in columns["aliases"]]
    columns["tags"] = [_tags(tags, separator) if tags else {} for tags in columns["tags"]]
    columns["run_id"] = [run_id or NO_RUN for run_id in columns["run_id"]]
    # By place: ten thousand of them by name take three times as long.
    fields = (columns[name] for name in ModelVersion.__struct_fields__)
    return list(map(ModelVersion, *fields))


def _tags(joined: list[str], separator: str) -> dict[str, str]:
    """Tags by key, in the order of keys."""
    if len(joined) > 1:
        return dict(tag.split(separator, 1) for tag in sorted(joined))
    key, _, value = joined[0].partition(separator)
    return {key: value}


def _values(column: pyarrow.ChunkedArray) -> list[Any]:
    import pyarrow

    # Arrow makes times one by one, which takes thirty times as long as NumPy does.
    is_time = pyarrow.types.is_timestamp(column.type)
    values: list[Any] = column.to_numpy().tolist() if is_time else column.to_pylist()
    return values


def _table(title: str, rows: dict[str, str]) -> str:
    cells = "".join(
        f'<tr><td style="text-align:left">{html.escape(key)}</td>'
        f'<td style="text-align:left">{html.escape(value)}</td></tr>'
        for key, value in rows.items()
        if value
    )
    return f"<b>{html.escape(title)}</b><table>{cells}</table>"

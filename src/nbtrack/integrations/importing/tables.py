"""Tables as sources: CSV and Parquet files whose rows are runs, or steps of runs."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.events import Status
from nbtrack.integrations.importing.columns import guess_columns
from nbtrack.integrations.importing.source import Curve, Omissions, SourceRun
from nbtrack.tracking.values import param_value

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

    Array = np.ndarray[Any, Any]

_NOTHING = ["", "null", "NULL", "None", "NA", "N/A", "n/a", "#N/A"]
_STATUS: dict[str, Status] = {
    "failed": "failed",
    "crashed": "failed",
    "error": "failed",
    "killed": "killed",
    "stopped": "killed",
    "running": "running",
}


class TableFile:
    """A table in a file, as a source of runs.

    ``experiment`` is that of the runs where no column tells one. See `guess_columns` for
    ``said`` and ``roles``.
    """

    def __init__(
        self,
        file: Path,
        *,
        experiment: str | None = None,
        said: Mapping[str, Sequence[str]],
        roles: Mapping[str, str | None],
    ) -> None:
        self.title = f"table {file}"
        self.omissions = Omissions()
        self._file = file
        self._table = _read(file)
        self._experiment = experiment or file.stem
        self.columns = guess_columns(self._table, said, roles)
        self.omissions.remark(self.columns.sentence())
        if "run" not in self.columns.roles and self.columns.is_long:
            self.omissions.remark("no column tells runs apart, so that all is one run")
        # Where no column tells when a run was, it was when the file was written.
        self._written_us = int(file.stat().st_mtime * 1e6)

    def count(self) -> int | None:
        """Known for rows that are runs."""
        return None if self.columns.is_long else self._table.num_rows

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[SourceRun]:  # noqa: ARG002
        """In the order of the table."""
        return self._long() if self.columns.is_long else self._wide()

    # A row is a run

    def _wide(self) -> Iterator[SourceRun]:
        import numpy as np

        seen: Counter[str] = Counter()
        for row in self._rows():
            label = self._label(row)
            # Equal rows are as many runs.
            content = json.dumps(row, sort_keys=True, default=str)
            seen[content] += 1
            identity = self._identity(content, seen[content])
            step = np.zeros(1, np.int64)
            started, ended = self._times(row)
            at = np.full(1, ended or started, np.int64)
            curves = [
                Curve(key, step, at, np.array([float(row[column])]))
                for column, key in self.columns.metrics.items()
                if row[column] is not None and self._is_number(row[column])
            ]
            yield self._run(identity, label, row, started, ended, curves)

    def _rows(self) -> Iterator[dict[str, Any]]:
        for part in self._table.to_batches(max_chunksize=1_000):
            yield from part.to_pylist()

    # A row is a step of a run

    def _long(self) -> Iterator[SourceRun]:
        import numpy as np

        columns, table = self.columns, self._table
        run_column = columns.roles.get("run")
        if run_column is None:
            groups = {self._file.stem: np.arange(table.num_rows)}
        else:
            coded = table[run_column].combine_chunks().dictionary_encode()
            codes = coded.indices.fill_null(-1).to_numpy()
            order = np.argsort(codes, kind="stable")
            cuts = np.flatnonzero(np.diff(codes[order])) + 1
            labels = ["", *map(str, coded.dictionary.to_pylist())]
            groups = {
                labels[codes[part[0]] + 1]: part for part in np.split(order, cuts) if len(part)
            }
        for label, rows in groups.items():
            part = table.take(rows)
            yield self._of_group(label, part)

    def _of_group(self, label: str, part: pyarrow.Table) -> SourceRun:
        import numpy as np

        columns = self.columns
        first = part.slice(0, 1).to_pylist()[0]
        times = self._column_times(part)
        started, ended = self._times(first)
        if times is not None and "started" not in columns.roles:
            started, ended = int(times.min()), int(times.max())
        if times is None:
            times = np.full(part.num_rows, ended or started, np.int64)
        steps = self._steps(part)
        curves: list[Curve] = []
        if columns.is_tall:
            names = part[columns.roles["metric"]].combine_chunks().dictionary_encode()
            codes = names.indices.fill_null(-1).to_numpy()
            values, there = self._numbers(part, columns.roles["value"])
            for code, name in enumerate(names.dictionary.to_pylist()):
                chosen = there & (codes == code)
                curves.append(Curve(str(name), steps[chosen], times[chosen], values[chosen]))
        for column, key in columns.metrics.items():
            values, chosen = self._numbers(part, column)
            curves.append(Curve(key, steps[chosen], times[chosen], values[chosen]))
        changing = [
            column for column in (*columns.params, *columns.tags) if len(part[column].unique()) > 1
        ]
        if changing:
            self.omissions.omit(
                "params that change within a run, but for their first", len(changing)
            )
        return self._run(self._identity(label, 1), label, first, started, ended, curves)

    def _steps(self, part: pyarrow.Table) -> Array:
        import numpy as np

        column = self.columns.roles.get("step")
        if column is None:
            return np.arange(part.num_rows, dtype=np.int64)
        values, there = self._numbers(part, column)
        is_whole = there & (np.floor(values) == values) & (np.abs(values) < 2**53)
        if not is_whole.all():
            raise InvalidValue(
                f"The column {column!r} of {self._file} holds steps that are no whole numbers; "
                "say which column has them, with step=."
            )
        steps: Array = values.astype(np.int64)
        return steps

    def _numbers(self, part: pyarrow.Table, column: str) -> tuple[Array, Array]:
        """A column as floats, and where there is one."""
        import numpy as np
        import pyarrow

        values = part[column].combine_chunks()
        there = np.asarray(values.is_valid().to_numpy(zero_copy_only=False), bool)
        try:
            numbers = values.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)
        except pyarrow.ArrowException:
            numbers = np.full(len(values), np.nan)
            for index, text in enumerate(values.to_pylist()):
                if text is None or not self._is_number(text):
                    there[index] = False
                else:
                    numbers[index] = float(text)
        return np.asarray(numbers, np.float64), there

    def _is_number(self, value: Any) -> bool:
        try:
            float(value)
        except (TypeError, ValueError):
            self.omissions.omit("values of metrics that are no numbers")
            return False
        return True

    def _column_times(self, part: pyarrow.Table) -> Array | None:
        import numpy as np

        column = self.columns.roles.get("time")
        if column is None:
            return None
        times = [_time_us(value) for value in part[column].to_pylist()]
        known = [time for time in times if time is not None]
        if not known:
            return None
        return np.array([known[0] if time is None else time for time in times], np.int64)

    # Either

    def _run(
        self,
        identity: str,
        label: str,
        row: dict[str, Any],
        started: int,
        ended: int | None,
        curves: list[Curve],
    ) -> SourceRun:
        columns = self.columns
        said = {role: row[column] for role, column in columns.roles.items() if column in row}
        params = {
            key: param_value(_read_text(row[column]))
            for column, key in columns.params.items()
            if row[column] is not None
        }
        tags = {
            key: str(row[column]) for column, key in columns.tags.items() if row[column] is not None
        }
        return SourceRun(
            identity=identity,
            name=str(said.get("name") or label),
            experiment=str(said.get("experiment") or self._experiment),
            started_us=started,
            ended_us=ended,
            status=_STATUS.get(str(said.get("status", "")).lower(), "finished"),
            note=str(said.get("note") or ""),
            params=params,
            tags=tags,
            curves=curves,
        )

    def _label(self, row: dict[str, Any]) -> str:
        column = self.columns.roles.get("run")
        return "" if column is None or row[column] is None else str(row[column])

    def _identity(self, content: str, number: int) -> str:
        # The file's name and not its folder: a copy of it holds the same runs.
        digest = hashlib.blake2b(content.encode(errors="replace"), digest_size=16).hexdigest()
        return f"table:{self._file.name}:{digest}:{number}"

    def _times(self, row: dict[str, Any]) -> tuple[int, int | None]:
        roles = self.columns.roles
        found = [
            _time_us(row[roles[role]]) if role in roles and roles[role] in row else None
            for role in ("started", "time", "ended")
        ]
        started = found[0] or found[1] or found[2] or self._written_us
        return started, found[2]


def _read(file: Path) -> pyarrow.Table:
    import pyarrow

    if not file.is_file():
        raise InvalidValue(f"There is no file {file}.")
    try:
        if file.suffix.lower() in (".parquet", ".pq"):
            import pyarrow.parquet as parquet

            table = parquet.read_table(file)
        else:
            import pyarrow.csv as csv

            with file.open(encoding="utf-8-sig", errors="replace") as stream:
                head = stream.readline()
            delimiter = max(",;\t|", key=head.count)
            options = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
            # NaN is a value that a metric had.
            convert = csv.ConvertOptions(null_values=_NOTHING, strings_can_be_null=True)
            table = csv.read_csv(file, parse_options=options, convert_options=convert)
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidValue(f"{file} cannot be read as a table: {reason}") from error
    if not table.num_rows or len(set(table.column_names)) < table.num_columns:
        what = "two columns of one name" if table.num_rows else "no rows"
        raise InvalidValue(f"{file} has {what}.")
    return table


def _read_text(value: Any) -> object:
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value


def _time_us(value: Any) -> int | None:
    """A time as microseconds of UTC: a date, ISO 8601, or seconds, ms, µs or ns since 1970."""
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value.strip())
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    if isinstance(value, datetime.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        return int(aware.timestamp() * 1e6)
    if isinstance(value, datetime.date):
        return _time_us(datetime.datetime(value.year, value.month, value.day))
    if isinstance(value, (int, float)) and value == value and abs(value) > 1e8:
        for unit, limit in ((1e6, 1e11), (1e3, 1e14), (1.0, 1e17)):
            if abs(value) < limit:
                return int(value * unit)
        return int(value / 1e3)
    return None

"""The magic itself: its help, and what ``%track`` does on a line of its own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from numbers import Real
from typing import Any

from IPython.core.magic import no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from nbtrack.errors import InvalidValue, NbtrackError
from nbtrack.magics.line import split_words
from nbtrack.magics.refusal import in_one_line
from nbtrack.magics.session import Session
from nbtrack.magics.status import look_at_runs
from nbtrack.magics.words import SUBCOMMANDS
from nbtrack.tracking.active import active_run, start_run

_ARGUMENTS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("words",),
        {
            "nargs": "*",
            "metavar": "name k=v",
            "help": "the run's name (default: a memorable one); parameters to set before the cell",
        },
    ),
    (
        ("-m", "--metric"),
        {"action": "append", "metavar": "X", "help": "record the variable X as a metric"},
    ),
    (
        ("-p", "--param"),
        {"action": "append", "metavar": "X", "help": "record the variable X as a parameter"},
    ),
    (
        ("--only-metrics",),
        {"action": "append", "metavar": "X,Y", "help": "record no other metrics than these"},
    ),
    (
        ("--only-params",),
        {"action": "append", "metavar": "X,Y", "help": "record no other parameters than these"},
    ),
    (
        ("-a", "--artifact"),
        {"action": "append", "metavar": "X", "help": "keep the object X as a file of the run"},
    ),
    (("-t", "--tag"), {"action": "append", "metavar": "KEY=VALUE", "help": "tag the run"}),
    (
        ("-e", "--experiment"),
        {"metavar": "NAME", "help": "the run's experiment (default: the notebook's name)"},
    ),
    (("--note",), {"metavar": "TEXT", "help": "a note, in markdown"}),
    (
        ("--nested",),
        {"action": "store_true", "help": "make the run a child of the run that is open"},
    ),
    (
        ("--seed",),
        {"metavar": "N", "help": "seed random, numpy and torch before the cell runs"},
    ),
    (
        ("--no-infer",),
        {
            "action": "store_true",
            "help": "record only what the flags and the cell's own log calls name",
        },
    ),
)


def _takes_arguments(magic: Any) -> Any:
    """Give the magic its parser, and its help the flags. Braces and dollars reach it untouched."""
    for flags, options in reversed(_ARGUMENTS):
        magic = argument(*flags, **options)(magic)  # type: ignore[no-untyped-call]
    return no_var_expand(magic_arguments("track")(magic))  # type: ignore[no-untyped-call]


class TrackMagic:
    """``%track`` and ``%%track`` for one shell."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @_takes_arguments
    def track(self, line: str, cell: str | None = None) -> object:
        """Track a cell as a run: parameters, metrics, curves and code are read off the cell.

        ::

            %%track forest n_estimators=200 -t team=vision
            model = RandomForestClassifier(n_estimators=n_estimators).fit(X, y)
            accuracy = model.score(X_test, y_test)

        ``# %track …`` as the first line does the same. On a line of its own,
        ``%track`` shows the runs, and::

            %track status       what runs here, and what was left by a kernel that died
            %track on | off     track every cell that trains or measures something
            %track log NAME…    log variables as metrics of this kernel's last run
            %track note TEXT    set the note of this kernel's last run
            %track undo         delete this kernel's last run
            %track replay RUN   make a run again in a fresh kernel, and compare
            %track diff A B     what changed from one run to the other
            %track why A B      which of these changes moved a metric, by replays
            %track parallel "metrics.accuracy > .9" --color accuracy
            %track scatter [X Y]           --color C    a parameter against a metric
            %track contour [X Y METRIC]    a metric over two parameters
            %track importance [METRIC]     which parameters matter
            %track curves [METRIC…]        how metrics went: --x step|time|relative --smoothing S;
                                           these five take --runs FILTER
            %track compare [A B…]          runs side by side: named, selected, or the last two
            %track registry [MODEL]        registered models: promote, approve, roll back
            %track artifacts [RUN]         the files of a run, and what is in them
            %track sql SELECT…  ask the store: runs, params, metrics, latest_metrics, tags
        """
        if cell is not None:
            # Called by code: the cell goes through the same hooks as one that was typed.
            self._session.shell.run_cell(f"%%track {line}\n{cell}")
            return None
        try:
            return self._command(line.strip())
        except NbtrackError as error:
            raise in_one_line(error) from None

    def _command(self, line: str) -> object:
        word, _, rest = line.partition(" ")
        match word:
            case "":
                from nbtrack.widgets.runs import runs

                return runs()
            case "status":
                return look_at_runs(self._session)
            case "on" | "off":
                self._switch(word == "on")
            case "log":
                self._log(rest)
            case "note":
                self._note(rest.strip())
            case "undo":
                self._undo()
            case "replay" | "diff" | "why":
                from nbtrack.magics.making import make

                return make(self._session, word, rest)
            case (
                "parallel"
                | "curves"
                | "scatter"
                | "contour"
                | "importance"
                | "compare"
                | "board"
                | "registry"
                | "artifacts"
            ):
                from nbtrack.magics.pictures import picture

                return picture(self._session, word, rest)
            case "sql":
                from nbtrack.tracking.past import sql_in

                return sql_in(rest, self._session.shell.user_ns)
            case _:
                close = difflib.get_close_matches(word, SUBCOMMANDS, n=1)
                hint = f" (did you mean {close[0]}?)" if close else ""
                raise InvalidValue(
                    f"%track has no command {word!r}{hint}: it takes {', '.join(SUBCOMMANDS)}. "
                    "To track a cell, put %%track on its first line."
                )
        return None

    def _switch(self, on: bool) -> None:
        self._session.tracks_all = on
        print(
            "Every cell that trains or measures something is tracked from now on."
            if on
            else "Only cells that ask for it are tracked from now on."
        )

    def _log(self, rest: str) -> None:
        names = split_words(rest.replace(",", " "))
        if not names:
            raise InvalidValue("%track log takes the names of variables: %track log accuracy f1")
        metrics: dict[str, float] = {}
        for name in names:
            metrics.update(_numbers(name, self._session.variables))
        if (live := active_run()) is not None:
            live.log(metrics)
            print(f"Logged {', '.join(metrics)} to {live.name}, which is running.")
            return
        last = self._session.last
        status = last.run.status
        resumed = start_run(last.run.id)
        try:
            resumed.log(metrics)
        finally:
            resumed.end(status)
        self._session.metric_names.update(metrics)
        last.show_metrics(metrics)
        print(f"Logged {', '.join(metrics)} to {last.run.name}.")

    def _note(self, text: str) -> None:
        last = self._session.last
        last.run.set_note(text)
        print(f"{'Set' if text else 'Removed'} the note of {last.run.name}.")

    def _undo(self) -> None:
        last = self._session.last
        if last.run.status == "running":
            raise InvalidValue(f"Run {last.run.name!r} is still running; interrupt its cell first.")
        last.run.delete()
        self._session.runs.remove(last)
        last.update(status="deleted")
        print(
            f"Deleted {last.run.name} ({last.run.short_id}); "
            f"nbtrack.restore_run({last.run.short_id!r}) brings it back."
        )


def _numbers(name: str, namespace: Mapping[str, Any]) -> dict[str, float]:
    """The variable as metrics: one number, or a dict of numbers under their keys."""
    if name not in namespace:
        close = difflib.get_close_matches(name, namespace, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise InvalidValue(f"There is no variable {name!r} in this notebook{hint}.")
    value = namespace[name]
    if isinstance(value, Mapping) and value:
        return {f"{name}.{key}": _number(f"{name}[{key!r}]", item) for key, item in value.items()}
    return {name: _number(name, value)}


def _number(said: str, value: Any) -> float:
    number = value.item() if hasattr(value, "item") and getattr(value, "size", 1) == 1 else value
    if isinstance(number, bool) or not isinstance(number, Real):
        raise InvalidValue(
            f"%track log takes numbers and dicts of numbers; {said} is a {type(value).__name__}."
        )
    return float(number)

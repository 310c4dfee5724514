"""The same calls of MLflow's client, in any order, have the same outcome on its store and ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType

from tests.integrations.mlflow.both import Both, Id, Refused

KEYS = st.sampled_from(["a", "b", "a b", "x/y", "mlflow.runName", "é"])
PLAIN_KEYS = st.sampled_from(["a", "b", "a b", "x/y"])
TEXTS = st.sampled_from(["", "1", "0.1", "None", "True", "abc", "aBc", "a%c", "it's", "007"])
NUMBERS = st.sampled_from([0.0, 1.0, -2.5, 0.1, float("inf"), float("-inf"), 1e300])
STEPS = st.sampled_from([0, 1, 2, -1, 7])
TIMES = st.integers(0, 5).map(lambda n: 1_700_000_000_000 + n)
VIEWS = st.sampled_from([ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL])
COMPARED = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
LIKE = st.sampled_from(["=", "!=", "LIKE", "ILIKE"])
PATTERNS = st.sampled_from(["'abc'", "'a%'", "'%C'", "'1'", "'None'", '"it\'s"', "'a_c'", "''"])
CLAUSES = st.one_of(
    st.builds("metrics.`{}` {} {}".format, PLAIN_KEYS, COMPARED, st.sampled_from([0, 0.1, 1e308])),
    st.builds("params.`{}` {} {}".format, PLAIN_KEYS, LIKE, PATTERNS),
    st.builds("tags.`{}` {} {}".format, KEYS, LIKE, PATTERNS),
    st.builds("tags.`{}` {}".format, PLAIN_KEYS, st.sampled_from(["IS NULL", "IS NOT NULL"])),
    st.builds("attributes.run_name {} {}".format, LIKE, st.sampled_from(["'run 1'", "'RUN%'"])),
    st.builds("attributes.status {} {}".format, LIKE, st.sampled_from(["'RUNNING'", "'F%'"])),
    st.builds("attributes.start_time {} 170000000000{}".format, COMPARED, st.integers(0, 9)),
    st.builds("end_time {} 170000000000{}".format, COMPARED, st.integers(0, 9)),
    st.builds("run_id IN ('{{run{}}}', '{{run{}}}')".format, st.integers(0, 3), st.integers(0, 3)),
    st.sampled_from(
        ["metrics.a = 'x'", "params.a = 1", "nonsense", "attributes.none = 'x'", "a.b.c ="]
    ),
)
FILTERS = st.lists(CLAUSES, max_size=2).map(" AND ".join)
ORDERS = st.lists(
    st.builds(
        "{} {}".format,
        st.sampled_from(
            ["metrics.a", "metrics.`a b`", "params.b", "tags.a", "attributes.end_time",
             "attributes.start_time", "run_name", "tags.`mlflow.runName`"]
        ),
        st.sampled_from(["ASC", "DESC"]),
    ),
    max_size=2,
)  # fmt: skip


class SameAnswers(RuleBasedStateMachine):
    """Each rule asks both; `Both` compares."""

    clients: tuple[MlflowClient, MlflowClient]
    made = 0

    @initialize()
    def begin(self) -> None:
        self.both = Both(*self.clients)
        self.runs: list[Id] = []
        self.experiments: list[Id] = []
        self.create_experiment({})
        self.create_run(0, {"a": "abc"})
        self.create_run(0, {})

    def name(self, what: str) -> str:
        type(self).made += 1
        return f"{what} {self.made}"

    def run(self, number: int) -> Id:
        return self.runs[number % len(self.runs)]

    def experiment(self, number: int) -> Id:
        return self.experiments[number % len(self.experiments)]

    @rule(tags=st.dictionaries(PLAIN_KEYS, TEXTS, max_size=2))
    def create_experiment(self, tags: dict[str, str]) -> None:
        name = self.name("experiment")
        answer = self.both.ask("create_experiment", name, None, tags)
        if not isinstance(answer, Refused):
            self.experiments.append(self.both.know("experiment", *answer))
            self.both.ask("create_experiment", name)
            self.both.ask("get_experiment_by_name", name)

    @rule(number=st.integers(0, 3), tags=st.dictionaries(KEYS, TEXTS, max_size=2))
    def create_run(self, number: int, tags: dict[str, str]) -> None:
        name = f"run {len(self.runs)}"
        if tags.get("mlflow.runName") == "":
            # MLflow's own store fails in its database.
            del tags["mlflow.runName"]
        start = 1_700_000_000_000 + (7 * len(self.runs)) % 10 + 10 * len(self.runs)
        chosen = None if tags.get("mlflow.runName") else name
        answer = self.both.ask("create_run", self.experiment(number), start, tags, chosen)
        if not isinstance(answer, Refused):
            self.runs.append(self.both.know("run", *(run.info.run_id for run in answer)))

    @rule(number=st.integers(0, 5), key=PLAIN_KEYS, value=NUMBERS, time=TIMES, step=STEPS)
    def log_metric(self, number: int, key: str, value: float, time: int, step: int) -> None:
        self.both.ask("log_metric", self.run(number), key, value, time, step)

    @rule(number=st.integers(0, 5), key=PLAIN_KEYS, value=TEXTS)
    def log_param(self, number: int, key: str, value: str) -> None:
        self.both.ask("log_param", self.run(number), key, value)

    @rule(
        number=st.integers(0, 5),
        metrics=st.lists(st.builds(Metric, PLAIN_KEYS, NUMBERS, TIMES, STEPS), max_size=4),
        params=st.lists(st.builds(Param, PLAIN_KEYS, TEXTS), max_size=2),
        tags=st.lists(st.builds(RunTag, KEYS, TEXTS.filter(bool)), max_size=2),
    )
    def log_batch(
        self, number: int, metrics: list[Metric], params: list[Param], tags: list[RunTag]
    ) -> None:
        self.both.ask("log_batch", self.run(number), metrics, params, tags)

    @rule(number=st.integers(0, 5), key=KEYS, value=TEXTS.filter(bool))
    def set_tag(self, number: int, key: str, value: str) -> None:
        self.both.ask("set_tag", self.run(number), key, value)

    @rule(number=st.integers(0, 5), key=PLAIN_KEYS)
    def delete_tag(self, number: int, key: str) -> None:
        self.both.ask("delete_tag", self.run(number), key)

    @rule(
        number=st.integers(0, 5),
        status=st.sampled_from(["FINISHED", "FAILED", "KILLED"]),
        time=TIMES,
    )
    def set_terminated(self, number: int, status: str, time: int) -> None:
        self.both.ask("set_terminated", self.run(number), status, time)

    @rule(
        number=st.integers(0, 5),
        status=st.sampled_from(["RUNNING", "SCHEDULED", None]),
        name=st.sampled_from([None, "run 1", "renamed"]),
    )
    def update_run(self, number: int, status: str | None, name: str | None) -> None:
        self.both.ask("update_run", self.run(number), status, name)

    @rule(number=st.integers(0, 5))
    def delete_run(self, number: int) -> None:
        self.both.ask("delete_run", self.run(number))

    @rule(number=st.integers(0, 5))
    def restore_run(self, number: int) -> None:
        self.both.ask("restore_run", self.run(number))

    @rule(number=st.integers(0, 3), action=st.sampled_from(["delete", "restore", "rename"]))
    def change_experiment(self, number: int, action: str) -> None:
        arguments = [self.name("renamed")] if action == "rename" else []
        self.both.ask(f"{action}_experiment", self.experiment(number), *arguments)

    @rule(number=st.integers(0, 3), key=PLAIN_KEYS, value=TEXTS)
    def tag_experiment(self, number: int, key: str, value: str) -> None:
        self.both.ask("set_experiment_tag", self.experiment(number), key, value)

    @rule(number=st.integers(0, 3), key=PLAIN_KEYS)
    def untag_experiment(self, number: int, key: str) -> None:
        self.both.ask("delete_experiment_tag", self.experiment(number), key)

    @rule(number=st.integers(0, 5), key=PLAIN_KEYS)
    def read(self, number: int, key: str) -> None:
        self.both.ask("get_run", self.run(number))
        self.both.ask("get_metric_history", self.run(number), key)

    @rule(filter=FILTERS, order=ORDERS, view=VIEWS, size=st.sampled_from([2, 100]))
    def search(self, filter: str, order: list[str], view: int, size: int) -> None:
        answer = self.both.ask("search_runs", self.experiments, filter, view, size, order)
        if not isinstance(answer, Refused) and answer[0].token:
            tokens = {page.token for page in answer}
            assert len(tokens) == 1
            self.both.ask("search_runs", self.experiments, filter, view, size, order, tokens.pop())

    @rule(
        clause=st.one_of(
            st.builds("tags.`{}` {} {}".format, PLAIN_KEYS, LIKE, PATTERNS),
            st.builds("name {} {}".format, LIKE, st.sampled_from(["'EXP%'", "'renamed%'"])),
            st.sampled_from(["tags.a IS NULL", "experiment_id != '0'", "name > 'x'", "none = 1"]),
        ),
        order=st.sampled_from(["name", "name DESC", "experiment_id DESC", "none"]),
        view=VIEWS,
    )
    def search_experiments(self, clause: str, order: str, view: int) -> None:
        own = " AND ".join([clause, "name LIKE '%'"])
        self.both.ask("search_experiments", view, 1000, own, [order])

    def teardown(self) -> None:
        if hasattr(self, "both"):
            for run in self.runs:
                self.both.ask("get_run", run)
            for experiment in self.experiments:
                self.both.ask("get_experiment", experiment)


def test_any_sequence_of_calls_has_the_same_outcome(sqlite_uri: str, nbtrack_uri: str) -> None:
    clients = (MlflowClient(sqlite_uri, sqlite_uri), MlflowClient(nbtrack_uri, nbtrack_uri))
    machine: Any = type("Machine", (SameAnswers,), {"clients": clients})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6,
            stateful_step_count=20,
            deadline=None,
            # Shrinking asks for minutes: what differs is told by the first failure.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            database=None,
            derandomize=True,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get_run", ["0" * 32]),
        ("get_run", ["nonsense"]),
        ("get_experiment", ["99999"]),
        ("get_experiment", ["nonsense"]),
        ("delete_run", ["0" * 32]),
        ("log_metric", ["0" * 32, "a", 1.0, 1, 0]),
        ("log_batch", ["0" * 32, [], [Param("a", "b")], []]),
        ("create_experiment", [""]),
        ("create_run", ["99999"]),
        ("search_runs", [["nonsense"]]),
        ("search_runs", [["0"], "", 1, -1]),
        ("search_runs", [["0"], "", 1, 50_001]),
        ("search_experiments", [1, -1]),
        ("search_runs", [["0"], "", 1, 10, ["metrics.a", "metrics.a"]]),
        ("search_runs", [["0"], "", 1, 10, None, "no token"]),
    ],
)
def test_what_mlflow_refuses_is_refused_with_its_code(
    sqlite_uri: str, nbtrack_uri: str, method: str, arguments: list[Any]
) -> None:
    both = Both(MlflowClient(sqlite_uri, sqlite_uri), MlflowClient(nbtrack_uri, nbtrack_uri))
    assert isinstance(both.ask(method, *arguments), Refused)

from __future__ import annotations

from nbtrack.store import Column
from nbtrack.widgets.column_choice import (
    MAX_PARAMS,
    choose_columns,
    is_constant,
    metric_names,
    varying_params,
)


def param(key, runs=10, distinct=2):
    return Column(f"params.{key}", "params", "text", runs, distinct)


def metric(key, runs=10):
    return Column(f"metrics.{key}", "metrics", "number", runs, runs)


def test_a_param_that_some_runs_lack_is_not_constant():
    assert is_constant(param("seed", runs=10, distinct=1), 10)
    assert not is_constant(param("seed", runs=9, distinct=1), 10)
    assert not is_constant(param("lr", runs=10, distinct=2), 10)


def test_of_a_single_run_no_param_is_constant():
    assert not is_constant(param("seed", runs=1, distinct=1), 1)


def test_params_that_most_runs_have_come_first():
    columns = [param("rare", runs=2), param("seed", distinct=1), param("lr", runs=10)]
    assert varying_params(columns, 10) == ["params.lr", "params.rare"]


def test_metrics_of_quality_come_before_costs():
    columns = [metric("fit_time"), metric("epochs"), metric("val/accuracy", runs=5), metric("loss")]
    assert metric_names(columns) == [
        "metrics.loss",
        "metrics.val/accuracy",
        "metrics.epochs",
        "metrics.fit_time",
    ]


def test_hundreds_of_params_do_not_fill_the_table():
    chosen = choose_columns([param(f"p{i}") for i in range(300)], 10, experiments=1)
    assert sum(name.startswith("params.") for name in chosen) == MAX_PARAMS


def test_the_experiment_is_shown_where_there_are_several():
    assert "attributes.experiment" not in choose_columns([], 10, experiments=1)
    assert "attributes.experiment" in choose_columns([], 10, experiments=2)

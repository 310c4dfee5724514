"""The grammar of filters and orders, and what each condition means."""

import operator
import re
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording import is_number, param_text, record

from nbtrack.errors import InvalidFilter
from nbtrack.store import RunQuery, Store, quoted_column, run_page
from nbtrack.store.conditions import Comparison, Junction, Key, Not, Order, Presence
from nbtrack.store.filters import parse_column, parse_filter, parse_order


def compared(kind, name, op, *values):
    return Comparison(Key(kind, name), op, values)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("metrics.acc > 0.9", compared("metrics", "acc", ">", 0.9)),
        ("metric.acc >= -1e-3", compared("metrics", "acc", ">=", -0.001)),
        ("metrics.`a b` == .5", compared("metrics", "a b", "=", 0.5)),
        ('metrics."a b" <> +5', compared("metrics", "a b", "!=", 5.0)),
        ("metrics.val.loss < inf", compared("metrics", "val.loss", "<", float("inf"))),
        ("metrics.val/loss<1", compared("metrics", "val/loss", "<", 1.0)),
        ("metrics.`tick``s` = 1", compared("metrics", "tick`s", "=", 1.0)),
        ("params.lr = 0.1", compared("params", "lr", "=", 0.1)),
        ("params.lr = '0.1'", compared("params", "lr", "=", "0.1")),
        ('parameter.who = "it\'s"', compared("params", "who", "=", "it's")),
        ("param.who = 'it''s'", compared("params", "who", "=", "it's")),
        ("params.flag = TRUE", compared("params", "flag", "=", True)),
        ("params.depth != None", compared("params", "depth", "!=", None)),
        ("params.x in (1, 'a')", compared("params", "x", "IN", 1.0, "a")),
        ("params.x NOT  IN ('a')", compared("params", "x", "NOT IN", "a")),
        ("tags.team ilike 'vis%'", compared("tags", "team", "ILIKE", "vis%")),
        ("tags.`mlflow.runName` = 'x'", compared("attributes", "name", "=", "x")),
        ("status = 'FINISHED'", compared("attributes", "status", "=", "finished")),
        ("attributes.Status LIKE 'FIN%'", compared("attributes", "status", "LIKE", "fin%")),
        ("run.run_id = 'AB-CD'", compared("attributes", "run_id", "=", "abcd")),
        ("`Run name` = 'x'", compared("attributes", "name", "=", "x")),
        ("attr.duration > 60", compared("attributes", "duration_s", ">", 60.0)),
        (
            "start_time > 1700000000000",
            compared("attributes", "started", ">", datetime(2023, 11, 14, 22, 13, 20)),
        ),
        (
            "end_time <= '2026-01-01T00:30+01:00'",
            compared("attributes", "ended", "<=", datetime(2025, 12, 31, 23, 30)),
        ),
        ("params.x IS NOT NULL", Presence(Key("params", "x"), "present")),
        ("params.x is null", Not(Presence(Key("params", "x"), "present"))),
        ("metrics.x IS NAN", Presence(Key("metrics", "x"), "nan")),
        ("not not metrics.a = 1", compared("metrics", "a", "=", 1.0)),
        ("  ", None),
    ],
)
def test_a_condition_is_read(text, condition):
    assert parse_filter(text) == condition


def test_and_binds_before_or_and_not_before_both():
    a, b, c = (compared("metrics", name, "=", 1.0) for name in "abc")
    assert parse_filter("metrics.a=1 or metrics.b=1 and not metrics.c=1") == Junction(
        "OR", (a, Junction("AND", (b, Not(c))))
    )
    assert parse_filter("(metrics.a=1 or metrics.b=1) and metrics.c=1") == Junction(
        "AND", (Junction("OR", (a, b)), c)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metrics.acc >", "Expected a number after > at column 14 of the filter, found the end."),
        ("metrics.acc > 'x'", "Expected a number after > at column 15 of the filter, found 'x'."),
        ("metrics.acc = nan", "a number after = at column 15 .* found nan (ask with IS NAN)."),
        ("acc > .9", "at column 1 .* found acc; write metrics.acc or params.acc."),
        ("val.loss > 1", "at column 1 .* write metrics.val.loss."),
        ("attributes.stat = 'x'", "found attributes.stat (did you mean status?)."),
        (
            "status = 'finshed'",
            "Expected one of running, scheduled, finished, failed, killed after = ",
        ),
        ("tags.x = 3", "Expected quoted text after = at column 10"),
        ("tags.x > ", "Expected quoted text after > at column 10"),
        ("params.x > true", "Expected a number or quoted text after > at column 12"),
        ("params.x IN ()", "Expected a number or quoted text after ( at column 14"),
        ("params.x IN (1", "Expected , or ) after 1 at column 15"),
        ("params.x = 'open", "The quote ' at column 12 of the filter is never closed."),
        ("params.x = 1; DROP TABLE base.runs", "Cannot read ';' at column 13"),
        ("metrics.a = 1 metrics.b = 2", "Expected AND, OR or the end after 1 at column 15"),
        ("(metrics.a = 1", "Expected AND, OR or ) after 1 at column 15"),
        ("metrics.a = 1)", "Expected AND, OR or the end after 1 at column 14"),
        ("metrics.a LIKE 'x'", "LIKE is for texts"),
        ("params.a NOT = 1", "Expected IN, LIKE or ILIKE after NOT at column 14"),
        ("params.a IS 1", "Expected NULL or NAN after IS at column 13"),
        ("params.a", "Expected an operator such as =, >, LIKE, IN or IS NULL after params.a"),
        ("AND metrics.a = 1", "Expected a key such as metrics.acc at column 1"),
        ("started > 'yesterday'", "Expected a time such as '2026-11-23 14:05' (UTC)"),
        ("started > 1e99", "Expected a time"),
        ("metrics.`` = 1", "Expected a name after metrics."),
        ("(" * 60 + "metrics.a = 1" + ")" * 60, "at most 50 parentheses"),
        ("params.a = '\ud800'", "lone surrogates"),
    ],
)
def test_a_mistake_is_told_with_its_column_and_what_was_expected(text, message):
    pattern = ".*".join(re.escape(part) for part in message.split(".*"))
    with pytest.raises(InvalidFilter, match=pattern):
        parse_filter(text)


def test_a_long_chain_is_no_deep_one():
    text = "NOT NOT " * 5000 + " OR ".join(f"metrics.a = {n}" for n in range(3000))
    assert len(parse_filter(text).parts) == 3000


def test_orders_are_read():
    assert parse_order("metrics.acc DESC") == Order(Key("metrics", "acc"), True)
    assert parse_order("params.`a b` asc") == Order(Key("params", "a b"), False)
    assert parse_order("start_time") == Order(Key("attributes", "started"), False)
    with pytest.raises(InvalidFilter, match=r"the end after metrics\.acc"):
        parse_order("metrics.acc sideways")
    with pytest.raises(InvalidFilter, match="column 1 of the order, found the end"):
        parse_order("")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_every_name_can_be_quoted(name):
    assert parse_order(quoted_column(f"params.{name}")).key == parse_column(f"params.{name}")
    assert parse_column(f"params.{name}") == Key("params", name)


# What conditions mean: the same random filters, asked of the store and of Python.

METRICS = ("acc", "val loss", "a/b", "d.o.t")
PARAMS = ("lr", "model", "it's")
TAGS = ("team", "`")
NUMBERS = (-1.5, 0.0, 0.1, 3.0, 1e300, float("inf"), float("-inf"))
TEXTS = ("", "rf", "RF", "a_b", "0.1", "None", "True", "50%", "it's", '"', "ü")
STATUSES = ("running", "finished", "failed", "killed")
OPERATORS = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def fits_like(text, pattern, flags=0):
    parts = [".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern]
    return re.fullmatch("".join(parts), text, re.DOTALL | flags) is not None


metric_values = st.sampled_from([*NUMBERS, float("nan")])
param_values = st.one_of(
    metric_values, st.sampled_from([-1, 0, 3, True, False, None]), st.sampled_from(TEXTS)
)
run_records = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["brave-otter", "calm newt", "it's"]),
        "experiment": st.sampled_from(["a", "B"]),
        "status": st.sampled_from(STATUSES),
        "metrics": st.dictionaries(st.sampled_from(METRICS), metric_values),
        "params": st.dictionaries(st.sampled_from(PARAMS), param_values),
        "tags": st.dictionaries(st.sampled_from(TAGS), st.sampled_from(TEXTS)),
    }
)


def quoted_key(kind, key):
    return st.sampled_from('`"').map(lambda q: f"{kind}.{q}{key.replace(q, q * 2)}{q}")


def quoted_text(text):
    return st.sampled_from("'\"").map(lambda q: q + text.replace(q, q * 2) + q)


@st.composite
def leaves(draw):
    """A condition as text, and as a function of a run's record."""
    kind = draw(st.sampled_from(["metrics", "params", "tags", "attributes"]))
    if kind == "attributes":
        key = draw(st.sampled_from(["name", "experiment", "status"]))
        spelled = draw(st.sampled_from([key, f"attributes.{key}", f"run.{key.upper()}"]))
        texts = STATUSES if key == "status" else ("brave-otter", "calm newt", "a", "B")

        def value_of(run):
            return run[key]
    else:
        key = draw(st.sampled_from({"metrics": METRICS, "params": PARAMS, "tags": TAGS}[kind]))
        spelled = draw(quoted_key(kind, key))
        texts = TEXTS

        def value_of(run):
            return run[kind].get(key, MISSING)

    as_number = kind == "metrics" or (kind == "params" and draw(st.booleans()))

    def worth(run):
        value = value_of(run)
        if as_number:
            return value if value is not MISSING and is_number(value) else MISSING
        return value if value is MISSING else param_text(value)

    form = draw(st.sampled_from(["compare", "in", "like", "null", "nan", "word"]))
    if form == "null":
        negated = draw(st.booleans())
        text = f"{spelled} IS {'NOT ' if negated else ''}NULL"
        return text, lambda run: (value_of(run) is not MISSING) == negated
    if form == "nan" and kind in ("metrics", "params"):
        return f"{spelled} is nan", lambda run: value_of(run) != value_of(run)
    if form == "word" and kind == "params":
        word = draw(st.sampled_from([True, False, None]))
        negated = draw(st.booleans())
        text = f"{spelled} {'!=' if negated else '='} {str(word).lower()}"
        return text, lambda run: value_of(run) is not MISSING and (value_of(run) is word) != negated
    if form == "like" and not as_number:
        pattern = draw(st.sampled_from(["%", "r_", "R%", "%'%", "50%", "a_b", "%o%", "f%"]))
        word, flags = draw(st.sampled_from([("LIKE", 0), ("ILIKE", re.IGNORECASE)]))
        if key == "status":
            flags = re.IGNORECASE
        negated = draw(st.booleans())
        text = f"{spelled} {'not ' if negated else ''}{word} {draw(quoted_text(pattern))}"
        return (
            text,
            lambda run: (
                worth(run) is not MISSING and fits_like(worth(run), pattern, flags) != negated
            ),
        )
    values = draw(st.lists(st.sampled_from(NUMBERS if as_number else texts), min_size=1))
    written = [repr(value) if as_number else draw(quoted_text(value)) for value in values]
    if form == "in":
        negated = draw(st.booleans())
        text = f"{spelled} {'NOT ' if negated else ''}IN ({', '.join(written)})"
        return text, lambda run: worth(run) is not MISSING and (worth(run) in values) != negated
    symbol = draw(st.sampled_from(sorted(OPERATORS)))
    return (
        f"{spelled}{symbol}{written[0]}",
        lambda run: worth(run) is not MISSING and OPERATORS[symbol](worth(run), values[0]),
    )


MISSING = object()


def joined(word, combine):
    return lambda parts: (
        word.join(f"({text})" for text, _ in parts),
        lambda run: combine(holds(run) for _, holds in parts),
    )


filters = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(joined(" and ", all)),
        st.lists(inner, min_size=2, max_size=3).map(joined(" OR ", any)),
        inner.map(lambda part: (f"NOT ({part[0]})", lambda run: not part[1](run))),
    ),
    max_leaves=6,
)


@st.composite
def orders(draw):
    """An order as text, and as a function that ranks a run's record: (missing, value)."""
    kind, keys = draw(st.sampled_from([("metrics", METRICS), ("params", PARAMS), ("tags", TAGS)]))
    key, descending = draw(st.sampled_from(keys)), draw(st.booleans())
    direction = "DESC" if descending else draw(st.sampled_from(["", "asc"]))
    text = f"{draw(quoted_key(kind, key))} {direction}"

    def rank(run):
        value = run[kind].get(key)
        if key in run[kind] and is_number(value):
            return (0, float(value))
        if key in run[kind] and not isinstance(value, float) and not isinstance(value, int):
            return (1, param_text(value))
        if isinstance(value, bool):
            return (1, repr(value))
        return (2, 0)

    return text, descending, rank


@settings(max_examples=20)
@given(
    runs=st.lists(run_records, min_size=1, max_size=8),
    asked=st.lists(filters, min_size=6, max_size=6),
    order=st.lists(orders(), min_size=1, max_size=2),
)
def test_filters_and_orders_mean_to_the_store_what_they_mean_to_python(runs, asked, order):
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        records = {record(store, **run): run for run in runs}
        for text, holds in asked:
            page = run_page(store, RunQuery(text, order_by=tuple(text for text, _, _ in order)))
            found = page.table["run_id"].to_pylist()
            fitting = {run_id for run_id, run in records.items() if holds(run)}
            assert set(found) == fitting, text
            assert page.total == len(found) == len(fitting)
            # Stable sorts from the last order to the first; those without a value stay last.
            expected = sorted(fitting, reverse=True)
            for _, descending, rank in reversed(order):
                for group in (2, 1, 0):
                    part = [run for run in expected if rank(records[run])[0] == group]
                    rest = [run for run in expected if rank(records[run])[0] != group]
                    ordered = sorted(
                        reversed(part) if descending else part, key=lambda r: rank(records[r])[1]
                    )
                    expected = (ordered[::-1] if descending else ordered) + rest
            assert found == expected, order
        store.close()


def test_hostile_names_and_values_are_only_names_and_values(store):
    hostile = "'; DROP TABLE base.runs; --"
    run = record(store, hostile, params={hostile: hostile}, tags={hostile: hostile})
    column = quoted_column(f"params.{hostile}")
    doubled = hostile.replace("'", "''")
    for text in (
        f"{column} = '{doubled}'",
        f"{quoted_column(f'tags.{hostile}')} IN ('{doubled}', 'x')",
        f"name = '{doubled}'",
    ):
        query = RunQuery(text, search="DROP", order_by=(f"{column} DESC",))
        page = run_page(store, query, columns=[f"params.{hostile}"])
        assert page.table["run_id"].to_pylist() == [run]
        assert page.table[f"params.{hostile}"].to_pylist() == [hostile]


def test_more_keys_than_can_be_joined_are_refused(store):
    with pytest.raises(InvalidFilter, match="name 101 keys; 100 are the most"):
        run_page(store, RunQuery(" OR ".join(f"metrics.m{n} > 0" for n in range(101))))

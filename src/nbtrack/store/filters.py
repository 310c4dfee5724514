"""The search grammar: the text of a filter or an order, read into a tree of conditions.

MLflow's grammar for runs, with OR, NOT and parentheses::

    metrics.acc > 0.9 and (params.model = 'rf' or tags.team ILIKE 'vis%')
    params.`learning rate` <= 1e-3 AND status != 'FAILED' AND NOT metrics.loss IS NAN

A key is ``metrics.``, ``params.``, ``tags.`` or ``attributes.`` and a name; a bare
name is an attribute. A parameter compares as a number with a number, as text with
quoted text. Times are quoted, in UTC unless they name a zone, or milliseconds.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NoReturn

from nbtrack.errors import InvalidFilter
from nbtrack.store.conditions import (
    ATTRIBUTES,
    STATUSES,
    AttributeType,
    Comparison,
    Condition,
    Junction,
    Key,
    Kind,
    Not,
    Order,
    Presence,
    Value,
)

_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("metrics", "metric"), "metrics"),
    **dict.fromkeys(("params", "param", "parameters", "parameter"), "params"),
    **dict.fromkeys(("tags", "tag"), "tags"),
    **dict.fromkeys(("attributes", "attribute", "attr", "run"), "attributes"),
}
# MLflow's names of attributes, and of the tags in which it keeps attributes.
_ATTRIBUTE_ALIASES = {
    "id": "run_id",
    "run_name": "name",
    "run name": "name",
    "start_time": "started",
    "created": "started",
    "end_time": "ended",
    "duration": "duration_s",
    "experiment_id": "experiment",
    "experiment_name": "experiment",
    "parent_run_id": "parent_id",
    "description": "note",
    "user_id": "user",
}
_TAG_ALIASES = {
    "mlflow.runName": "name",
    "mlflow.parentRunId": "parent_id",
    "mlflow.note.content": "note",
    "mlflow.user": "user",
    "mlflow.source.name": "source",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is searched: its attributes, their other names, and the tags that stand for some.

    ``kinds`` are the prefixes that mean something for it.
    """

    attributes: Mapping[str, AttributeType]
    aliases: Mapping[str, str]
    tag_aliases: Mapping[str, str] = field(default_factory=dict)
    kinds: tuple[Kind, ...] = ("metrics", "params", "tags", "attributes")


RUNS = Subject(ATTRIBUTES, _ATTRIBUTE_ALIASES, _TAG_ALIASES)

_KEYWORDS = frozenset(("AND", "OR", "NOT", "IN", "IS", "LIKE", "ILIKE", "NULL"))
_MAX_DEPTH = 50
_EPOCH = datetime(1970, 1, 1)


def parse_filter(text: str, subject: Subject = RUNS) -> Condition | None:
    """The condition that ``text`` states; ``None`` if it is blank.

    Raises `InvalidFilter`, which names the column and what was expected there.
    """
    parser = _Parser(text, "filter", subject)
    if parser.token.type == "end":
        return None
    condition = parser.disjunction()
    parser.end("AND, OR or the end")
    return condition


def parse_order(text: str, subject: Subject = RUNS) -> Order:
    """The order that ``text`` states, such as ``metrics.acc DESC``; raises `InvalidFilter`."""
    parser = _Parser(text, "order", subject)
    key = parser.key()
    descending = parser.take("DESC")
    if not descending:
        parser.take("ASC")
    parser.end("ASC, DESC or the end")
    return Order(key, descending)


def parse_column(name: str) -> Key:
    """The key of a column such as ``params.a b``, which is never quoted; raises `InvalidFilter`."""
    prefix, _, rest = name.partition(".")
    kind = _KINDS.get(prefix)
    if kind is None or not rest:
        raise InvalidFilter(
            f"There is no column {name!r}: a column is params., metrics., tags. or attributes. "
            "and a name."
        )
    if kind != "attributes":
        return Key(kind, rest)
    attribute = _attribute(rest, RUNS)
    if attribute is None:
        raise InvalidFilter(f"There is no column {name!r}{_attribute_hint(rest, RUNS)}.")
    return Key(kind, attribute)


def quoted_column(name: str) -> str:
    """A column's name such as ``params.a b`` as filters and orders write it: params.`a b`."""
    prefix, dot, rest = name.partition(".")
    return f"{prefix}{dot}`{rest.replace('`', '``')}`" if dot else name


@dataclass(frozen=True, slots=True)
class _Token:
    type: Literal["key", "word", "text", "number", "symbol", "end"]
    text: str
    column: int


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<key>(?:[^\W\d]\w*|`[^`]*`)\.(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|'(?:[^']|'')*'|[\w./:-]+))
  | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])|[+-]?inf(?:inity)?\b)
  | (?P<word>[^\W\d][\w./:-]*|`(?:[^`]|``)*`)
  | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<symbol>==|!=|<>|>=|<=|[=<>(),])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_OPERATORS = {"==": "=", "<>": "!=", **{op: op for op in ("=", "!=", ">", ">=", "<", "<=")}}


def _tokens(text: str, what: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            if text[at] in "'\"`":
                raise InvalidFilter(
                    f"The quote {text[at]} at column {at + 1} of the {what} is never closed."
                )
            odd = text[at:].split(maxsplit=1)[0][:20]
            raise InvalidFilter(f"Cannot read {odd!r} at column {at + 1} of the {what}.")
        if match.lastgroup != "space":
            found.append(_Token(match.lastgroup, match.group(), at + 1))  # type: ignore[arg-type]
        at = match.end()
    return [*found, _Token("end", "", len(text) + 1)]


class _Parser:
    """Reads one text from left to right, one method per rule of the grammar."""

    def __init__(self, text: str, what: str, subject: Subject) -> None:
        if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
            raise InvalidFilter(f"The {what} holds lone surrogates, which no text can: {text!r}.")
        self._what = what
        self._subject = subject
        self._tokens = _tokens(text, what)
        self._at = 0
        self._depth = 0

    @property
    def token(self) -> _Token:
        return self._tokens[self._at]

    def next(self) -> _Token:
        token = self.token
        self._at += 1
        return token

    def take(self, *words: str) -> bool:
        """Step over these words or symbols if they come next."""
        ahead = self._tokens[self._at : self._at + len(words)]
        fits = [token.text.upper() for token in ahead] == list(words)
        if fits and all(token.type in ("word", "symbol") for token in ahead):
            self._at += len(words)
            return True
        return False

    def end(self, expected: str) -> None:
        if self.token.type != "end":
            self.refuse(expected)

    def refuse(self, expected: str, hint: str = "") -> NoReturn:
        """Say what was expected where the next token stands."""
        token = self.token
        after = f" after {_brief(self._tokens[self._at - 1].text)}" if self._at else ""
        found = "the end" if token.type == "end" else _brief(token.text)
        raise InvalidFilter(
            f"Expected {expected}{after} at column {token.column} of the {self._what}, "
            f"found {found}{hint}."
        )

    # condition = conjunction {OR conjunction}
    def disjunction(self) -> Condition:
        parts = [self.conjunction()]
        while self.take("OR"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Junction("OR", tuple(parts))

    # conjunction = negation {AND negation}
    def conjunction(self) -> Condition:
        parts = [self.negation()]
        while self.take("AND"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Junction("AND", tuple(parts))

    # negation = {NOT} ("(" condition ")" | test)
    def negation(self) -> Condition:
        negated = False
        while self.take("NOT"):
            negated = not negated
        if self.token.text == "(":
            if self._depth == _MAX_DEPTH:
                self.refuse(f"at most {_MAX_DEPTH} parentheses inside one another")
            self._depth += 1
            self.next()
            part = self.disjunction()
            if not self.take(")"):
                self.refuse("AND, OR or )")
            self._depth -= 1
        else:
            part = self.test()
        return Not(part) if negated else part

    # test = key (IS [NOT] (NULL | NAN) | [NOT] IN list | [NOT] LIKE text | operator value)
    def test(self) -> Condition:
        key = self.key()
        if self.take("IS"):
            negated = self.take("NOT")
            if self.take("NULL"):
                present = Presence(key, "present")
                return present if negated else Not(present)
            if key.kind in ("metrics", "params") and self.take("NAN"):
                nan = Presence(key, "nan")
                # A value that is not NaN is one that is there.
                there = Junction("AND", (Presence(key, "present"), Not(nan)))
                return there if negated else nan
            self.refuse("NULL or NAN" if key.kind in ("metrics", "params") else "NULL")
        prefix = "NOT " if self.take("NOT") else ""
        if self.take("IN"):
            return Comparison(key, f"{prefix}IN", self.values(key))
        for operator in ("LIKE", "ILIKE"):
            if self.take(operator):
                return Comparison(key, f"{prefix}{operator}", (self.pattern(key),))
        if prefix:
            self.refuse("IN, LIKE or ILIKE")
        symbol = _OPERATORS.get(self.token.text) if self.token.type == "symbol" else None
        if symbol is None:
            self.refuse("an operator such as =, >, LIKE, IN or IS NULL")
        self.next()
        value = self.value(key)
        if symbol not in ("=", "!=") and (value is None or isinstance(value, bool)):
            self._at -= 1
            self.refuse("a number or quoted text")
        return Comparison(key, symbol, (value,))

    def key(self) -> Key:
        token = self.token
        if token.type == "word":
            name = _attribute(_unquoted(token.text), self._subject)
            if token.text.upper() in _KEYWORDS:
                self.refuse("a key such as metrics.acc")
            if name is None:
                named = token.text if token.text[0] == "`" else _brief(token.text)
                hint = f"; write metrics.{named} or params.{named}"
                if "metrics" not in self._subject.kinds:
                    hint = _attribute_hint(_unquoted(token.text), self._subject)
                self.refuse("an attribute", hint)
            self.next()
            return Key("attributes", name)
        if token.type != "key":
            self.refuse("a key such as metrics.acc")
        prefix, _, rest = token.text.partition(".")
        kind = _KINDS.get(prefix.strip("`").lower())
        name = _unquoted(rest)
        if kind is None:
            self.refuse("metrics., params., tags. or attributes.", f"; write metrics.{token.text}")
        if kind not in self._subject.kinds:
            self.refuse(" or ".join(f"{kind}." for kind in self._subject.kinds))
        if not name:
            self.refuse(f"a name after {prefix}.")
        if kind == "tags" and name in self._subject.tag_aliases:
            kind, name = "attributes", self._subject.tag_aliases[name]
        elif kind == "attributes":
            known = _attribute(name, self._subject)
            if known is None:
                self.refuse("an attribute", _attribute_hint(name, self._subject))
            name = known
        self.next()
        return Key(kind, name)

    def values(self, key: Key) -> tuple[Value, ...]:
        if not self.take("("):
            self.refuse("( and a list of values")
        values = [self.value(key)]
        while self.take(","):
            values.append(self.value(key))
        if not self.take(")"):
            self.refuse(", or )")
        return tuple(values)

    def pattern(self, key: Key) -> str:
        if self.value_type(key) in ("number", "time"):
            self._at -= 1
            self.refuse(f"a comparison (LIKE is for texts, and {key.name} is none)")
        if self.token.type != "text":
            self.refuse("quoted text")
        text = _unquoted(self.next().text)
        return text.lower() if self.value_type(key) in ("status", "id") else text

    def value(self, key: Key) -> Value:
        """The next token as a value that ``key`` can be compared with."""
        token, wanted = self.token, self.value_type(key)
        text = _unquoted(token.text) if token.type == "text" else None
        number = float(token.text) if token.type == "number" else None
        value: Value
        if wanted == "number":
            if number is None:
                hint = " (ask with IS NAN)" if token.text.upper() == "NAN" else ""
                self.refuse("a number", hint)
            value = number
        elif wanted == "param" and number is not None:
            value = number
        elif wanted == "param" and token.text.upper() in ("TRUE", "FALSE"):
            value = token.text.upper() == "TRUE"
        elif wanted == "param" and token.text.upper() == "NONE":
            value = None
        elif wanted == "time":
            moment = _moment(text, number)
            if moment is None:
                self.refuse("a time such as '2026-11-23 14:05' (UTC), or milliseconds since 1970")
            value = moment
        elif text is None:
            self.refuse("a number or quoted text" if wanted == "param" else "quoted text")
        elif wanted == "status":
            value = text.lower()
            if value not in STATUSES:
                self.refuse(f"one of {', '.join(STATUSES)}")
        else:
            value = text.replace("-", "").lower() if wanted == "id" else text
        self.next()
        return value

    def value_type(self, key: Key) -> AttributeType | Literal["param"]:
        match key.kind:
            case "metrics":
                return "number"
            case "params":
                return "param"
            case "tags":
                return "text"
            case "attributes":
                return self._subject.attributes[key.name]


def _moment(text: str | None, number: float | None) -> datetime | None:
    """A time in UTC, without zone; text that names no zone is in UTC."""
    try:
        if number is not None:
            return _EPOCH + timedelta(milliseconds=number)
        moment = datetime.fromisoformat(text or "")
    except (ValueError, OverflowError):
        return None
    try:
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        return None


def _attribute(name: str, subject: Subject) -> str | None:
    lowered = name.lower()
    known = subject.aliases.get(lowered, lowered)
    return known if known in subject.attributes else None


def _attribute_hint(name: str, subject: Subject) -> str:
    known = subject.attributes
    close = difflib.get_close_matches(name.lower(), [*known, *subject.aliases], 1)
    return f" (did you mean {close[0]}?)" if close else f" (there are: {', '.join(known)})"


def _unquoted(text: str) -> str:
    quote = text[0] if text else ""
    if quote and quote in "'\"`":
        return text[1:-1].replace(quote * 2, quote)
    return text


def _brief(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"

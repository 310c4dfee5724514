"""The text behind ``%%track``: a name, ``k=v`` pairs and flags, parsed and checked."""

from __future__ import annotations

import argparse
import ast
import difflib
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbtrack.magics.refusal import InvalidCell
from nbtrack.magics.words import SUBCOMMANDS

_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "\"'"

_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_SHORT_FLAG = re.compile(r"-[^-\d]")

# 9**9**9 would hang the kernel before the cell runs.
_MAX_EXPONENT = 1024


@dataclass(frozen=True, slots=True)
class TrackArguments:
    """What a user asked of one tracked cell."""

    name: str | None = None
    overrides: Mapping[str, object] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    only_metrics: tuple[str, ...] = ()
    only_params: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    experiment: str | None = None
    note: str = ""
    nested: bool = False
    seed: int | None = None
    infer: bool = True


def parse_line(parser: argparse.ArgumentParser, text: str) -> TrackArguments:
    """Parse the text behind ``%%track``. Raises `InvalidCell` with one sentence.

    ``parser`` is the one behind the magic's help, so that the two cannot differ.
    """
    words = split_words(text)
    known = [option for action in parser._actions for option in action.option_strings]
    for word in words:
        flag = word.split("=", 1)[0]
        if flag.startswith("--") and flag not in known:
            raise InvalidCell(f"%%track has no flag {flag!r}{_closest(flag, known)}.")
        if _SHORT_FLAG.match(flag) and flag[:2] not in known:
            raise InvalidCell(f"%%track has no flag {flag!r}; %%track? lists the flags.")
    try:
        found = parser.parse_intermixed_args(words)
    except Exception as error:  # noqa: BLE001 - IPython's UsageError, or argparse's own
        raise InvalidCell(f"%%track: {error}; %%track? lists the flags.") from None
    name, overrides = _positional(found.words)
    arguments = TrackArguments(
        name=name,
        overrides=overrides,
        metrics=_names(found.metric, "-m"),
        params=_names(found.param, "-p"),
        only_metrics=_names(found.only_metrics, "--only-metrics"),
        only_params=_names(found.only_params, "--only-params"),
        artifacts=_names(found.artifact, "-a"),
        tags=dict(_tag(_unquoted(text)) for text in found.tag or ()),
        experiment=_text(found.experiment, "-e"),
        note=_unquoted(found.note or ""),
        nested=found.nested,
        seed=_seed(found.seed),
        infer=not found.no_infer,
    )
    _refuse_names_given_twice(arguments)
    return arguments


def split_words(text: str) -> list[str]:
    """Split at spaces that stand outside quotes and brackets; quotes are kept.

    ``hidden=(64, 32) --note "a b"`` is ``['hidden=(64, 32)', '--note', '"a b"']``.
    Raises `InvalidCell` where a quote or bracket is left open.
    """
    words: list[str] = []
    word, quote, depth = "", "", 0
    for position, char in enumerate(text):
        if quote:
            word += char
            if char == quote:
                quote = ""
        # An apostrophe inside a word is not a quotation.
        elif char in _QUOTES and (
            not word or word[-1] in "=([{, " or text.find(char, position + 1) > 0
        ):
            quote = char
            word += char
        elif char.isspace() and not depth:
            if word:
                words.append(word)
            word = ""
        else:
            depth += (char in _OPENING) - (char in _CLOSING)
            depth = max(depth, 0)
            word += char
    if quote or depth:
        what = f"a quote {quote}" if quote else "a bracket"
        raise InvalidCell(f"%%track: {what} is opened and not closed in: {word.strip()}")
    return [*words, word] if word else words


def constant(text: str) -> object:
    """The constant that ``text`` writes (``1e-3``, ``2**7``, ``(64, 32)``), else ``text``."""
    try:
        return _evaluate(ast.parse(text.strip(), mode="eval").body)
    except (ValueError, SyntaxError, ArithmeticError, TypeError, MemoryError, RecursionError):
        return text


def _evaluate(node: ast.expr) -> object:
    match node:
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            value = _evaluate(operand)
            if isinstance(value, (int, float, complex)):
                return _UNARY[type(op)](value)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = _evaluate(left), _evaluate(right)
            if isinstance(a, (int, float)) and isinstance(b, (int, float)):
                if isinstance(op, ast.Pow) and abs(b) > _MAX_EXPONENT:
                    raise ValueError
                return _BINARY[type(op)](a, b)
        case _:
            return ast.literal_eval(node)
    raise ValueError(ast.dump(node))


def _positional(words: Sequence[str]) -> tuple[str | None, dict[str, object]]:
    name: str | None = None
    overrides: dict[str, object] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals and word[0] not in _QUOTES:
            if not key.isidentifier():
                raise InvalidCell(
                    f"%%track: {key!r} in {word!r} is not a name that a cell could assign."
                )
            if key in overrides:
                raise InvalidCell(f"%%track: {key}= is given twice.")
            if not value:
                raise InvalidCell(f"%%track: {key}= has no value.")
            overrides[key] = constant(value)
        elif word in SUBCOMMANDS:
            raise InvalidCell(
                f"%%track tracks the cell below it; %track {word} stands on a line of its own. "
                f'A run may be named "{word}" in quotes.'
            )
        elif name is None:
            name = _unquoted(word).strip()
            if not name:
                raise InvalidCell("%%track: the run's name is empty.")
        else:
            raise InvalidCell(
                f"%%track takes one name, got {name!r} and {_unquoted(word)!r}; "
                f'put a name of several words in quotes: "{name} {_unquoted(word)}".'
            )
    return name, overrides


def _names(groups: Sequence[str] | None, flag: str) -> tuple[str, ...]:
    names = [name.strip() for group in groups or () for name in _unquoted(group).split(",")]
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise InvalidCell(f"{flag} takes names of variables, got {name!r}.")
    return tuple(names)


def _refuse_names_given_twice(arguments: TrackArguments) -> None:
    given: dict[str, str] = {}
    for flag, names in (
        ("-m", arguments.metrics),
        ("--only-metrics", arguments.only_metrics),
        ("-p", arguments.params),
        ("--only-params", arguments.only_params),
    ):
        for name in names:
            if name in given:
                both = flag if given[name] == flag else f"{given[name]} and {flag}"
                raise InvalidCell(f"%%track: {name!r} is named twice, by {both}.")
            given[name] = flag


def _tag(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    if not key.strip():
        raise InvalidCell(f"-t takes KEY=VALUE or a word, got {text!r}.")
    return key.strip(), _unquoted(value)


def _seed(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) >= 2**32:
        raise InvalidCell(f"--seed takes a whole number from 0 to {2**32 - 1}, got {text!r}.")
    return int(text)


def _text(text: str | None, flag: str) -> str | None:
    if text is None:
        return None
    plain = _unquoted(text).strip()
    if not plain:
        raise InvalidCell(f"{flag} takes a name, got {text!r}.")
    return plain


def _unquoted(word: str) -> str:
    if len(word) >= 2 and word[0] in _QUOTES and word[-1] == word[0]:
        return word[1:-1]
    return word


def _closest(flag: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(flag, known, n=1)
    return f" (did you mean {close[0]}?)" if close else "; %%track? lists the flags"

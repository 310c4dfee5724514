"""The law of slicing, by execution: the slice alone makes what the whole session made."""

import random

from nbtrack.capture.session import SessionCell, slice_back

NAMES = "abcde"
PROGRAMS = 1_500

_STATEMENTS = (
    "{a} = [len({b})]",
    "{a} = {b}",
    "{a} = {b} + {c}",
    "{a} += [1]",
    "{a}.append(len({b}))",
    "{a}[:1] = [9]",
    "{a}.reverse()",
    "{a} = {{'k': {b}}}['k']",
    "{a}, {b} = {b}, {a}",
    "{a} = [v for v in {b}]",
    "{a} = {b} if len({c}) > 1 else {a}",
    "if len({a}) > 1:\n    {b} = [1]\nelse:\n    {b} = [len({c})]",
    "for i in range(2):\n    {a}.append(i)",
    "del {a}\n{a} = [4]",
    "print(len({a}))",
    "def f(p):\n    return p + {a}\n{b} = f({c})",
    "def g(p):\n    p.append(5)\n    return p\n{a} = g({b})",
    "{a} = f0({b})",
)


def _program(chance):
    cells = ["a = [0]\nb = [1]\nc = [2]\nd = [3]\ne = [4]", "def f0(p):\n    return p + a"]
    for _ in range(chance.randint(2, 7)):
        lines = []
        for _ in range(chance.randint(1, 2)):
            a, b, c = (chance.choice(NAMES) for _ in range(3))
            lines.append(chance.choice(_STATEMENTS).format(a=a, b=b, c=c))
        cells.append("\n".join(lines))
    cells.append(f"result = [{chance.choice(NAMES)}, {chance.choice(NAMES)}]")
    return cells


def _result_of(cells):
    namespace = {"print": lambda *_: None}
    for cell in cells:
        exec(compile(cell, "<cell>", "exec"), namespace)
    return repr(namespace["result"])


def test_the_slice_alone_gives_what_the_session_gave():
    wrong, kept, executed = [], 0, 0
    for seed in range(PROGRAMS):
        cells = _program(random.Random(seed))
        session = [SessionCell(number, text) for number, text in enumerate(cells, start=1)]
        numbers = slice_back(session, len(cells)).numbers
        kept, executed = kept + len(numbers), executed + len(cells)
        try:
            sliced = _result_of([cells[number - 1] for number in numbers])
        except NameError as error:
            sliced = str(error)
        if sliced != _result_of(cells):
            wrong.append(seed)
    assert wrong == []
    # A slice of everything would keep the law, and be of no use.
    assert kept < 0.9 * executed

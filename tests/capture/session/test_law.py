"""The law of slicing, by execution: the slice alone gives what the whole session gave."""

import random
import re

import pytest

from nbtrack.capture.session import SessionCell, slice_back

NAMES = ["a", "b", "c", "d", "e"]


class Maker:
    """Writes small programs by chance, about lists, dicts, numbers and functions."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.functions = []
        self.objects = ["box"]

    def name(self):
        return self.random.choice(NAMES)

    def expression(self):
        x, y = self.name(), self.name()
        return self.random.choice(
            [
                "[1, 2]",
                "[3]",
                f"{x}",
                f"{x} + {y}",
                f"[{x}, {y}]",
                f"{x}[:1]",
                f"list({x})",
                f"({x} if len({y}) > 1 else {y})",
                f"[v for v in {x}]",
                f"[len({x})]",
                f"{{'k': {x}}}['k']",
                f"sorted(map(str, {x}))",
                "box.kept",
                "box.kept[-1:]",
                "[next(it, 0)]",
                "list(it)[:2]",
                f"[{self.random.choice(self.objects)}.add({x})]",
                *(f"{f}({x})" for f in self.functions[-3:]),
            ]
        )

    def statement(self):
        x, y = self.name(), self.name()
        made = self.expression()
        return self.random.choice(
            [
                f"{x} = {made}",
                f"{x} = {made}",
                f"{x} = {made}",
                f"{x} += [{len(x)}]",
                f"{x}.append(7)",
                f"{x}.append({y}[:1])",
                f"{x} = {y}",
                f"{x}[:1] = [9]",
                f"if len({x}) > 1:\n    {y} = {made}",
                f"if len({x}) > 1:\n    {y} = [1]\nelse:\n    {y} = {made}",
                f"for i in range(2):\n    {x} = {x} + [i]\n    {y} = {made}",
                f"for i in range(2):\n    {y}.append(i)\n    {y} = {x}",
                f"{x}, {y} = {y}, {x}",
                f"print(len({x}))",
                f"if (w := len({x})) > 1:\n    {y} = [w]",
                f"try:\n    {x} = {made}\n    {x}[99]\nexcept IndexError:\n    {y} = [2]",
                f"{x}.reverse()",
                f"del {x}\n{x} = [4]",
                f"with Quiet() as {x}:\n    {y} = {made}",
                f"{x}.append({y})",
                f"for v in {x}:\n    if isinstance(v, list):\n        v.append(1)",
                f"[v.append(3) for v in {x} if isinstance(v, list)]",
                f"list(map(lambda v: isinstance(v, list) and v.append(2), {x}))",
                f"it = iter({x})",
                "next(it, 0)",
                f"box.kept = {x}",
                "box.kept.append(6)",
                f"{self.random.choice(self.objects)}.add({x})",
                f"{self.random.choice(self.objects)}.last.append(len({y}))",
                *(f"list(map({f}, {x}[:2]))" for f in self.functions[-2:]),
                *(f"{x} = list(map({f}, [{y}]))" for f in self.functions[-2:]),
            ]
        )

    def new_class(self):
        x, o = self.name(), f"o{len(self.objects)}"
        self.objects.append(o)
        return (
            f"class C{o}:\n"
            "    seen = []\n"
            f"    def __init__(self): self.last = {x}\n"
            "    def add(self, p):\n"
            + self.random.choice(
                [
                    "        p.append(4)\n",
                    "        self.last = p\n",
                    "        self.seen.append(p)\n",
                    f"        {x}.append(p)\n",
                    "        self.last.append(0)\n",
                    f"        global {x}\n        {x} = p[:2]\n",
                ]
            )
            + f"        return len(self.seen) + len(self.last)\n{o} = C{o}()"
        )

    def definition(self):
        if self.random.random() < 0.3:
            return self.new_class()
        f, x, y = f"f{len(self.functions)}", self.name(), self.name()
        made = self.expression()
        self.functions.append(f)
        return self.random.choice(
            [
                f"def {f}(p):\n    return p + {x}",
                f"def {f}(p):\n    p.append(5)\n    return p",
                f"def {f}(p):\n    global {x}\n    {x} = p[:1]\n    return [0]",
                f"def {f}(p):\n    {x}.append(len(p))\n    return {y}",
                f"def {f}(p):\n    {x} = [8]\n    if len(p) > 2:\n        return p\n    return {x}",
                f"def {f}(p, q={x}):\n    q.append(1)\n    return p",
                f"def {f}(p):\n    {x}.append(p)\n    return [1]",
                f"def {f}(p):\n    r = p\n    r.append({y})\n    return r[:1]",
                f"def {f}(p):\n    for v in {x}:\n        yield v\n    p.append(2)",
                f"def {f}(p):\n    box.kept = p\n    return box.last",
                f"def {f}(p):\n    return lambda: {x}.append(p) or p",
                f"def {f}(p):\n    def inner():\n        return {x} + p\n    return inner()",
                f"{f} = lambda p: p + {made}",
                f"class K{f}:\n    def __init__(self, p):\n        self.p = p\n"
                f"    def __call__(self):\n        self.p.append(3)\n        return {x}\n"
                f"def {f}(p):\n    return K{f}(p)()",
            ]
        )

    def cells(self):
        texts = [
            "class Quiet(list):\n    def __enter__(self): return self\n"
            "    def __exit__(self, *_): return False",
            "class Box:\n    def __init__(self): self.kept, self.last = [1], [2]\n"
            "    def add(self, p):\n        self.kept.append(p)\n        return len(self.last)\n"
            "box = Box()\nit = iter([1, 2, 3])",
        ]
        texts += ["\n".join(f"{name} = [{i}]" for i, name in enumerate(NAMES))]
        for _ in range(self.random.randint(3, 14)):
            if self.random.random() < 0.2:
                texts.append(self.definition())
            else:
                texts.append("\n".join(self.statement() for _ in range(self.random.randint(1, 3))))
        return [*texts, f"{self.statement()}\nresult = [{self.name()}, {self.name()}]"]


def _run(texts):
    """The namespace after each cell that ran to its end; `None` if one did not."""
    namespace = {"print": lambda *_: None}
    for text in texts:
        try:
            exec(text, namespace)
        except Exception:  # noqa: BLE001 - a program made by chance may fail as it likes
            return None
        if sum(map(_size, (namespace.get(name) for name in NAMES))) > 4000:
            return None
    return namespace


def _size(value, depth=0):
    if isinstance(value, list) and depth < 6:
        return 1 + sum(_size(each, depth + 1) for each in value[:50])
    return 1


def _told(namespace):
    """The result as text; a function is only said to be one."""
    return re.sub(r" at 0x\w+", "", repr(namespace["result"]))


@pytest.mark.parametrize("start", range(0, 2000, 500))
def test_the_slice_alone_gives_what_the_session_gave(start):
    kept = executed = 0
    for seed in range(start, start + 500):
        texts = Maker(seed).cells()
        whole = _run(texts)
        if whole is None:
            continue
        cells = [SessionCell(number, text) for number, text in enumerate(texts, 1)]
        numbers = slice_back(cells, len(texts)).numbers
        kept, executed = kept + len(numbers), executed + len(texts)
        part = _run([texts[number - 1] for number in numbers])
        told = "\n# ---\n".join(texts)
        assert part is not None, f"{told}\nslice {numbers}"
        assert _told(part) == _told(whole), f"{told}\nslice {numbers}"
    # A slice of everything would keep the law, and be of no use.
    assert executed > 2_000
    assert kept < 0.85 * executed

"""Measures, each figure beside its floor: ``python -m tests.bench [store queries startup]``.

Every public function ``bench_…`` of a module in this folder answers a `Figure`,
a plain tuple of its fields, or a list of them. Exits with 1 if one is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from tests.bench.figure import Figure

_NOT_BENCHMARKS = ("__main__", "figure", "filled")


def main(names: list[str]) -> int:
    """Run the named modules, all by default; print one table."""
    console = Console(stderr=True, highlight=False)
    table = Table("what", "unit", box=None, pad_edge=False)
    for column in ("figure", "floor", "ratio", "reach"):
        table.add_column(column, justify="right")
    table.add_column("")
    missed = 0
    for name in names or _modules():
        for bench in _benches(import_module(f"tests.bench.{name}")):
            console.print(f"  … {name}: {_what_it_does(bench)}")
            for figure in _figures(bench()):
                missed += figure.verdict == "MISSED"
                table.add_row(figure.name, figure.unit, *_told(figure))
    Console(highlight=False, width=None if sys.stdout.isatty() else 140).print(table)
    return 1 if missed else 0


def _modules() -> list[str]:
    stems = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    return [stem for stem in stems if stem not in _NOT_BENCHMARKS]


def _benches(module: ModuleType) -> Iterator[Callable[[], object]]:
    # A copy: a warning that is told once is noted in the module while its benches run.
    for name, value in [*vars(module).items()]:
        if name.startswith("bench_") and value.__module__ == module.__name__:
            yield value


def _what_it_does(bench: Callable[[], object]) -> str:
    return (bench.__doc__ or bench.__name__).strip().splitlines()[0].rstrip(".")


def _figures(answer: object) -> list[Figure]:
    several = answer if isinstance(answer, list) else [answer]
    return [Figure(*one) for one in several]


def _told(figure: Figure) -> tuple[str, ...]:
    floor = "" if figure.floor is None else _number(figure.floor)
    ratio = f"{figure.figure / figure.floor:.1f} x" if figure.floor else ""
    return _number(figure.figure), floor, ratio, figure.target, figure.verdict


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

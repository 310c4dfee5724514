"""The words behind a ``%track`` command, parsed; a mistake is one sentence."""

from __future__ import annotations

import argparse
from typing import NoReturn

from nbtrack.errors import InvalidValue
from nbtrack.magics.line import split_words


class CommandParser(argparse.ArgumentParser):
    """argparse that raises a sentence instead of ending the process."""

    def __init__(self, command: str) -> None:
        super().__init__(command, add_help=False)

    def error(self, message: str) -> NoReturn:
        raise InvalidValue(f"%track {self.prog}: {message}. {self.format_usage().strip()}")


def unquoted_words(rest: str) -> list[str]:
    """The words of ``rest``, those in quotes without them. Raises `InvalidCell`."""
    words = split_words(rest)
    return [w[1:-1] if len(w) > 1 and w[0] == w[-1] and w[0] in "\"'" else w for w in words]

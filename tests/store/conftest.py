"""A store of its own for every test, and programs that use it from processes of their own."""

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress

import pytest

from nbtrack.store import Store

pytest.register_assert_rewrite("using_store")

# What every program below begins with; the store's folder is its first argument.
PROLOGUE = """
import os, sys, time
from pathlib import Path
from nbtrack.events import *
from nbtrack.store import Store
store = Store(Path(sys.argv[1]))
args = sys.argv[2:]

def start(name="run"):
    writer = store.writer()
    run = new_run_id()
    writer.append(RunStarted(writer.now_us(), run, name, "exp"))
    return run

def end(run, status="finished"):
    writer = store.writer()
    writer.append(RunEnded(writer.now_us(), run, status, 1.0))
"""


@pytest.fixture
def folder(tmp_path):
    """The folder of a store that does not exist yet."""
    return tmp_path / ".nbtrack"


@pytest.fixture
def store(folder):
    """A store that does not exist yet; closed afterwards."""
    opened = Store(folder)
    yield opened
    opened.close()


@pytest.fixture
def program(folder):
    """Start a program on the store in a process of its own; what still runs is killed."""
    started = []

    def begin(source, *args, place=None, prefix=(), **options):
        process = subprocess.Popen(
            [
                *prefix,
                sys.executable,
                "-W",
                "error",
                "-c",
                PROLOGUE + textwrap.dedent(source),
                str(place or folder),
                *map(str, args),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        # With its children: one of them that lived on would keep the pipes open.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

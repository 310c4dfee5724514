"""The data of a cell, looked at while it begins, and beside it."""

import ast

import numpy as np
import pytest

from nbtrack.capture import inputs
from nbtrack.capture.inputs import InputReader


def read(namespace, code="pass", changed=()):
    reader = InputReader(ast.parse(code), list(namespace), namespace)
    reader.begin()
    return reader.found(timeout_s=30, changed=changed)


def test_small_data_is_read_before_the_cell_runs():
    namespace = {"X": np.arange(100.0), "lr": 0.1}
    reader = InputReader(ast.parse("pass"), list(namespace), namespace)
    reader.begin()
    before = reader.found(timeout_s=0)
    namespace["X"][0] = 99.0
    assert reader.found(timeout_s=0) == before
    assert list(before) == ["X"]


@pytest.mark.parametrize("changed", [False, True])
def test_large_data_that_the_cell_may_change_is_never_taken_for_certain(monkeypatch, changed):
    monkeypatch.setattr(inputs, "_SMALL_BYTES", 10)
    [found] = read({"X": np.arange(100.0)}, changed=["X"] if changed else []).values()
    assert found.digest
    assert found.is_sampled is changed
    assert ("may have changed" in found.note) is changed


def test_what_takes_too_long_says_so_instead_of_a_digest(monkeypatch):
    monkeypatch.setattr(inputs, "_SMALL_BYTES", 10)
    import threading

    wait = threading.Event()
    original = inputs.fingerprint

    def slow(value):
        wait.wait(30)
        return original(value)

    monkeypatch.setattr(inputs, "fingerprint", slow)
    namespace = {"X": np.arange(100.0)}
    reader = InputReader(ast.parse("pass"), list(namespace), namespace)
    reader.begin()
    [found] = reader.found(timeout_s=0.01).values()
    wait.set()
    assert found.digest == ""
    assert "too much" in found.note


def test_files_that_the_cell_opens_are_data(tmp_path):
    file = tmp_path / "d.csv"
    file.write_text("1")
    [found] = read({}, f"f = open({str(file)!r})").values()
    assert found.kind == "file"
    assert read({}, "f = open('not-there.csv')") == {}

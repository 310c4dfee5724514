"""Streams that several keep at once, or that are not as Python made them."""

import io
import sys

import pytest

from nbtrack.capture.streams import Tee


class Stream(io.StringIO):
    """A stream in Python, as a kernel's is."""


@pytest.fixture
def replace_streams(monkeypatch):
    """Replaces both streams. Called within the test: pytest sets its own between setup and call."""

    def replace():
        stream = Stream()
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", Stream())
        return stream

    return replace


def test_an_inner_tee_leaves_the_outer_one_at_work(replace_streams):
    stream = replace_streams()
    outer, inner = Tee(), Tee()
    outer.start()
    print("one")
    inner.start()
    print("two")
    assert inner.stop() == {"stdout": "two\n"}
    print("three")
    assert outer.stop() == {"stdout": "one\ntwo\nthree\n"}
    assert "write" not in vars(stream)
    assert stream.getvalue() == "one\ntwo\nthree\n"


def test_a_write_that_somebody_had_replaced_is_given_back(replace_streams):
    stream = replace_streams()
    written = []
    theirs = written.append
    stream.write = theirs
    tee = Tee()
    tee.start()
    print("one")
    assert tee.stop() == {"stdout": "one\n"}
    assert stream.write is theirs
    assert "".join(written) == "one\n"


def test_one_stream_for_both_is_left_as_it_was(replace_streams, monkeypatch):
    stream = replace_streams()
    monkeypatch.setattr(sys, "stderr", stream)
    tee = Tee()
    tee.start()
    print("one", file=sys.stderr)
    tee.stop()
    assert "write" not in vars(stream)
    assert stream.getvalue() == "one\n"


def test_no_stream_and_one_that_cannot_be_wrapped_are_left_alone(monkeypatch, tmp_path):
    class Slotted:
        __slots__ = ()

        def write(self, text):
            return len(text)

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", Slotted())
    tee = Tee()
    tee.start()
    print("lost", file=sys.stderr)
    assert tee.stop() == {}


def test_a_plain_file_keeps_what_is_printed_or_is_left_alone(monkeypatch, tmp_path):
    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        tee = Tee()
        tee.start()
        print("one")
        texts = tee.stop()
        print("two")
    assert (tmp_path / "out").read_text() == "one\ntwo\n"
    assert texts in ({"stdout": "one\n"}, {})


def test_an_error_of_the_stream_is_the_users(replace_streams):
    stream = replace_streams()
    tee = Tee()
    tee.start()
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        print("one")
    tee.stop()

"""What a cell prints is kept as a terminal would show it, and still goes where it went."""

import sys
import threading

import pytest

from nbtrack.capture.streams import HEAD_CHARS, TAIL_CHARS, Tee, collapse


@pytest.fixture
def tee():
    tee = Tee()
    tee.start()
    yield tee
    tee.stop()


def test_both_streams_are_kept_and_pass_through(capsys):
    tee = Tee()
    tee.start()
    print("seen")
    print("wrong", file=sys.stderr)
    assert tee.stop() == {"stdout": "seen\n", "stderr": "wrong\n"}
    print("later")
    assert capsys.readouterr() == ("seen\nlater\n", "wrong\n")


def test_nothing_printed_is_nothing_kept(tee):
    assert tee.stop() == {}


def test_the_middle_of_a_long_output_is_cut_and_said_to_be(tee):
    for number in range(100_000):
        print(number)
    text = tee.stop()["stdout"]
    assert text.startswith("0\n1\n2\n")
    assert text.endswith("99998\n99999\n")
    assert "characters were left out here" in text
    assert len(text) < HEAD_CHARS + TAIL_CHARS + 200


def test_one_huge_write_keeps_both_its_ends(tee):
    sys.stdout.write("a" * HEAD_CHARS + "b" * 1_000_000 + "c" * TAIL_CHARS)
    text = tee.stop()["stdout"]
    assert text.startswith("aaa")
    assert text.endswith("ccc")
    assert "1,000,000 characters were left out" in text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("10%\r50%\r100%\n", "100%\n"),
        ("long line\rshort", "shortline"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("plain", "plain"),
    ],
)
def test_a_carriage_return_overwrites_its_line(written, shown):
    assert collapse(written) == shown


def test_threads_print_without_losing_a_line(tee):
    def chatter(name):
        for number in range(200):
            sys.stdout.write(f"{name}-{number}\n")

    threads = [threading.Thread(target=chatter, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tee.stop()["stdout"].split()) == sorted(
        f"{n}-{i}" for n in "abcd" for i in range(200)
    )


def test_a_stream_wrapped_by_somebody_else_meanwhile_is_left_to_him(tee, monkeypatch):
    inner = sys.stdout.write
    monkeypatch.setattr(sys.stdout, "write", lambda text: inner(text))
    print("inside")
    assert tee.stop() == {"stdout": "inside\n"}
    print("outside")

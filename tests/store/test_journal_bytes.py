"""Journals that were cut, flipped or written by a newer nbtrack: what can be read is read."""

import shutil
import warnings
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from using_store import journals, log, rows, start_run

from nbtrack.events import JOURNAL_VERSION, ParamsLogged, ParamValue, RunEnded, TagsSet
from nbtrack.store import Store

CALLS = 60
# One file is damaged over and over: the fixtures hold only what is never changed.
SLOW = settings(max_examples=20)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a store whose journal holds one run of `CALLS` calls, closed, not folded."""
    folder = tmp_path_factory.mktemp("written") / ".nbtrack"
    store = Store(folder)
    writer = store.writer()
    run = start_run(store)
    for step in range(CALLS):
        log(store, run, step, a=float(step), b=-float(step), c=step / 2)
        writer.append(TagsSet(writer.now_us(), run, {f"t{step}": "x" * step}))
    writer.append(RunEnded(writer.now_us(), run, "finished", 1.0))
    store.close()
    return folder


def copied(written, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged") / ".nbtrack"
    shutil.copytree(written, folder)
    return folder


def file_of(folder, suffix):
    [journal] = journals(folder)
    return folder / "journals" / journal / f"0.{suffix}"


def read_quietly(folder, sql):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rows(Store(folder), sql)


def steps_of(folder):
    """The steps of each key in order of arrival, and the tags."""
    got = read_quietly(folder, "SELECT key, list(step ORDER BY ts) FROM metrics GROUP BY key")
    return dict(got)


@SLOW
@given(st.data())
def test_points_cut_at_any_byte_fold_to_a_prefix(written, tmp_path_factory, data):
    folder = copied(written, tmp_path_factory)
    file = file_of(folder, "points")
    whole = file.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    file.write_bytes(whole[:cut])
    steps = steps_of(folder)
    frames = max(0, cut - 32) // (3 * 32)
    expected = {key: list(range(frames)) for key in "abc"} if frames else {}
    assert steps == expected
    assert read_quietly(folder, "SELECT status FROM runs") == [("finished",)]
    assert journals(folder) == []


@SLOW
@given(st.data())
def test_events_cut_at_any_byte_fold_to_a_prefix(written, tmp_path_factory, data):
    folder = copied(written, tmp_path_factory)
    file = file_of(folder, "events")
    whole = file.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    file.write_bytes(whole[:cut])
    tags = {int(key[1:]) for (key,) in read_quietly(folder, "SELECT key FROM tags")}
    assert tags == set(range(len(tags)))
    assert len(tags) == whole[:cut].count(b'"TagsSet"') - (
        b'"TagsSet"' in whole[:cut].rpartition(b"\n")[2]
    )
    lines = whole[:cut].count(b"\n")
    runs = read_quietly(folder, "SELECT count(*) FROM runs")
    assert runs == [(1 if lines >= 2 else 0,)]


@SLOW
@given(st.data())
def test_a_flipped_byte_of_points_costs_its_call_and_is_reported(written, tmp_path_factory, data):
    folder = copied(written, tmp_path_factory)
    file = file_of(folder, "points")
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(32, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    damaged = (place - 32) // (3 * 32)
    steps = steps_of(folder)
    rest = [step for step in range(CALLS) if step != damaged]
    assert {key: [s for s in got if s != damaged] for key, got in steps.items()} == dict.fromkeys(
        "abc", rest
    )
    assert sum(damaged in got for got in steps.values()) < 3
    [(name, start, end)] = read_quietly(
        folder,
        "SELECT any_value(file), min(start_offset), max(end_offset) FROM base.damage",
    )
    assert name.endswith("/0.points")
    # From the first byte of the damaged call to its last.
    assert (start, end) == (32 + damaged * 96, 32 + (damaged + 1) * 96)
    assert start <= place < end


@SLOW
@given(st.data())
def test_a_flipped_byte_of_events_costs_its_line_and_is_reported(written, tmp_path_factory, data):
    folder = copied(written, tmp_path_factory)
    file = file_of(folder, "events")
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    original = file.read_bytes()
    file.write_bytes(content)
    first = original.rfind(b"\n", 0, place) + 1
    end = original.find(b"\n", place) + 1
    line = original[first:end]
    tags = {key for (key,) in read_quietly(folder, "SELECT key FROM tags")}
    missing = {f"t{step}" for step in range(CALLS)} - tags
    # A damaged line end may take the line behind it along.
    allowed = line + original[end : original.find(b"\n", end) + 1] * (place == end - 1)
    assert all(f'"{key}"'.encode() in allowed for key in missing)
    reported = read_quietly(
        folder, "SELECT file, start_offset, end_offset FROM base.damage ORDER BY start_offset"
    )
    torn_tail = place == len(content) - 1
    if not torn_tail:
        assert any(name.endswith("0.events") and a <= place <= b for name, a, b in reported)
    # The rest of the store stays usable.
    store = Store(folder)
    other = start_run(store, "other")
    log(store, other, 0, m=1.0)
    assert rows(
        store, "SELECT value FROM runs JOIN metrics USING (run_id) WHERE name = 'other'"
    ) == [(1.0,)]
    store.close()


def test_damage_is_told_once_with_file_and_offset(written, tmp_path_factory):
    folder = copied(written, tmp_path_factory)
    file = file_of(folder, "points")
    content = bytearray(file.read_bytes())
    content[32 + 96 * 5 + 40] ^= 1
    file.write_bytes(content)
    store = Store(folder)
    with pytest.warns(RuntimeWarning, match="not what was written") as told:
        rows(store, "SELECT 1")
    assert len(told) == 1
    message = str(told[0].message)
    assert "0.points" in message
    assert str(32 + 96 * 5) in message
    rows(store, "SELECT 1")
    assert rows(store, "SELECT count(*) FROM base.damage") == [(1,)]


def test_points_of_a_series_whose_opening_was_damaged_are_reported(written, tmp_path_factory):
    folder = copied(written, tmp_path_factory)
    file = file_of(folder, "events")
    content = file.read_bytes()
    opening = content.index(b"SeriesOpened")
    file.write_bytes(content[:opening] + b"X" + content[opening + 1 :])
    steps = steps_of(folder)
    assert sorted(steps) == ["b", "c"]
    assert steps["b"] == list(range(CALLS))
    [(reason,)] = read_quietly(
        folder, "SELECT DISTINCT reason FROM base.damage WHERE file LIKE '%.points'"
    )
    assert "series" in reason


def line(body):
    return b"%08x %s\n" % (zlib.crc32(body), body)


def test_an_event_of_a_newer_kind_stops_the_fold_in_front_of_it(written, tmp_path_factory):
    folder = copied(written, tmp_path_factory)
    file = file_of(folder, "events")
    content = file.read_bytes()
    lines = content.splitlines(keepends=True)
    at = next(i for i, each in enumerate(lines) if b'"t20"' in each)
    newer = line(b'{"type":"ArtifactStored","ts":1,"run":"x"}')
    file.write_bytes(b"".join([*lines[:at], newer, *lines[at:]]))
    store = Store(folder)
    with pytest.warns(Warning, match="newer") as told:
        got = rows(store, "SELECT count(*) FROM tags")
    assert len(told) == 1
    assert got == [(20,)]
    # Nothing behind it is consumed or deleted, however often it is met.
    rows(store, "SELECT 1")
    assert file.exists()
    # Another journal is not held up by it.
    other = start_run(store, "other")
    assert rows(store, "SELECT name FROM runs WHERE name = 'other'") == [("other",)]
    del other
    # The version that knows the event reads on from there.
    file.write_bytes(content)
    assert rows(Store(folder), "SELECT count(*) FROM tags") == [(CALLS,)]
    assert rows(store, "SELECT count(*), count(DISTINCT (key, step)) FROM metrics") == [
        (3 * CALLS, 3 * CALLS)
    ]
    store.close()


def test_a_journal_of_a_newer_format_is_left_alone(written, tmp_path_factory):
    folder = copied(written, tmp_path_factory)
    file = file_of(folder, "events")
    lines = file.read_bytes().splitlines(keepends=True)
    body = lines[0][9:-1].replace(b'"version":%d' % JOURNAL_VERSION, b'"version":99')
    file.write_bytes(b"".join([line(body), *lines[1:]]))
    store = Store(folder)
    with pytest.warns(Warning, match="format 99"):
        assert rows(store, "SELECT count(*) FROM runs") == [(0,)]
    assert file.exists()


def test_a_frame_of_any_width_survives_lock_holds_of_any_size(folder, monkeypatch):
    """A wide call may be larger than what one lock hold takes."""
    store = Store(folder)
    run = start_run(store)
    width = 700
    for step in range(5):
        log(store, run, step, **{f"k{n}": float(n) for n in range(width)})
        log(store, run, step, one=1.0)
    from nbtrack.store import fold

    monkeypatch.setattr(fold, "MIN_RECORDS", 64)
    monkeypatch.setattr(fold, "MIN_BYTES", 2048)
    monkeypatch.setattr(fold, "MAX_BYTES", 2048)
    store.close()
    assert rows(store, "SELECT count(*), count(DISTINCT (key, step)) FROM metrics") == [
        (5 * (width + 1), 5 * (width + 1))
    ]


def test_folding_twice_equals_folding_once(store):
    run = start_run(store)
    writer = store.writer()
    writer.append(ParamsLogged(writer.now_us(), run, {"p": ParamValue("int", "1")}))
    log(store, run, 0, m=1.0)
    tables = ("runs", "params", "points", "summary", "fold_log")
    counts = "SELECT " + ", ".join(f"(SELECT count(*) FROM base.{t})" for t in tables)
    first = rows(store, counts)
    store.fold()
    assert rows(store, counts) == first


def test_a_failed_fold_is_rolled_back_and_read_again(store, monkeypatch):
    from nbtrack.store import fold

    run = start_run(store)
    log(store, run, 0, m=1.0)

    def fail(*args):
        raise MemoryError("in the middle of a transaction")

    with monkeypatch.context() as patch:
        patch.setattr(fold, "insert_points", fail)
        with pytest.raises(MemoryError):
            store.fold()
    assert rows(store, "SELECT count(*) FROM metrics") == [(1,)]
    assert rows(store, "SELECT count(*) FROM runs") == [(1,)]


def test_a_journal_folder_that_holds_nothing_is_no_error(store, folder):
    rows(store, "SELECT 1")
    Path(folder / "journals" / "empty").mkdir(parents=True)
    assert rows(store, "SELECT count(*) FROM runs") == [(0,)]

from __future__ import annotations

import queue
import sys
import threading
from pathlib import Path

import nbtrack
from nbtrack.errors import StoreUnavailable
from nbtrack.store import RunQuery, Store, list_columns
from nbtrack.tracking.active import run
from nbtrack.widgets.parallel.widget import parallel
from nbtrack.widgets.watch import StoreWatch


class Versions:
    """A store of which the test says how its version goes on."""

    def __init__(self, path=Path()):
        self.path = path
        self.now = 1
        self.asked = queue.Queue()
        self.error = None

    def version(self):
        self.asked.put(self.now)
        if self.error:
            raise self.error
        return self.now


def watch(store):
    news, trouble = queue.Queue(), queue.Queue()
    watching = StoreWatch(store, lambda: news.put(store.now), trouble.put, every_s=0.01)
    return watching, news, trouble


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "nbtrack-watch"]


def test_each_new_version_is_told_once():
    store = Versions()
    watching, news, _ = watch(store)
    watching.start()
    try:
        assert news.get(timeout=5) == 1
        for version in (2, 3):
            store.now = version
            assert news.get(timeout=5) == version
        for _ in range(5):
            store.asked.get(timeout=5)
        assert news.empty()
    finally:
        watching.stop()


def test_trouble_is_told_and_watching_goes_on():
    store = Versions()
    store.error = StoreUnavailable("the folder is gone")
    watching, news, trouble = watch(store)
    watching.start()
    try:
        assert str(trouble.get(timeout=5)) == "the folder is gone"
        store.error = None
        assert news.get(timeout=5) == 1
    finally:
        watching.stop()


def test_the_thread_ends_with_the_watching():
    others = threads()  # Of watchers that were told to stop, and will.
    watching, news, _ = watch(Versions())
    watching.start()
    watching.start()
    news.get(timeout=5)
    (thread,) = set(threads()).difference(others)
    watching.stop()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert not watching.is_on


def test_threads_take_turns_more_often_only_while_it_is_looked():
    before = sys.getswitchinterval()
    store = Versions()
    seen = queue.Queue()
    watchers = [
        StoreWatch(store, lambda: seen.put(sys.getswitchinterval()), seen.put, every_s=0.01)
        for _ in range(2)
    ]
    for watching in watchers:
        watching.start()
    try:
        assert [seen.get(timeout=5) for _ in watchers] == [0.0005, 0.0005]
        for thread in threads():
            watchers[0].stop()
            watchers[1].stop()
            thread.join(timeout=5)
        assert sys.getswitchinterval() == before
    finally:
        for watching in watchers:
            watching.stop()


def test_a_folder_that_was_there_and_is_gone_is_trouble_until_it_is_back(tmp_path):
    folder = tmp_path / ".nbtrack"
    folder.mkdir()
    watching, news, trouble = watch(Versions(folder))
    watching.start()
    try:
        assert news.get(timeout=5) == 1
        folder.rmdir()
        assert "is gone" in str(trouble.get(timeout=5))
        folder.mkdir()
        assert news.get(timeout=5) == 1
    finally:
        watching.stop()


def test_a_folder_that_is_not_there_yet_is_no_trouble(tmp_path):
    watching, news, trouble = watch(Versions(tmp_path / "later"))
    watching.start()
    try:
        assert news.get(timeout=5) == 1
        assert trouble.empty()
    finally:
        watching.stop()


def test_a_look_and_a_question_beside_it_never_wait_for_each_other(store, monkeypatch):
    looking, asking = parallel(), nbtrack.scatter()
    opened, is_asking = threading.Event(), threading.Event()
    draw, version = looking._draw, Store.version

    def draw_slowly():
        # The look has the database, and is yet to want what the question holds.
        list_columns(store, RunQuery())
        opened.set()
        is_asking.wait(0.5)
        return draw()

    def asked_version(self):
        # Another than the look saw, so that the question asks the store, too.
        if threading.current_thread() is not question:
            return version(self)
        is_asking.set()
        return -1

    monkeypatch.setattr(looking, "_draw", draw_slowly)
    monkeypatch.setattr(Store, "version", asked_version)
    look = threading.Thread(target=looking._news, daemon=True)
    question = threading.Thread(target=asking.frame.known, daemon=True)
    with run("one more"):
        pass
    look.start()
    assert opened.wait(20)
    question.start()
    for thread in (look, question):
        thread.join(20)
        assert not thread.is_alive()
    looking.close()
    asking.close()

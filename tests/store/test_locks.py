"""The lock of a store: who waits for it gets it in turn."""

import threading

from using_store import wait_until

from nbtrack.store.locks import GATE_FILE, StoreLock, try_lock_file


def is_held(file):
    with file.open() as opened:
        return not try_lock_file(opened.fileno(), exclusive=True)


def test_a_fold_that_waits_comes_before_readers_that_come_after_it(tmp_path):
    lock, order = StoreLock(tmp_path), []

    def fold():
        with lock.exclusive():
            order.append("fold")

    def read():
        with lock.shared():
            order.append("read")

    folding, reading = threading.Thread(target=fold), threading.Thread(target=read)
    with lock.shared():
        folding.start()
        # It stands in the gate, and the lock is ours.
        wait_until(lambda: is_held(tmp_path / GATE_FILE))
        reading.start()
        reading.join(0.2)
        assert order == []
    folding.join()
    reading.join()
    assert order == ["fold", "read"]


def test_readers_hold_it_together(tmp_path):
    lock = StoreLock(tmp_path)
    with lock.shared(), lock.shared():
        assert is_held(tmp_path / "store.lock")
        assert not is_held(tmp_path / GATE_FILE)
    assert not is_held(tmp_path / "store.lock")

"""Short forms for what every test of the store does with one."""

import os
import time

from nbtrack.events import RunEnded, RunStarted, new_run_id


def finished(process, timeout_s=120):
    """What a program printed, once it has ended without an error."""
    out, err = process.communicate(timeout=timeout_s)
    assert (process.returncode, err) == (0, ""), err
    return out


def start_run(store, name="run", experiment="exp"):
    """Start a run in this process's journal; its id."""
    writer = store.writer()
    run = new_run_id()
    writer.append(RunStarted(writer.now_us(), run, name, experiment))
    return run


def end_run(store, run, status="finished"):
    writer = store.writer()
    writer.append(RunEnded(writer.now_us(), run, status, 1.0))


def log(store, run, step, **metrics):
    """Log one call's metrics, as a run does."""
    writer = store.writer()
    series = tuple(writer.open_series(run, key) for key in metrics)
    writer.frame(series)(tuple(metrics.values()), step)


def rows(store, sql, *parameters, **options):
    """The rows of an answer, as tuples."""
    table = store.query(sql, parameters, **options)
    return [tuple(row.values()) for row in table.to_pylist()]


def journals(folder):
    """The names of the journals that are in the store's folder."""
    place = folder / "journals"
    return sorted(os.listdir(place)) if place.exists() else []


def wait_until(condition, timeout_s=20.0):
    """Wait for what must come true by itself; fail if it does not."""
    end = time.monotonic() + timeout_s
    while not (answer := condition()):
        assert time.monotonic() < end, f"did not come true within {timeout_s} s"
        time.sleep(0.01)
    return answer

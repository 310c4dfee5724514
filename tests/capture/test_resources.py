"""What the machine does while a cell runs."""

import threading
import time

from nbtrack.capture import resources
from nbtrack.capture.resources import ResourceSampler


def test_a_busy_process_is_seen_as_one(monkeypatch):
    monkeypatch.setattr(resources, "EVERY_S", 0.05)
    samples = []
    enough = threading.Event()

    def keep(sample, elapsed_s):
        samples.append((sample, elapsed_s))
        if len(samples) >= 5:
            enough.set()

    sampler = ResourceSampler(keep)
    sampler.start()
    while not enough.is_set():
        sum(range(1000))
    sampler.stop()
    sample, elapsed_s = samples[-1]
    assert sample["system/process_memory_usage_megabytes"] > 10
    # On a machine with other work it may not have run at all between two of them.
    assert max(s["system/process_cpu_utilization_percentage"] for s, _ in samples) > 0
    assert 0 <= sample["system/system_memory_usage_percentage"] <= 100
    assert elapsed_s > samples[0][1]


def test_a_short_cell_is_not_sampled():
    samples = []
    sampler = ResourceSampler(lambda *sample: samples.append(sample))
    sampler.start()
    sampler.stop()
    for thread in threading.enumerate():
        if thread.name == "nbtrack-resources":
            thread.join(5)
    time.sleep(0.01)
    assert samples == []

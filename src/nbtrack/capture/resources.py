"""What the machine does while a cell runs: processor, memory and GPU, once a second.

Names are those of MLflow's system metrics. The first sample is taken after a second,
so that a short cell costs nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

EVERY_S = 1.0

Sample = Mapping[str, float]


class ResourceSampler:
    """Hands samples to ``on_sample``, with the seconds since `start`, on a thread of its own."""

    def __init__(self, on_sample: Callable[[Sample, float], None]) -> None:
        self._on_sample = on_sample
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to sample."""
        threading.Thread(target=self._run, name="nbtrack-resources", daemon=True).start()

    def stop(self) -> None:
        """Take no more samples; returns at once."""
        self._stopped.set()

    def _run(self) -> None:
        if self._stopped.wait(EVERY_S):
            return
        began = time.monotonic() - EVERY_S
        machine = _Machine()
        while True:
            with suppress(OSError):
                sample = machine.sample()
                if not self._stopped.is_set():
                    self._on_sample(sample, time.monotonic() - began)
            if self._stopped.wait(EVERY_S):
                return


class _Machine:
    """This process, the machine, and the GPUs of NVIDIA where their library is installed."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._process = psutil.Process()
        # The first answer of each is about no time at all.
        self._process.cpu_percent()
        psutil.cpu_percent()
        self._gpus = _gpus()
        time.sleep(0.1)

    def sample(self) -> dict[str, float]:
        memory = self._psutil.virtual_memory()
        sample = {
            "system/cpu_utilization_percentage": self._psutil.cpu_percent(),
            "system/process_cpu_utilization_percentage": self._process.cpu_percent(),
            "system/process_memory_usage_megabytes": self._process.memory_info().rss / 1e6,
            "system/system_memory_usage_megabytes": memory.used / 1e6,
            "system/system_memory_usage_percentage": memory.percent,
        }
        for number, (nvml, gpu) in enumerate(self._gpus):
            with suppress(Exception):
                used = nvml.nvmlDeviceGetMemoryInfo(gpu)
                rates = nvml.nvmlDeviceGetUtilizationRates(gpu)
                sample[f"system/gpu_{number}_utilization_percentage"] = float(rates.gpu)
                sample[f"system/gpu_{number}_memory_usage_megabytes"] = used.used / 1e6
                power = nvml.nvmlDeviceGetPowerUsage(gpu)
                sample[f"system/gpu_{number}_power_usage_watts"] = power / 1000
        return sample


def _gpus() -> list[tuple[Any, Any]]:
    """NVML and its handle of each GPU; none where there is no driver or no library."""
    try:
        import pynvml

        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        return [(pynvml, pynvml.nvmlDeviceGetHandleByIndex(each)) for each in range(count)]
    except Exception:  # noqa: BLE001 - a driver raises its own errors, or the loader's
        return []

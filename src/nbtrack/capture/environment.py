"""The Python that runs: its version, where it came from, the machine, the packages."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from nbtrack.capture.packages import Package, list_conda_packages
from nbtrack.capture.secrets import redact

# Variables that change what numbers come out, or how fast; no others are looked at.
_VARIABLES = (
    *("CUDA_VISIBLE_DEVICES", "CUDA_LAUNCH_BLOCKING", "CUBLAS_WORKSPACE_CONFIG", "CUDA_HOME"),
    *("HIP_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE"),
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "KMP_AFFINITY"),
    *("PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONUTF8", "PYTHONNOUSERSITE"),
    *("TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS"),
    *("PYTORCH_CUDA_ALLOC_CONF", "TORCH_NUM_THREADS", "TOKENIZERS_PARALLELISM", "JAX_PLATFORMS"),
    *("JAX_ENABLE_X64", "KERAS_BACKEND", "MPLBACKEND", "LANG", "LC_ALL", "TZ"),
)


def observe_python() -> dict[str, str]:
    """Facts that hold for the whole process: interpreter, kernel, machine."""
    facts = {
        "python.version": platform.python_version(),
        "python.implementation": platform.python_implementation(),
        "python.environment": _kind_of_environment(),
        "platform": platform.platform(),
        "machine.cpus": str(os.cpu_count() or 0),
    }
    kernel = sys.modules.get("ipykernel")
    if kernel is not None:
        facts["python.kernel"] = f"ipykernel {getattr(kernel, '__version__', '')}".strip()
    if cpu := _cpu_model():
        facts["machine.cpu"] = cpu
    try:
        import psutil

        facts["machine.memory_gb"] = f"{psutil.virtual_memory().total / 2**30:.1f}"
    except (ImportError, OSError):
        pass
    for number, gpu in enumerate(_gpus()):
        facts[f"machine.gpu_{number}"] = f"{gpu['name']}, driver {gpu['driver']}"
    return facts


def describe_environment(facts: dict[str, str], packages: Sequence[Package]) -> str:
    """The whole environment as JSON; equal environments have equal texts, byte by byte.

    Keys are ``python``, ``implementation``, ``kind``, ``platform``, ``kernel``, ``machine``,
    ``gpus``, ``variables``, ``packages`` (name, version, origin) and ``conda``.
    """
    told = {
        "python": facts.get("python.version", ""),
        "implementation": facts.get("python.implementation", ""),
        "kind": facts.get("python.environment", ""),
        "platform": facts.get("platform", ""),
        "kernel": facts.get("python.kernel", ""),
        "machine": {k: v for k, v in sorted(facts.items()) if k.startswith("machine.")},
        "gpus": _gpus(),
        "variables": {name: redact(os.environ[name]) for name in _VARIABLES if name in os.environ},
        "packages": [asdict(package) for package in packages],
        "conda": list_conda_packages(),
    }
    return json.dumps(told, indent=1, ensure_ascii=False)


def packages_text(packages: Sequence[Package]) -> str:
    """The packages as ``name==version``, one a line."""
    return "\n".join(f"{package.name}=={package.version}" for package in packages)


def _kind_of_environment() -> str:
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return "conda"
    return "venv" if sys.prefix != sys.base_prefix else "system"


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except (OSError, UnicodeDecodeError):
        pass
    return platform.processor()


def _gpus() -> list[dict[str, str]]:
    """Name, memory and driver of each GPU of NVIDIA, where its library is installed."""
    try:
        import pynvml

        pynvml.nvmlInit()
        driver = str(pynvml.nvmlSystemGetDriverVersion())
        found = []
        for number in range(pynvml.nvmlDeviceGetCount()):
            gpu = pynvml.nvmlDeviceGetHandleByIndex(number)
            memory_mb = f"{pynvml.nvmlDeviceGetMemoryInfo(gpu).total / 1e6:.0f}"
            name = str(pynvml.nvmlDeviceGetName(gpu))
            found.append({"name": name, "memory_mb": memory_mb, "driver": driver})
        return found
    except Exception:  # noqa: BLE001 - a driver raises its own errors, or the loader's
        return []

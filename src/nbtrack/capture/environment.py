"""The Python that runs: its version, where it came from, the machine, the packages."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata


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
    try:
        import psutil

        facts["machine.memory_gb"] = f"{psutil.virtual_memory().total / 2**30:.1f}"
    except (ImportError, OSError):
        pass
    return facts


def list_packages() -> str:
    """Every installed package as ``name==version``, one a line, sorted; it takes some 70 ms."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        try:
            told = distribution.metadata
            if "Name" not in told or "Version" not in told:
                continue
            name, version = told["Name"], told["Version"]
        except (TypeError, ValueError, OSError):
            continue  # A half-removed package has no readable metadata.
        if name:
            # The first on the path is the one that is imported.
            found.setdefault(name.lower().replace("_", "-"), f"{name}=={version}")
    return "\n".join(found[name] for name in sorted(found))


def _kind_of_environment() -> str:
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return "conda"
    return "venv" if sys.prefix != sys.base_prefix else "system"

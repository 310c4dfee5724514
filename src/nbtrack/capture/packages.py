"""Installed packages, with their versions and where they came from."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from nbtrack.capture.git import without_credentials


@dataclass(frozen=True, slots=True)
class Package:
    """One package. ``origin`` is empty for one from a registry, else as PEP 610 tells it:

    ``vcs git+https://…@commit``, ``editable <folder>``, ``path <folder or file>`` or ``url …``;
    ``conda`` for one that conda installed.
    """

    name: str
    version: str
    origin: str = ""


def list_packages() -> list[Package]:
    """Every installed package, sorted by name; it takes some 70 ms."""
    found: dict[str, Package] = {}
    is_conda = (Path(sys.prefix) / "conda-meta").is_dir()
    for distribution in metadata.distributions():
        try:
            told = distribution.metadata
            if "Name" not in told or "Version" not in told:
                continue
            name, version = told["Name"], told["Version"]
            origin = _origin(distribution.read_text("direct_url.json"))
            if is_conda and (distribution.read_text("INSTALLER") or "").strip() == "conda":
                origin = "conda"
        except (TypeError, ValueError, OSError):
            continue  # A half-removed package has no readable metadata.
        if name:
            # The first on the path is the one that is imported.
            found.setdefault(name.lower().replace("_", "-"), Package(name, version, origin))
    return [found[name] for name in sorted(found)]


def list_conda_packages(prefix: str = sys.prefix) -> list[dict[str, str]]:
    """What conda has installed: name, version, build and channel; empty outside of conda.

    Read from the environment's own records; conda itself need not be on the path.
    """
    found = []
    for file in sorted((Path(prefix) / "conda-meta").glob("*.json")):
        try:
            record = json.loads(file.read_bytes())
            found.append(
                {
                    "name": str(record["name"]),
                    "version": str(record["version"]),
                    "build": str(record.get("build", "")),
                    "channel": without_credentials(str(record.get("channel", ""))),
                }
            )
        except (OSError, ValueError, LookupError, TypeError):
            continue
    return found


def _origin(direct_url: str | None) -> str:
    if not direct_url:
        return ""
    told: dict[str, Any] = json.loads(direct_url)
    url = without_credentials(str(told.get("url", "")))
    if vcs := told.get("vcs_info"):
        return f"vcs {vcs.get('vcs', 'git')}+{url}@{vcs.get('commit_id', '')}"
    if url.startswith("file:"):
        # Where on this machine is nobody's business: what it is called is enough.
        folder = url.rstrip("/").rpartition("/")[2]
        kind = "editable" if told.get("dir_info", {}).get("editable") else "path"
        return f"{kind} {folder}"
    return f"url {url}"

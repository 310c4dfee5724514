"""Finds the browser for the browser tests, and installs Debian's Chromium where it may.

``make test`` runs this as a program first. It never fails: where there is no
browser, the tests that need one do, and say what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
_NAMES += ("microsoft-edge", "microsoft-edge-stable")
_APPLICATIONS = tuple(
    Path(f"/Applications/{name}.app/Contents/MacOS/{name}")
    for name in ("Chromium", "Google Chrome", "Microsoft Edge")
)
MISSING = (
    "The browser tests need a Chromium, and none was found. On Debian and Ubuntu: "
    "apt-get install chromium fonts-dejavu. Elsewhere: install Chromium, Chrome or Edge, "
    "or set NBTRACK_TEST_BROWSER to the program."
)


def find_browser() -> str | None:
    """The path of a Chromium, Chrome or Edge on this machine, or ``None``."""
    chosen = os.environ.get("NBTRACK_TEST_BROWSER")
    if chosen:
        return chosen
    on_path = (shutil.which(name) for name in _NAMES)
    in_applications = (str(path) for path in _APPLICATIONS if path.exists())
    return next((path for path in (*on_path, *in_applications) if path), None)


def install_browser() -> None:
    """Install Debian's package, where this user may do so without a password."""
    apt = shutil.which("apt-get")
    if apt is None or not sys.platform.startswith("linux"):
        return
    may_install: list[str] = []
    if os.geteuid() != 0:
        may_install = ["sudo", "-n"]
        if (
            not shutil.which("sudo")
            or subprocess.run([*may_install, "true"], stderr=subprocess.DEVNULL).returncode
        ):
            return
    quiet = [*may_install, "env", "DEBIAN_FRONTEND=noninteractive", apt, "-qq"]
    for step in (["update"], ["install", "--yes", "chromium", "fonts-dejavu"]):
        # An outdated list of packages may still name one that is there.
        subprocess.run([*quiet, *step], stdout=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    if find_browser() is None:
        print("  … installing Chromium for the browser tests; about a minute", flush=True)
        install_browser()
    print(f"  … browser tests use {find_browser()}" if find_browser() else f"  … {MISSING}")

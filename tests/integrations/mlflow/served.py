"""``mlflow server`` around a store of ours, in processes of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import nbtrack


@dataclass(frozen=True)
class Server:
    """A server that was told of its store alone, in whose folder it runs; it may not answer yet."""

    store: Path
    address: str
    log: Path
    process: subprocess.Popen[bytes]

    def end(self) -> None:
        """End it with its workers, which are of its group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


def start_server(folder: Path) -> Server:
    """Start the command, with one worker."""
    store, log = folder / ".nbtrack", folder / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*command, "--backend-store-uri", f"nbtrack://{store}"],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(nbtrack.__file__).parents[1]),
                "PYTHONWARNINGS": "ignore",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            },
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    return Server(store, f"http://127.0.0.1:{port}", log, process)

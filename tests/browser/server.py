"""A JupyterLab server of the tests' own: its port, its folders, its log, its kernels.

It sees nothing of the user's configuration, and asks the network for nothing.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

_CHECKOUT = Path(__file__).parents[2]
LABEXTENSION = _CHECKOUT / "src/nbtrack/labextension/static"
_START_S = 90
_APPS = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}
# What the user set for nbtrack would change what the tests see.
_OWN_VARIABLES = ("NBTRACK_", "JUPYTER", "JPY_", "IPYTHONDIR")


class LabServer:
    """JupyterLab serving ``root`` on 127.0.0.1; everything else that it writes is in ``home``.

    ``app`` is the module that is run: ``notebook`` is Notebook 7, the same server with other pages.
    """

    def __init__(self, home: Path, root: Path, *, app: str = "jupyterlab") -> None:
        self.root = root
        self.home = home
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = home / "jupyterlab.log"
        environment = _environment(home)
        _silence_news(Path(environment["JUPYTERLAB_SETTINGS_DIR"]))
        extensions = home / "labextensions"
        extensions.mkdir()
        # The front-end as it was last built here, whether or not it was installed since.
        (extensions / "nbtrack").symlink_to(LABEXTENSION, target_is_directory=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", app, "--no-browser", "--allow-root"),
                    *("--ip=127.0.0.1", f"--port={self.url.rpartition(':')[2]}"),
                    "--ServerApp.port_retries=0",
                    "--IdentityProvider.token=",
                    "--ServerApp.password=",
                    "--ServerApp.disable_check_xsrf=True",
                    f"--ServerApp.root_dir={root}",
                    f"--{_APPS[app]}.expose_app_in_browser=True",
                    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                    f"--LabServerApp.extra_labextensions_path={extensions}",
                ],
                env=environment,
                cwd=root,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def request(self, method: str, path: str) -> object:
        """What the server's REST API answers at ``/api/`` + ``path``; ``None`` for no content."""
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method)
        with urllib.request.urlopen(request, timeout=20) as response:
            body = response.read()
        return json.loads(body) if body else None

    def shut_down_kernels(self, folder: str = "") -> None:
        """End the kernels of the notebooks in a folder below the root, of all by default."""
        sessions = self.request("GET", "sessions")
        assert isinstance(sessions, list)
        for session in sessions:
            if session["path"].startswith(folder):
                self.request("DELETE", f"sessions/{session['id']}")

    def trust(self, notebook: Path) -> None:
        """Sign a notebook, as JupyterLab does for the person who ran it."""
        NotebookNotary(data_dir=str(self.home / "data")).sign(nbformat.read(notebook, as_version=4))

    def log(self) -> str:
        """What the server has printed."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """End the server with its kernels."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended while it started:\n{self.log()}")
            try:
                self.request("GET", "status")
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise TimeoutError(f"JupyterLab did not answer within {_START_S} s:\n{self.log()}")


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _environment(home: Path) -> dict[str, str]:
    mine = {k: v for k, v in os.environ.items() if not k.startswith(_OWN_VARIABLES)}
    folders = {
        "HOME": "home",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    for variable, folder in folders.items():
        (home / folder).mkdir(parents=True)
        mine[variable] = str(home / folder)
    return mine


def _silence_news(settings: Path) -> None:
    folder = settings / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (folder / "notification.jupyterlab-settings").write_text(json.dumps(quiet))

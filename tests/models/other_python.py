"""Programs in a process of their own: in this environment, or in one that has MLflow and W&B."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]
# What the other environment has of its own. The libraries of the models it shares.
PACKAGES = ["mlflow>=3.17,<3.18", "wandb>=0.20"]


@dataclass(frozen=True)
class Python:
    """An interpreter, by its path."""

    executable: Path

    def run(self, source: str, **names: Any) -> Any:
        """Execute ``source`` with ``names`` set, and give what it assigns to ``answer``."""
        program = (
            "import json, sys\n"
            f"globals().update(json.loads({json.dumps(json.dumps(names, default=str))}))\n"
            f"{textwrap.dedent(source)}\n"
            "sys.__stdout__.write('\\n' + json.dumps(answer))"
        )
        done = subprocess.run(
            [str(self.executable), "-c", program],
            capture_output=True,
            text=True,
            timeout=240,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.rpartition("\n")[2])


def mlflow_python() -> Python:
    """A Python with the real MLflow and W&B, made once in ``.venv/mlflow`` and kept.

    It sees the packages of this environment behind its own, but not what is installed
    as editable, since that stands in files that only a site folder's own are read for.
    """
    folder = Path(sys.prefix) / "mlflow"
    executable = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    ready = folder / ".ready"
    if not ready.exists() or ready.read_text() != "\n".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python"]
        subprocess.run([*install, str(executable), *PACKAGES], check=True)
        [site] = (folder / "lib").glob("python*/site-packages")
        (site / "shared.pth").write_text(sysconfig.get_path("purelib"))
        ready.write_text("\n".join(PACKAGES))
    return Python(executable)


if __name__ == "__main__":
    print("Setting up MLflow and W&B beside nbtrack, where it is not yet")
    mlflow_python()

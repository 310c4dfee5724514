"""Local modules that were imported, by their texts."""

import subprocess
import sys

CODE = """
import json, sys
from pathlib import Path
sys.path.insert(0, ".")
import helpers, deep.tools, numpy, pytest
from nbtrack.capture.modules import local_modules
print(json.dumps(local_modules(Path("."))))
"""


def test_modules_of_the_project_are_found_and_installed_ones_are_not(tmp_path):
    import json

    (tmp_path / "helpers.py").write_text("k = 1\n")
    (tmp_path / "unused.py").write_text("k = 2\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "__init__.py").write_text("")
    (tmp_path / "deep" / "tools.py").write_text("k = 3\n")
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {
        "deep/__init__.py": "",
        "deep/tools.py": "k = 3\n",
        "helpers.py": "k = 1\n",
    }

"""The state of the git checkout around a folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

TIMEOUT_S = 10.0

_ADDRESS = re.compile(r"(?P<scheme>[\w+.:-]*://)(?P<rest>.*)", re.DOTALL)
_SCP_USER = re.compile(r"^[^/\s]*@(?=[^/\s]+:)")


def observe_git(folder: Path) -> dict[str, str]:
    """Facts about the checkout that ``folder`` is in, or ``git.note`` with why there are none.

    ``git.commit``, ``git.branch`` (absent on a detached head), ``git.dirty`` (``yes``
    or ``no``, untracked files included), ``git.remote`` without credentials. The
    answer is of the moment when git is asked, which is while the cell runs.
    """
    git = shutil.which("git")
    if git is None:
        return {"git.note": "git is not installed"}
    try:
        status = _run(
            git, folder, "status", "--porcelain=v2", "--branch", "--untracked-files=normal"
        )
    except subprocess.TimeoutExpired:
        return {"git.note": f"git status took more than {TIMEOUT_S:.0f} s"}
    except OSError as error:
        return {"git.note": f"git could not be run: {error.strerror or error}"}
    if status.returncode:
        reason = status.stderr.strip().partition("\n")[0].removeprefix("fatal: ")
        return {"git.note": reason[:200] or "not a git checkout"}
    facts: dict[str, str] = {"git.dirty": "no"}
    for line in status.stdout.splitlines():
        if line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ")
            if commit == "(initial)":
                facts["git.note"] = "no commit yet"
            else:
                facts["git.commit"] = commit
        elif line.startswith("# branch.head "):
            branch = line.removeprefix("# branch.head ")
            if branch != "(detached)":
                facts["git.branch"] = branch
        elif not line.startswith("#"):
            facts["git.dirty"] = "yes"
    facts.update(_remote(git, folder))
    return facts


def _remote(git: str, folder: Path) -> dict[str, str]:
    try:
        found = _run(git, folder, "config", "--get", "remote.origin.url")
    except (subprocess.TimeoutExpired, OSError):
        return {}
    url = found.stdout.strip()
    return {"git.remote": without_credentials(url)} if url else {}


def without_credentials(url: str) -> str:
    """A remote's address without user, password or token."""
    address = _ADDRESS.fullmatch(url)
    if address is None:
        user = _SCP_USER.match(url)  # git@github.com:team/project.git
        return url if user is None or user[0] == "git@" else url[user.end() :]
    rest = re.split(r"[?#]", address["rest"], maxsplit=1)[0]
    if "@" in address["rest"].partition("/")[0] or _has_open_password(address["rest"]):
        # A password may hold `@`, `/`, `?` and `#`, though it should not: the host comes last.
        rest = re.split(r"[?#]", address["rest"].rpartition("@")[2], maxsplit=1)[0]
    return address["scheme"] + rest


def _has_open_password(rest: str) -> bool:
    """Whether ``user:pass/word@host`` stands where host and port should."""
    port = rest.partition("/")[0].partition(":")[2]
    return "@" in rest and bool(port) and not port.isdigit()


def _run(git: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Optional locks would make a `git commit` of the user's own fail meanwhile.
    return subprocess.run(
        [git, "--no-optional-locks", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=TIMEOUT_S,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},  # Its reasons are shown: in one language.
        check=False,
    )

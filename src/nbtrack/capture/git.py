"""The state of the git checkout around a folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 10.0
MAX_DIFF_CHARS = 1 << 20
MAX_UNTRACKED_BYTES = 256 << 10
# Folders of what is made anew whenever it is needed.
_DERIVED = frozenset(
    "__pycache__ .ipynb_checkpoints .pytest_cache .mypy_cache .ruff_cache .nbtrack".split()
)

_ADDRESS = re.compile(r"(?P<scheme>[\w+.:-]*://)(?P<rest>.*)", re.DOTALL)
# A submodule with changes of its own, as `git status --porcelain=v2` tells it.
_CHANGED_SUBMODULE = re.compile(r"1 .. S.(?:M.|.U) (?:\S+ ){5}(?P<name>.*)")
_SCP_USER = re.compile(r"^[^/\s]*@(?=[^/\s]+:)")


@dataclass(frozen=True, slots=True)
class Checkout:
    """What git says of a folder: facts, the root of the checkout, and what is not committed."""

    facts: dict[str, str]
    root: Path | None = None
    diff: str = ""


def observe_git(folder: Path) -> Checkout:
    """The checkout that ``folder`` is in; ``git.note`` says why there is none.

    Facts are ``git.commit``, ``git.branch`` (absent on a detached head), ``git.dirty``
    (``yes`` or ``no``, untracked files included), ``git.remote`` without credentials,
    ``git.folder`` (this folder below the root) and ``git.diff_note`` for what the diff
    leaves out. The answer is of the moment when git is asked, which is while the cell runs.
    """
    git = shutil.which("git")
    if git is None:
        return Checkout({"git.note": "git is not installed"})
    try:
        status = _run(
            git, folder, "status", "--porcelain=v2", "--branch", "--untracked-files=normal"
        )
    except subprocess.TimeoutExpired:
        return Checkout({"git.note": f"git status took more than {TIMEOUT_S:.0f} s"})
    except OSError as error:
        return Checkout({"git.note": f"git could not be run: {error.strerror or error}"})
    if status.returncode:
        reason = status.stderr.strip().partition("\n")[0].removeprefix("fatal: ")
        return Checkout({"git.note": reason[:200] or "not a git checkout"})
    facts: dict[str, str] = {"git.dirty": "no"}
    submodules: list[str] = []
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
            if changed := _CHANGED_SUBMODULE.match(line):
                submodules.append(changed["name"])
    facts.update(_remote(git, folder))
    root = _root(git, folder)
    if root is None:
        return Checkout(facts)
    with suppress(ValueError):
        facts["git.folder"] = folder.resolve().relative_to(root).as_posix()
    if facts["git.dirty"] == "no" or "git.commit" not in facts:
        return Checkout(facts, root)
    diff, left_out = _diff(git, root)
    if submodules:
        inside = f"what changed within {', '.join(submodules[:5])}"
        left_out = f"{left_out}; {inside}" if left_out else f"without {inside}"
    if left_out:
        facts["git.diff_note"] = left_out
    return Checkout(facts, root, diff)


def _root(git: str, folder: Path) -> Path | None:
    try:
        found = _run(git, folder, "rev-parse", "--show-toplevel")
    except (subprocess.TimeoutExpired, OSError):
        return None
    return Path(found.stdout.rstrip("\n")).resolve() if found.returncode == 0 else None


def _diff(git: str, root: Path) -> tuple[str, str]:
    """What is not committed, as `git apply` takes it, and a note on what was left out."""
    left_out: list[str] = []
    try:
        # `-dirty` at a submodule's commit is nothing that a diff could be applied with.
        plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")
        changed = _run(git, root, "diff", "HEAD", *plain)
        others = _run(git, root, "ls-files", "--others", "--exclude-standard", "-z")
    except (subprocess.TimeoutExpired, OSError):
        return "", f"git took more than {TIMEOUT_S:.0f} s"
    diff = changed.stdout
    if len(diff) > MAX_DIFF_CHARS:
        return "", f"the diff has {len(diff) / 1e6:.1f} MB, and {MAX_DIFF_CHARS >> 20} are the most"
    if "\nBinary files " in f"\n{diff}":
        left_out.append("binary files that changed")
    for name in others.stdout.split("\0"):
        if not name or not _DERIVED.isdisjoint(name.split("/")):
            continue
        added = _addition(root / name, name)
        if added is None or len(diff) + len(added) > MAX_DIFF_CHARS:
            left_out.append(name)
        else:
            diff += added
    if not left_out:
        return diff, ""
    named = ", ".join(left_out[:5]) + (", …" if len(left_out) > 5 else "")
    return diff, f"without {len(left_out)} large or binary: {named}"


def _addition(file: Path, name: str) -> str | None:
    """An untracked text file as a diff that adds it; ``None`` for what is large or no text."""
    try:
        if file.is_symlink() or file.stat().st_size > MAX_UNTRACKED_BYTES:
            return None
        text = file.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None
    if "\0" in text or any(char in name for char in '"\\\n\t'):
        return None
    head = f"diff --git a/{name} b/{name}\nnew file mode 100644\n"
    if not text:
        return head
    lines = text.split("\n")
    ending = ""
    if lines[-1] == "":
        lines.pop()
    else:
        ending = "\\ No newline at end of file\n"
    body = "".join(f"+{line}\n" for line in lines)
    return f"{head}--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{len(lines)} @@\n{body}{ending}"


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

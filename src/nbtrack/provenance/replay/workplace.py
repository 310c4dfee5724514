"""The folder in which a run is made again: the recorded commit, its changes, modules and data.

It stands outside of the user's checkout, in which nothing is changed. Data that no
commit holds is linked from there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from nbtrack.capture.paths import read_paths
from nbtrack.capture.session.python import parsed
from nbtrack.provenance.recipe import Recipe


@dataclass(slots=True)
class Workplace:
    """A passing folder; ``notes`` say in sentences what it lacks. A context manager."""

    recipe: Recipe
    project: Path
    keep: bool = False
    notes: list[str] = field(default_factory=list)
    folder: Path = field(init=False)
    _checkouts: list[Path] = field(default_factory=list)

    def __enter__(self) -> Workplace:
        self.folder = Path(tempfile.mkdtemp(prefix="nbtrack-replay-"))
        try:
            self._make_tree()
            self._write_modules()
            self._link_data()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.keep:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        for root in self._checkouts:
            _git(root, "worktree", "prune")

    @property
    def tree(self) -> Path:
        """The root of the project as it was."""
        return self.folder / "project"

    @property
    def cwd(self) -> Path:
        """Where the notebook ran."""
        return self.tree / path_below(self.recipe)

    @property
    def store(self) -> Path:
        """A store for what runs here, and is gone with it."""
        return self.folder / ".nbtrack"

    def _make_tree(self) -> None:
        commit = self.recipe.run.facts.get("git.commit")
        root = _git(self.project, "rev-parse", "--show-toplevel").stdout.strip() if commit else ""
        if commit and root:
            if self._check_out(Path(root), self.tree, commit):
                self._apply_changes()
                self._check_out_submodules(Path(root), self.tree)
        elif commit:
            self.notes.append(f"There is no git checkout here with commit {commit[:10]}.")
        self.cwd.mkdir(parents=True, exist_ok=True)

    def _check_out(self, root: Path, tree: Path, commit: str) -> bool:
        made = _git(root, "worktree", "add", "--detach", "--force", str(tree), commit)
        if made.returncode == 0:
            self._checkouts.append(root)
            return True
        self.notes.append(
            f"Commit {commit[:10]} is not in the checkout {root.name}: "
            "fetch it for the code as it was."
        )
        return False

    def _check_out_submodules(self, root: Path, tree: Path) -> None:
        """Each at the commit that the tree names, from the user's clone of it: no network."""
        for line in _git(tree, "ls-files", "--stage", "-z").stdout.split("\0"):
            mode, _, rest = line.partition(" ")
            if mode != "160000":
                continue
            commit, name = rest.partition(" ")[0], rest.partition("\t")[2]
            if not (root / name / ".git").exists():
                self.notes.append(f"The submodule {name} is not checked out here.")
            elif self._check_out(root / name, tree / name, commit):
                self._check_out_submodules(root / name, tree / name)

    def _apply_changes(self) -> None:
        diff = self.recipe.texts.get("git.diff", "")
        if note := self.recipe.run.facts.get("git.diff_note"):
            self.notes.append(f"Of what was not committed, this was not recorded: {note}.")
        if not diff:
            return
        patch = self.folder / "changes.diff"
        patch.write_text(diff, encoding="utf-8", newline="")
        applied = _git(self.tree, "apply", "--index", "--whitespace=nowarn", str(patch))
        if applied.returncode:
            reason = applied.stderr.strip().partition("\n")[0]
            self.notes.append(f"What was not committed could not be applied ({reason}).")

    def _write_modules(self) -> None:
        for name, text in self.recipe.modules.items():
            path = self.tree / name
            if ".." in PurePath(name).parts or PurePath(name).is_absolute():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")

    def _link_data(self) -> None:
        told = {each.source for each in self.recipe.inputs if each.source}
        for name in data_paths(self.recipe):
            path = Path(name)
            if "://" in name or (self.cwd / path).exists():
                continue
            source = self.project / path_below(self.recipe) / path
            if path.is_absolute() or ".." in path.parts or not source.exists():
                if name in told and not (path.is_absolute() and path.exists()):
                    self.notes.append(f"The data {name} is missing here.")
                continue
            link = self.cwd / path
            link.parent.mkdir(parents=True, exist_ok=True)
            try:
                link.symlink_to(source.resolve(), target_is_directory=source.is_dir())
            except OSError:  # Windows asks for a privilege.
                (shutil.copytree if source.is_dir() else shutil.copy2)(source, link)


def path_below(recipe: Recipe) -> PurePath:
    """The folder in which the notebook ran, below the root of its checkout."""
    below = PurePath(recipe.run.facts.get("git.folder", "."))
    return PurePath(".") if below.is_absolute() or ".." in below.parts else below


def data_paths(recipe: Recipe) -> list[str]:
    """Files and addresses that the run read, as far as it was recorded or its cells tell."""
    found = {each.source for each in recipe.inputs if each.source}
    for cell in recipe.cells:
        tree = parsed(cell.text)
        if tree is not None:
            found |= set(read_paths(tree, {}))
    return sorted(path for path in found if _is_path(path))


def _is_path(text: str) -> bool:
    return bool(text) and not text.startswith(("-", "<")) and "\n" not in text


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except OSError as error:
        return subprocess.CompletedProcess(arguments, 127, "", str(error))

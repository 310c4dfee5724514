"""What is not committed, as a diff that makes the same files again."""

import subprocess

import pytest

from nbtrack.capture import git
from nbtrack.capture.git import observe_git


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "n")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "e@example.org")
    folder = tmp_path / "project"
    folder.mkdir()
    _git(folder, "init", "-q", "-b", "main")
    (folder / "a.py").write_text("a = 1\nb = 2\n")
    (folder / "gone.py").write_text("x = 1\n")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "first")
    return folder


def _git(folder, *arguments):
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def test_the_diff_makes_the_same_files_again(checkout, tmp_path):
    (checkout / "a.py").write_text("a = 1\nb = 3\n")
    (checkout / "gone.py").unlink()
    (checkout / "deep").mkdir()
    (checkout / "deep" / "new.py").write_text("new = 'ü'\n\nno_newline = 1")
    (checkout / "empty.py").write_text("")
    seen = observe_git(checkout / "deep")
    assert seen.facts["git.folder"] == "deep"
    assert seen.root == checkout.resolve()
    _git(checkout, "worktree", "add", "-q", "--detach", str(tmp_path / "again"))
    (tmp_path / "the.diff").write_text(seen.diff)
    _git(tmp_path / "again", "apply", str(tmp_path / "the.diff"))
    for file in ("a.py", "deep/new.py", "empty.py"):
        assert (tmp_path / "again" / file).read_text() == (checkout / file).read_text()
    assert not (tmp_path / "again" / "gone.py").exists()


def test_large_and_binary_files_are_left_out_and_named(checkout, monkeypatch):
    monkeypatch.setattr(git, "MAX_UNTRACKED_BYTES", 100)
    (checkout / "large.txt").write_text("x" * 101)
    (checkout / "image.png").write_bytes(bytes(range(256))[:90])
    (checkout / "small.txt").write_text("y")
    seen = observe_git(checkout)
    assert "small.txt" in seen.diff
    assert "large.txt" not in seen.diff
    assert "large.txt" in seen.facts["git.diff_note"]
    assert "image.png" in seen.facts["git.diff_note"]


def test_what_is_made_anew_by_itself_is_neither_kept_nor_named(checkout):
    for folder in ("__pycache__", "deep/.ipynb_checkpoints"):
        (checkout / folder).mkdir(parents=True)
        (checkout / folder / "left.pyc").write_bytes(b"\0\1")
    (checkout / "kept.py").write_text("k = 1\n")
    seen = observe_git(checkout)
    assert "kept.py" in seen.diff
    assert "left.pyc" not in seen.diff
    assert "git.diff_note" not in seen.facts


def test_a_file_of_two_gigabytes_costs_nothing(checkout):
    with (checkout / "huge.bin").open("wb") as file:
        file.truncate(2 << 30)
    seen = observe_git(checkout)
    assert seen.diff == ""
    assert "huge.bin" in seen.facts["git.diff_note"]


def test_a_clean_checkout_has_no_diff(checkout):
    assert observe_git(checkout).diff == ""


def test_what_git_ignores_is_not_in_it(checkout):
    (checkout / ".gitignore").write_text("data/\n")
    (checkout / "data").mkdir()
    (checkout / "data" / "secret.txt").write_text("x")
    assert "secret.txt" not in observe_git(checkout).diff

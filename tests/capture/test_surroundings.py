"""git, Python and packages around a cell: what is found, and a clear note where nothing is."""

import os
import subprocess
from importlib import metadata

import pytest

from nbtrack.capture import git
from nbtrack.capture.git import observe_git, without_credentials
from nbtrack.capture.surroundings import Surroundings


@pytest.fixture
def run_git(tmp_path, monkeypatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "n")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "e@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def run(*arguments, folder=tmp_path):
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    return run


@pytest.fixture
def checkout(run_git, tmp_path):
    run_git("init", "-q", "-b", "main")
    (tmp_path / "a.py").write_text("a = 1\n")
    run_git("add", ".")
    run_git("commit", "-q", "-m", "first")
    return tmp_path


def test_commit_branch_and_a_clean_tree(checkout, run_git):
    facts = observe_git(checkout).facts
    assert facts == {
        "git.folder": ".",
        "git.commit": run_git("rev-parse", "HEAD"),
        "git.branch": "main",
        "git.dirty": "no",
    }


@pytest.mark.parametrize("change", ["edit", "untracked", "staged"])
def test_any_change_is_dirty(checkout, run_git, change):
    file = checkout / ("a.py" if change == "edit" else "b.py")
    file.write_text("a = 2\n")
    if change == "staged":
        run_git("add", ".")
    assert observe_git(checkout).facts["git.dirty"] == "yes"


def test_a_detached_head_has_no_branch(checkout, run_git):
    run_git("checkout", "-q", "--detach")
    assert "git.branch" not in observe_git(checkout).facts


def test_a_checkout_without_a_commit_says_so(run_git, tmp_path):
    run_git("init", "-q", "-b", "main")
    assert observe_git(tmp_path).facts["git.note"] == "no commit yet"


def test_no_checkout_says_so(run_git, tmp_path):
    assert "not a git repository" in observe_git(tmp_path).facts["git.note"]


def test_no_git_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert observe_git(tmp_path).facts == {"git.note": "git is not installed"}


def test_a_git_that_takes_too_long_is_given_up(checkout, monkeypatch):
    monkeypatch.setattr(git, "TIMEOUT_S", 1e-6)
    assert "took more than" in observe_git(checkout).facts["git.note"]


def test_a_worktree_is_a_checkout(checkout, run_git, tmp_path):
    run_git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert observe_git(tmp_path / "side").facts["git.branch"] == "side"


def test_the_remote_comes_without_credentials(checkout, run_git):
    run_git("remote", "add", "origin", "https://me:s3cr3t@example.org/a/b.git")
    assert observe_git(checkout).facts["git.remote"] == "https://example.org/a/b.git"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://token@example.org/x.git", "https://example.org/x.git"),
        ("https://u:p%40ss@example.org/x.git", "https://example.org/x.git"),
        ("ssh://git@example.org:22/x.git", "ssh://example.org:22/x.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("/srv/git/x.git", "/srv/git/x.git"),
    ],
)
def test_credentials_are_taken_off_addresses(url, shown):
    assert without_credentials(url) == shown


def test_surroundings_tell_git_python_and_packages(checkout):
    around = Surroundings(checkout)
    around.begin()
    facts, texts = around.facts(timeout_s=30)
    assert facts["git.branch"] == "main"
    assert facts["python.version"].count(".") == 2
    assert f"duckdb=={metadata.version('duckdb')}" in texts["packages"].splitlines()


def test_what_is_not_there_in_time_is_left_out(checkout, monkeypatch):
    around = Surroundings(checkout)
    assert around.facts(timeout_s=0) == ({}, {})

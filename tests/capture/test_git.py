"""Real checkouts: what git says of them, and what must never be said."""

import shutil
import subprocess

import pytest

from nbtrack.capture import surroundings
from nbtrack.capture.git import observe_git, without_credentials
from nbtrack.capture.surroundings import Surroundings


@pytest.fixture
def git(tmp_path, monkeypatch):
    if shutil.which("git") is None:
        pytest.fail("These tests need git: install it with your system's packages.")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@example.org")
    folder = tmp_path / "project"
    folder.mkdir()

    def run(*arguments):
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)

    run.folder = folder
    run("init", "-q", "-b", "main")
    return run


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://me:{SECRET}@host/team/x.git", "https://host/team/x.git"),
        (f"https://{SECRET}@host/x.git", "https://host/x.git"),
        (f"https://:{SECRET}@host/x", "https://host/x"),
        (f"https://x-access-token:{SECRET}@host/x", "https://host/x"),
        (f"https://me:{SECRET}@{SECRET}@host/x", "https://host/x"),
        (f"https://me:a/{SECRET}@host/x", "https://host/x"),
        (f"https://me:a#{SECRET}?b@host/x", "https://host/x"),
        (f"https://host/x.git?private_token={SECRET}", "https://host/x.git"),
        (f"https://host/x.git#{SECRET}", "https://host/x.git"),
        (f"ssh://me:{SECRET}@host:22/x", "ssh://host:22/x"),
        (f"codecommit::https://me:{SECRET}@host/x", "codecommit::https://host/x"),
        (f"{SECRET}@host:team/x.git", "host:team/x.git"),
        ("git@host:team/x.git", "git@host:team/x.git"),
        ("https://host:8443/@scope/x", "https://host:8443/@scope/x"),
        ("file:///srv/a@b/x", "file:///srv/a@b/x"),
        ("/srv/git/x", "/srv/git/x"),
        ("../x", "../x"),
        ("C:\\git\\x", "C:\\git\\x"),
    ],
)
def test_a_remote_is_told_without_what_opens_it(git, url, shown):
    assert without_credentials(url) == shown
    git("config", "remote.origin.url", url)
    facts = observe_git(git.folder).facts
    assert facts["git.remote"] == shown
    assert SECRET not in str(facts)


def test_reasons_are_in_one_language(git, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    assert observe_git(tmp_path).facts["git.note"].startswith("not a git repository")


def test_a_folder_whose_name_is_not_utf_8(git, monkeypatch):
    folder = git.folder / "caf\udce9"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this filesystem takes UTF-8 alone")
    (folder / "new").touch()
    assert observe_git(folder).facts["git.dirty"] == "yes"


def test_a_bare_repository_and_a_folder_that_is_gone_are_notes(git, tmp_path):
    git("init", "-q", "--bare", str(tmp_path / "bare"))
    assert set(observe_git(tmp_path / "bare").facts) == {"git.note"}
    assert set(observe_git(tmp_path / "gone").facts) == {"git.note"}


def test_looking_takes_no_lock_and_writes_nothing(git):
    (git.folder / "a").write_text("1")
    git("add", "a")
    git("commit", "-q", "-m", "First")
    (git.folder / ".git" / "index.lock").touch()  # The user's own git is at work.
    before = (git.folder / ".git" / "index").read_bytes()
    assert observe_git(git.folder).facts["git.dirty"] == "no"
    assert (git.folder / ".git" / "index").read_bytes() == before


def test_what_fails_beside_the_cell_is_told_and_the_rest_is_kept(git, monkeypatch):
    def fail(folder):
        raise RuntimeError("no luck")

    monkeypatch.setattr(surroundings, "observe_git", fail)
    around = Surroundings(git.folder)
    around.begin()
    facts, texts = around.facts(timeout_s=60)
    assert facts["surroundings.trouble"] == "RuntimeError: no luck"
    assert "python.version" in facts
    assert "packages" in texts

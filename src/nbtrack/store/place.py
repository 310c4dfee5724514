"""The folder of a store: made when it is first needed, ignored by git, shared as its place is."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

JOURNALS = "journals"


def make_store_folder(path: Path) -> Path:
    """Make the store's folder, if it is not there; its folder of journals.

    Any number of processes may do so at once. Raises ``OSError``.
    """
    journals = path / JOURNALS
    if not journals.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        share(path, like=path.parent)
        journals.mkdir(exist_ok=True)
        share(journals, like=path)
    ignore = path / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="ascii")
        share(ignore, like=path)
    return journals


def share(made: Path, *, like: Path) -> None:
    """Give ``made`` the rights that the folder ``like`` gives its group.

    Several users share a store through a group folder (``chmod g+ws``); the
    process's umask would take the group's right to write away.
    """
    with suppress(OSError):
        folder = like.stat().st_mode
        if not folder & stat.S_ISGID or not folder & stat.S_IWGRP:
            return
        mode = made.stat().st_mode
        group = stat.S_IRGRP | stat.S_IWGRP
        if stat.S_ISDIR(mode):
            group |= stat.S_IXGRP | stat.S_ISGID
        os.chmod(made, stat.S_IMODE(mode) | group)

"""nbtrack in one shell: everything it registers, and takes out again."""

from __future__ import annotations

from typing import Any

from nbtrack import settings
from nbtrack.magics.commands import TrackMagic
from nbtrack.magics.complete import track_matcher
from nbtrack.magics.hooks import Hooks
from nbtrack.magics.session import Session
from nbtrack.magics.session_log import SessionLog
from nbtrack.tracking.settling import add_recorder, remove_recorder


class Extension:
    """`register` and `unregister` undo each other, in any order and number of turns."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        session = Session(shell, SessionLog(shell))
        self._settle = session.settle
        self._magic = TrackMagic(session)
        parser = TrackMagic.track.parser
        self._hooks = Hooks(session, parser)
        self._matcher = track_matcher(session, parser)

    def register(self) -> None:
        """Put the magic, the hooks and the completions into the shell."""
        settings.configure(dict(self._shell.config.get("NBTrack", {})))
        self._shell.register_magic_function(self._magic.track, "line_cell", "track")
        self._hooks.register()
        self._shell.Completer.custom_matchers.append(self._matcher)
        add_recorder(self._settle)

    def unregister(self) -> None:
        """Take them out."""
        remove_recorder(self._settle)
        self._shell.Completer.custom_matchers.remove(self._matcher)
        self._hooks.unregister()
        for kind in ("line", "cell"):
            self._shell.magics_manager.magics[kind].pop("track", None)

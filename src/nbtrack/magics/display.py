"""Where a card is shown: one display that is replaced in a notebook, a line in a console."""

from __future__ import annotations

from typing import Any

from IPython.display import display

from nbtrack.widgets.card import RunCard


class CardDisplay:
    """The place of one card under its cell. Any thread may replace the card."""

    def __init__(self, shell: Any) -> None:
        # A terminal cannot take back what it has shown: there only the outcome is printed.
        self._replaces = hasattr(shell, "kernel")
        self._handle: Any = None
        self._printed = False

    def show(self, card: RunCard) -> None:
        """Show ``card``, in place of the one shown before."""
        if not self._replaces:
            if card.status != "running" and not self._printed:
                self._printed = True
                print(card)
        elif self._handle is None:
            self._handle = display(card, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(card)

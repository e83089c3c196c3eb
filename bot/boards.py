"""Where work that takes long shows how far it is. Knows no Discord."""

from typing import Protocol

from bot.rendering.cards import Card

EDIT_EVERY_S = 2.0
"""Discord slows down bots that edit a message more often than about once a second."""


class Board(Protocol):
    """Where a piece of work shows how far it is."""

    channel_id: int | None
    message_id: int | None
    """The message that a later process can change; None when there is none."""
    link: str | None
    """Where it can be seen by everybody who may; None when only one person sees it."""

    async def show(self, card: Card, running: str | None) -> None:
        """Replace what is shown.

        Args:
            running: The id of the work, for its cancel button; None when it is over.

        Never raises: the work goes on although nobody sees it.
        """

"""Reading the cards that the bot sends, as Discord holds them: JSON or discord.py's objects."""

from collections.abc import Iterator
from typing import Any


def components(message: Any) -> Iterator[dict[str, Any]]:
    """All components of a message, however deep, in the order in which they are shown, as JSON."""
    assert message is not None, "there is no message"
    pending = [one if isinstance(one, dict) else one.to_dict() for one in message.components]
    while pending:
        one = pending.pop(0)
        yield one
        pending[:0] = one.get("components", ())


def text_of(message: Any) -> str:
    """All texts of a card, one after the other."""
    return "\n".join(one["content"] for one in components(message) if "content" in one)


def buttons_of(message: Any) -> dict[str, dict[str, Any]]:
    """The buttons of a card by label, or by emoji where there is none."""
    return {one.get("label") or one["emoji"]["name"]: one for one in components(message) if one["type"] == 2}

"""How much Discord takes, and cutting to it."""

import unicodedata
from collections.abc import Sequence

CARD_TEXT = 4_000
"""Characters of all texts of a message with components.

https://docs.discord.com/developers/components/reference does not name it; discord.py documents it at `TextDisplay`.
"""
OWN_CARD_TEXT = 3_800
"""What our cards keep to, so that a note can be added to one that is full."""

BUTTON_LABEL = 80
BUTTON_URL = 512
SELECT_TEXT = 100
"""Characters of an option's label, value or description."""
AUTOCOMPLETE_CHOICES = 25
AUTOCOMPLETE_NAME = 100
AUTOCOMPLETE_VALUE = 100
MODAL_TITLE = 45
MODAL_LABEL = 45
MODAL_LABEL_DESCRIPTION = 100
MODAL_INPUT = 4_000
MODAL_PLACEHOLDER = 100
COMMAND_NAME = 32
COMMAND_DESCRIPTION = 100

ELLIPSIS = "…"
_ZERO_WIDTH_JOINER = "\u200d"


def length(text: str) -> int:
    """Characters as Discord's client counts them: UTF-16 code units, which are never fewer than code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fits(texts: Sequence[str]) -> bool:
    """Whether these texts can be the texts of one message, none of them empty."""
    return all(text.strip() for text in texts) and sum(map(length, texts)) <= CARD_TEXT


def cut(text: str, longest: int) -> str:
    """Shorten a text to at most `longest` >= 1 characters (as `length` counts), at a word's end, with "…".

    A word is cut only when it takes more than half of the room, and then never inside what is seen as one character.
    """
    if length(text) <= longest:
        return text
    room = longest - 1
    end = len(text.encode("utf-16-le", "surrogatepass")[: 2 * room].decode("utf-16-le", "ignore"))
    word_end = _word_end(text, end)
    end = word_end if word_end > end // 2 else character_end(text, end)
    return text[:end].rstrip() + ELLIPSIS


def _word_end(text: str, end: int) -> int:
    while end > 0 and not text[end].isspace():
        end -= 1
    return end


def character_end(text: str, end: int) -> int:
    """The last place at or before `end` that does not part marks, joined emoji or flags from what they stand with."""
    while 0 < end < len(text) and (_clings(text[end]) or text[end - 1] == _ZERO_WIDTH_JOINER or _parts_flag(text, end)):
        end -= 1
    return end


def _parts_flag(text: str, end: int) -> bool:
    """Whether a place is inside a flag, which is two letters of its own: an odd number of them stand before it."""
    start = end
    while start > 0 and _is_flag_letter(text[start - 1]):
        start -= 1
    return _is_flag_letter(text[end]) and (end - start) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _clings(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character == _ZERO_WIDTH_JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )

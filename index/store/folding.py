"""What titles are searched by: their letters without case and accents."""

import unicodedata

FOLDED_CHARACTERS = 300
"""Kept of a folded title: a row of a PostgreSQL index holds 2.7 KB, and no title that people read is longer."""

_FIRST_ACCENT = 200
"""Combining classes from here on are accents (Unicode 15, table 4-3). Those below also hold what makes another letter:
the vowel killer of Hindi (9), the voicing of Japanese (8), the dot below of Indian scripts (7)."""

_VOWEL_SIGNS = range(10, 36)
"""The combining classes of Hebrew points and Arabic vowel signs, which are left out as a rule when people type."""

# Letters with a stroke or a join, which Unicode does not take apart.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def folded(title: str) -> str:
    """Fold a title, or what is looked for in titles; folding twice changes nothing.

    Returns:
        Words parted by single spaces, at most `FOLDED_CHARACTERS` long.
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", title).casefold())
    plain = "".join(character for character in apart if not _is_accent(character)).translate(_PLAIN)
    return " ".join(unicodedata.normalize("NFC", plain).split())[:FOLDED_CHARACTERS].rstrip()


def _is_accent(character: str) -> bool:
    combining = unicodedata.combining(character)
    return combining >= _FIRST_ACCENT or combining in _VOWEL_SIGNS

"""Cut words down to their stems, by the rules of their language."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

import Stemmer

from index.analysis.languages import Language, language

# What is left of a word has to have this many letters, or unlike words would share a stem.
_SHORTEST_STEM = 3


class _Snowball(threading.local):
    """One stemmer a thread: PyStemmer keeps the word it works on in the object, and is not thread-safe."""

    def __init__(self, algorithm: str) -> None:
        # Without PyStemmer's cache: the analysis keeps its own, from the written word to the finished term.
        self.stem: Callable[[str], str] = Stemmer.Stemmer(algorithm, 0).stemWord


def stemmer(code: str) -> Callable[[str], str]:
    """Return the function that stems a casefolded word with its accents still on.

    It may be called from any thread. The stem need not be a word, and stemming it again may shorten it further.
    A language without a stemmer gets its words back unchanged.

    Args:
        code: As for `language`.

    Raises:
        KeyError: The installed PyStemmer lacks the language's algorithm; Polish, Czech and Persian came with 3.1.
    """
    return _stemmer(language(code))


@functools.cache
def _stemmer(spoken: Language) -> Callable[[str], str]:
    if spoken.stemmer is None:
        return _unchanged
    if spoken.stemmer == "light":
        return functools.partial(_strip, _by_last_letter(spoken.suffixes))
    snowball = _Snowball(spoken.stemmer)
    return lambda word: snowball.stem(word)


def _unchanged(word: str) -> str:
    return word


def _by_last_letter(suffixes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Group suffixes by their last letter, the longest first: "ах" must not go before "ськах"."""
    ordered = sorted(suffixes, key=len, reverse=True)
    return {last: tuple(s for s in ordered if s[-1] == last) for last in {s[-1] for s in ordered}}


def _strip(suffixes: dict[str, tuple[str, ...]], word: str) -> str:
    """Take off the longest suffix that leaves enough of the word."""
    for suffix in suffixes.get(word[-1:], ()):
        if len(word) >= len(suffix) + _SHORTEST_STEM and word.endswith(suffix):
            return word[: -len(suffix)]
    return word

"""The terms of one language's passages, and which of them could stand for a word that somebody typed."""

import bisect
import errno
from itertools import islice
from pathlib import Path

import marisa_trie
from rapidfuzz.distance import OSA

from index.analysis.languages import Language
from index.analysis.relations import related
from index.analysis.words import is_wordless

MAX_VARIANTS = 12

_RANGE = 200
"""Most neighbours in the dictionary that are looked at for one prefix or suffix."""


class Vocabulary:
    """Terms and their ids, 0..len-1: a fixed base in two tries, forwards and backwards, and a tail for new ones."""

    def __init__(self, forwards: "marisa_trie.Trie | None" = None, backwards: "marisa_trie.Trie | None" = None) -> None:
        self._forwards = forwards if forwards is not None else marisa_trie.Trie()
        self._backwards = backwards if backwards is not None else marisa_trie.Trie()
        self._base_size = len(self._forwards)
        self._tail: dict[str, int] = {}
        self._tail_terms: list[str] = []
        self._tail_seen = 0
        self._tail_sorted: list[str] = []
        self._tail_backwards: list[str] = []

    @classmethod
    def open(cls, folder: Path) -> "Vocabulary":
        """Map the tries that `save` wrote."""
        return cls(
            marisa_trie.Trie().mmap(str(folder / "terms.marisa")), marisa_trie.Trie().mmap(str(folder / "smret.marisa"))
        )

    def save(self, folder: Path) -> None:
        """Write the tries; only a vocabulary without a tail can be saved (see `compacted`)."""
        try:
            self._forwards.save(str(folder / "terms.marisa"))
            self._backwards.save(str(folder / "smret.marisa"))
        except RuntimeError as error:
            # marisa has its own error for a full disk.
            raise OSError(errno.EIO, "the terms cannot be written; is the disk full?", str(folder)) from error

    def compacted(self, kept: list[int]) -> tuple["Vocabulary", list[int]]:
        """A vocabulary of the kept ids only, and the new id of each, in the order of `kept`."""
        terms = [self.term(i) for i in kept]
        forwards = marisa_trie.Trie(terms)
        backwards = marisa_trie.Trie([term[::-1] for term in terms if len(term) > 2 and is_spelt(term)])
        return Vocabulary(forwards, backwards), [forwards[term] for term in terms]

    def __len__(self) -> int:
        return self._base_size + len(self._tail_terms)

    def get(self, term: str) -> int | None:
        """The term's id, or None when no passage has ever held it."""
        known = self._tail.get(term)
        if known is None:
            known = self._forwards.get(term)
        return known

    def add(self, term: str) -> int:
        """The term's id, a new one if need be."""
        known = self.get(term)
        if known is None:
            known = self._tail[term] = len(self)
            self._tail_terms.append(term)
        return known

    def term(self, number: int) -> str:
        """The term of an id."""
        if number < self._base_size:
            return str(self._forwards.restore_key(number))
        return self._tail_terms[number - self._base_size]

    def starting_with(self, prefix: str) -> list[str]:
        """Some terms that begin with the prefix, at most a few hundred."""
        self._sort_tail()
        return [*islice(self._forwards.iterkeys(prefix), _RANGE), *_range(self._tail_sorted, prefix)]

    def ending_with(self, suffix: str) -> list[str]:
        """Some words that end with the suffix, at most a few hundred."""
        self._sort_tail()
        wanted = suffix[::-1]
        found = [*islice(self._backwards.iterkeys(wanted), _RANGE), *_range(self._tail_backwards, wanted)]
        return [term[::-1] for term in found]

    def _sort_tail(self) -> None:
        if self._tail_seen == len(self._tail_terms):
            return
        new = [term for term in self._tail_terms[self._tail_seen :] if len(term) > 2 and is_spelt(term)]
        self._tail_seen = len(self._tail_terms)
        # Sorting a sorted list with a few more at its end is close to linear.
        self._tail_sorted = sorted(self._tail_sorted + new)
        self._tail_backwards = sorted(self._tail_backwards + [term[::-1] for term in new])


def _range(terms: list[str], prefix: str) -> list[str]:
    first = bisect.bisect_left(terms, prefix)
    found: list[str] = []
    for term in islice(terms, first, first + _RANGE):
        if not term.startswith(prefix):
            break
        found.append(term)
    return found


def is_spelt(term: str) -> bool:
    """Whether a term is a word that may be misspelt or take endings: no number, sign or pair of characters.

    `str.isalpha` would not do: the vowels of Hindi or Telugu are marks.
    """
    return term[0].isalpha() and not is_wordless(term) and not any(c.isdigit() for c in term)


def variants(term: str, language: Language, vocabulary: Vocabulary) -> list[tuple[str, float]]:
    """Terms of the vocabulary that may stand for a typed term, with weights below 1, best first.

    Misspellings (unknown words only), other endings, compounds and their parts, and for English related words.
    """
    if len(term) < 4 or not is_spelt(term):
        return []
    found: dict[str, float] = {}
    known = vocabulary.get(term) is not None
    if not known:
        _misspelt(term, vocabulary, found)
    _other_endings(term, vocabulary, found)
    if language.compounds and len(term) >= 5:
        _compounds(term, vocabulary, found)
    best = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:8]
    for other, weight in related(language.code, term):
        if other not in found and other != term and vocabulary.get(other) is not None:
            best.append((other, weight))
    return best[:MAX_VARIANTS]


def _note(found: dict[str, float], term: str, weight: float) -> None:
    if weight > found.get(term, 0.0):
        found[term] = weight


def _misspelt(term: str, vocabulary: Vocabulary, found: dict[str, float]) -> None:
    # With one edit one half is untouched; with two, in all but rare cases, the first or the last third.
    edits = 2 if len(term) >= 8 else 1
    part = len(term) // (edits + 1)
    for other in {*vocabulary.starting_with(term[:part]), *vocabulary.ending_with(term[-part:])}:
        if other == term or abs(len(other) - len(term)) > edits:
            continue
        distance = OSA.distance(term, other, score_cutoff=edits)
        if distance <= edits:
            _note(found, other, 0.8 if distance == 1 else 0.6)


def _other_endings(term: str, vocabulary: Vocabulary, found: dict[str, float]) -> None:
    prefix = term[: max(4, int(len(term) * 0.7 + 0.5))]
    for other in vocabulary.starting_with(prefix):
        if other == term:
            continue
        longest = max(len(term), len(other))
        same = len(prefix)
        while same < min(len(term), len(other)) and term[same] == other[same]:
            same += 1
        ending = longest - same
        if ending <= 3 and same >= max(4, 0.6 * longest):
            _note(found, other, 0.7 if ending <= 2 else 0.5)


def _compounds(term: str, vocabulary: Vocabulary, found: dict[str, float]) -> None:
    for other in (*vocabulary.starting_with(term)[:60], *vocabulary.ending_with(term)[:60]):
        if len(other) >= len(term) + 4:
            _note(found, other, 0.5)
    if len(term) < 9:
        return
    for cut in range(4, len(term) - 3):
        first, second = term[:cut], term[cut:]
        if vocabulary.get(second) is None:
            continue
        for link in ("", "s", "e", "n", "en", "es"):
            head = first.removesuffix(link)
            if first.endswith(link) and len(head) >= 4 and vocabulary.get(head) is not None:
                _note(found, head, 0.4)
                _note(found, second, 0.4)
                return

"""How a text becomes a row of words, with as little analysis as possible.

There are three tables, each with fewer rows than what goes into it:

    piece  what stands between white space: `(l'armée,`              `Reader`, in memory, for as long as texts are added
    form   what analysis takes at once: `l'armée`                    `Forms`, saved with the index
    word   what the form stands for: term, flags, letter groups ...  the table of words in `annotations.py`

A text is split at white space, and most of its pieces have been met before: for them, one look-up gives the word. A new
piece is cut into forms, and only a form that the index has never held is analysed, which costs twenty times as much.
What comes out is what `Analyzer.forms` and `Analyzer.words` give for the whole text; tests/unit/test_forms.py holds
the two together.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from index.analysis.words import Analyzer, Word, has_wordless
from index.ranking.columns import Array, mapped, starts

_MOST_REMEMBERED = 200_000
"""Pieces that a reader remembers, about 30 MB. When there are more it forgets all, and finds them among the forms."""

_ENDINGS = ".,;:"
"""Marks that end no form after ASCII letters only: "U.S." has one between letters, and is left to the patterns."""

_GOES_ON = re.compile(r"\d \d{3}|\d\. \d")
"""The only forms that go over white space are numbers such as 10 000 and dates such as "3. 10. 2022"."""

_MAY_GO_ON = re.compile(r"\d{3}|\d\d?\.$")
"""Begins a piece that may be a part of such a form."""


class Forms:
    """The forms of one language, and for each the numbers of its words, which lie side by side in the table of words.

    They are a base, perhaps mapped from files, and a tail.
    """

    def __init__(
        self, trie: "marisa_trie.Trie | None" = None, first: Array | None = None, count: Array | None = None
    ) -> None:
        # By the trie's number of a form: its first word, and how many it has. A memoryview gives one number in a third
        # of the time that an array takes.
        self._trie = trie if trie is not None else marisa_trie.Trie()
        self._first = (first if first is not None else np.zeros(0, np.int32)).data
        self._count = (count if count is not None else np.zeros(0, np.int32)).data
        self._tail: dict[str, range] = {}

    def get(self, form: str) -> range | None:
        """The words of a form, or None when it was never added."""
        known = self._tail.get(form)
        if known is None:
            place = self._trie.get(form)
            if place is not None:
                first = self._first[place]
                known = range(first, first + self._count[place])
        return known

    def add(self, form: str, words: range) -> None:
        """Keep the words of a new form."""
        self._tail[form] = words

    def compacted(self, new_number: Sequence[int]) -> "Forms":
        """The forms whose words are kept, with nothing in the tail. A form's words are all kept or none, in order.

        Args:
            new_number: For each word its number from now on, below 0 when it is dropped.
        """
        base = ((form, self.get(form) or range(0)) for form in self._trie)
        kept = {
            form: (new_number[words[0]], len(words))
            for form, words in chain(base, self._tail.items())
            if words and new_number[words[0]] >= 0
        }
        trie = marisa_trie.Trie(kept)
        table = np.zeros((len(kept), 2), np.int32)
        if kept:
            table[[trie[form] for form in kept]] = list(kept.values())
        return Forms(trie, table[:, 0].copy(), table[:, 1].copy())

    def save(self, folder: Path) -> None:
        """Write the base; only what `compacted` returned can be saved."""
        self._trie.save(str(folder / "forms.marisa"))
        np.save(folder / "form_first.npy", np.asarray(self._first))
        np.save(folder / "form_count.npy", np.asarray(self._count))

    @classmethod
    def open(cls, folder: Path) -> "Forms":
        """Map what `save` wrote."""
        trie = marisa_trie.Trie().mmap(str(folder / "forms.marisa"))
        return cls(trie, mapped(folder / "form_first.npy"), mapped(folder / "form_count.npy"))


class Reader:
    """Reads texts of one language as codes, one for each piece, and turns many codes into words at once.

    A code is one whole number, so that looking up a text is nothing but looking up integers: 2 * word for a piece of
    one word, 2 * i + 1 for one of several words or none, which are `_several[i]`. It is stored as ~code (below 0) when
    the piece is one of digits that may be a part of a form over white space.

    Args:
        learn: Appends the words of a form that was never met to the table of words, and returns their numbers.
    """

    def __init__(self, analyzer: Analyzer, forms: Forms, learn: Callable[[Sequence[Word]], range]) -> None:
        self._analyzer = analyzer
        self._forms = forms
        self._learn = learn
        self._several: list[Sequence[int]] = []
        # Two tables, as a form may look like a piece and yet, on its own, be cut into others.
        self._pieces = _Remembered(self._code_of_piece)
        self._whole = _Remembered(self._code_of_form)

    def read(self, text: str) -> list[int]:
        """The codes of a text, in any Unicode form. They are good until `words` is called."""
        if not text.isascii():
            text = unicodedata.normalize("NFKC", text)
            if has_wordless(text):
                # Pairs of characters: white space says little there, and long pieces would never come again.
                return list(map(self._whole.__getitem__, self._analyzer.forms(text)))
        codes = list(map(self._pieces.__getitem__, text.split()))
        if codes and min(codes) < 0 and _GOES_ON.search(text):
            return list(map(self._whole.__getitem__, self._analyzer.forms(text)))
        return codes

    def words(self, codes: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The words that codes stand for, one after the other, and int64 [codes + 1]: the words before each code."""
        code = np.array(codes, np.int32)
        np.invert(code, out=code, where=code < 0)
        number = code >> 1
        length = np.ones(len(code), np.int64)
        several = (code & 1).nonzero()[0]
        rows = [self._several[i] for i in number[several].tolist()]
        length[several] = [len(row) for row in rows]
        before = starts(length, np.int64)
        words = np.repeat(number, length)
        words[np.repeat(code & 1, length) == 1] = list(chain.from_iterable(rows))
        if len(self._pieces) + len(self._whole) > _MOST_REMEMBERED:
            for table in (self._pieces, self._whole, self._several):
                table.clear()
        return words, before

    def _code_of_piece(self, piece: str) -> int:
        plain = piece.rstrip(_ENDINGS)
        if plain.isalpha() and plain.isascii():
            # Half of the new pieces: no pattern need look at them.
            return self._code_of_form(plain)
        forms = self._analyzer.forms(piece)
        if len(forms) == 1:
            code = self._code_of_form(forms[0])
        else:
            code = self._code_of([word for form in forms for word in self._forms.get(form) or self._learned(form)])
        return ~code if _MAY_GO_ON.match(piece) else code

    def _code_of_form(self, form: str) -> int:
        return self._code_of(self._forms.get(form) or self._learned(form))

    def _code_of(self, words: Sequence[int]) -> int:
        if len(words) == 1:
            return 2 * words[0]
        self._several.append(words)
        return 2 * len(self._several) - 1

    def _learned(self, form: str) -> range:
        words = self._learn(self._analyzer.analysed(form))
        self._forms.add(form, words)
        return words


class _Remembered(dict[str, int]):
    """Codes by what they stand for; a missing one is made and kept."""

    def __init__(self, make: Callable[[str], int]) -> None:
        self._make = make

    def __missing__(self, key: str) -> int:
        code = self[key] = self._make(key)
        return code

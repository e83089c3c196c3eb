"""Irregular forms: words whose stem a stemmer gets wrong, with the stem of their dictionary form (ging: geh).

The tables lie in data/lemmas, mapped into memory; tools/make_lemma_tables.py makes them.
"""

import json
from functools import cache
from importlib.resources import as_file, files

import marisa_trie


class LemmaTable:
    """The irregular forms of one language; any number of threads may read it.

    Args:
        code: Language, as the table's file is named: ISO 639-1.

    Raises:
        FileNotFoundError: There is no table for this language; `lemma_table` answers None instead.
    """

    def __init__(self, code: str) -> None:
        folder = files("index.analysis") / "data" / "lemmas"
        with as_file(folder / f"{code}.rules.json") as path:
            rules: list[tuple[int, str]] = json.loads(path.read_text(encoding="utf-8"))
        with as_file(folder / f"{code}.marisa") as path:
            self._numbers = marisa_trie.RecordTrie("<I").mmap(str(path))
        self._rules = rules

    def __len__(self) -> int:
        return len(self._numbers)

    def stem(self, word: str) -> str | None:
        """Give the stem of the word's lemma, as Snowball's stemmer for the language would.

        Args:
            word: One word after NFKC and case folding, of letters, marks and digits; never U+0000.

        Returns:
            None when the table does not know the word: its own stem is right, or nothing is known about it.
        """
        found: list[tuple[int]] | None = self._numbers.get(word)
        if not found:
            return None
        cut, add = self._rules[found[0][0]]
        return word[: len(word) - cut] + add


@cache
def lemma_table(code: str) -> LemmaTable | None:
    """Open a language's table, once per process; None when there is none for it."""
    if not (files("index.analysis") / "data" / "lemmas" / f"{code}.marisa").is_file():
        return None
    return LemmaTable(code)

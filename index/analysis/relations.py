"""Other words for the same thing: die and death, buy and purchase. English only, from WordNet 3.0.

The table lies in data/relations, mapped into memory; tools/make_word_relations.py makes it.
"""

from functools import cache
from importlib.resources import as_file, files
from typing import Final

import marisa_trie

MOST_RELATED: Final = 12
"""Most stems that a stem is related to; those that are derived come first."""

DERIVED_WEIGHT: Final = 0.5
SYNONYM_WEIGHT: Final = 0.3


def related(code: str, stem: str) -> tuple[tuple[str, float], ...]:
    """Give the stems that may stand for another one. Any number of threads may ask.

    Args:
        code: Language, ISO 639-1.
        stem: What Snowball's stemmer for the language makes of a word.

    Returns:
        At most `MOST_RELATED` stems, never the same twice nor `stem` itself, each with how much it is worth of the
        stem that was asked for: first derived words (`DERIVED_WEIGHT`), then synonyms (`SYNONYM_WEIGHT`). Empty when
        nothing is known, as for every language but English.

    Source: WordNet 3.0; the weights were chosen on SQuAD and confirmed on two English sets that were not trained on.
    """
    table = _table(code)
    found: list[bytes] | None = None if table is None else table.get(stem)
    if not found:
        return ()
    derived, _, synonyms = found[0].decode().partition("\t")
    return tuple(
        [(other, DERIVED_WEIGHT) for other in derived.split()] + [(other, SYNONYM_WEIGHT) for other in synonyms.split()]
    )


@cache
def _table(code: str) -> marisa_trie.BytesTrie | None:
    """Open a language's table, once per process; None when there is none for it."""
    resource = files("index.analysis") / "data" / "relations" / f"{code}.marisa"
    if not resource.is_file():
        return None
    with as_file(resource) as path:
        return marisa_trie.BytesTrie().mmap(str(path))

"""Makes the tables of index/analysis/lemmas.py: LANG.marisa and LANG.rules.json in a folder, a pair for each language.

A stemmer runs on every word anyway, so a table holds only words whose own stem differs from the stem of their lemma.
Each is kept as a rule: how many letters to cut from the word's end and what to add. Equal input makes equal files.

Usage: python tools/make_lemma_tables.py OUT_DIR [LANG...]
"""

import argparse
import json
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

import marisa_trie
import Stemmer
from simplemma.strategies.dictionaries import DefaultDictionaryFactory

# Code of the table: (code of simplemma's dictionary, name of the Snowball stemmer).
# Ukrainian and Bulgarian have no Snowball stemmer, so there is nothing a table could be relative to.
LANGUAGES: Mapping[str, tuple[str, str]] = {
    "ca": ("ca", "catalan"),
    "da": ("da", "danish"),
    "de": ("de", "german"),
    "el": ("el", "greek"),
    "en": ("en", "english"),
    "es": ("es", "spanish"),
    "et": ("et", "estonian"),
    "fi": ("fi", "finnish"),
    "fr": ("fr", "french"),
    "hi": ("hi", "hindi"),
    "hu": ("hu", "hungarian"),
    "id": ("id", "indonesian"),
    "it": ("it", "italian"),
    "nl": ("nl", "dutch"),
    "no": ("nb", "norwegian"),
    "pl": ("pl", "polish"),
    "pt": ("pt", "portuguese"),
    "ro": ("ro", "romanian"),
    "ru": ("ru", "russian"),
    "sv": ("sv", "swedish"),
    "tr": ("tr", "turkish"),
}
MAX_BYTES = 8_000_000  # a larger table is not worth its download; its language keeps the stemmer alone

Rule = tuple[int, str]


def normal(text: str) -> str:
    """Fold text as analysis does before it looks a word up: NFKC, case folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_word(text: str) -> bool:
    """Tell whether text is one run of letters, marks and digits; nothing else is ever looked up."""
    return all(unicodedata.category(character)[0] in "LMN" for character in text)


def stems_of_lemmas(dictionary: Iterable[tuple[str, str]], stemmer: Stemmer.Stemmer) -> dict[str, str]:
    """Map each word to its lemma's stem, where that is not the word's own stem.

    Spellings that differ in case only meet after folding. The one that was lower case already wins: French "allés" is
    a form of "aller", "Allés" a place.
    """
    lemmas: dict[str, tuple[bool, str]] = {}
    for word, lemma in dictionary:
        key, base = normal(word), normal(lemma)
        if is_word(key) and is_word(base):
            choice = (key != word, base)
            lemmas[key] = min(lemmas.get(key, choice), choice)
    stems = {word: stemmer.stemWord(lemma) for word, (_, lemma) in lemmas.items()}
    return {word: stem for word, stem in stems.items() if stem and stem != stemmer.stemWord(word)}


def rule(word: str, stem: str) -> Rule:
    """How many letters to cut from the word's end, and what to add then."""
    same = 0
    while same < min(len(word), len(stem)) and word[same] == stem[same]:
        same += 1
    return len(word) - same, stem[same:]


def make_table(code: str, folder: Path) -> int:
    """Write one language's two files; tell the bytes of both, or 0 when they were too large to keep."""
    dictionary_code, algorithm = LANGUAGES[code]
    stemmer = Stemmer.Stemmer(algorithm)
    stemmer.maxCacheSize = 0
    stems = stems_of_lemmas(DefaultDictionaryFactory().get_dictionary(dictionary_code).items(), stemmer)
    numbers: dict[Rule, int] = {}
    records = [(word, (numbers.setdefault(rule(word, stem), len(numbers)),)) for word, stem in sorted(stems.items())]
    table, rules = folder / f"{code}.marisa", folder / f"{code}.rules.json"
    marisa_trie.RecordTrie("<I", records).save(str(table))
    rules.write_text(json.dumps(list(numbers), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    size = table.stat().st_size + rules.stat().st_size
    if size > MAX_BYTES:
        print(f"{code}: {len(records)} words would take {size} bytes, above {MAX_BYTES}: left out")
        table.unlink()
        rules.unlink()
        return 0
    print(f"{code}: {len(records)} words, {len(numbers)} rules, {size} bytes")
    return size


def main() -> None:
    """Read the command line and make the tables it names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="OUT_DIR")
    parser.add_argument("codes", nargs="*", metavar="LANG", help=f"all if left out: {' '.join(LANGUAGES)}")
    arguments = parser.parse_args()
    codes = arguments.codes or list(LANGUAGES)
    if unknown := set(codes) - set(LANGUAGES):
        parser.error(f"no table can be made for {', '.join(sorted(unknown))}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    print(f"{sum(make_table(code, arguments.folder) for code in codes)} bytes together")


if __name__ == "__main__":
    main()

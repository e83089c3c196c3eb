"""Makes the table of index/analysis/relations.py from WordNet: English stems and the stems that mean nearly the same.

Two kinds are kept: derivationally related words (die, death) and synonyms that share a first sense. Equal input makes
equal files.

Usage: python tools/make_word_relations.py WORDNET_DICT_DIR OUT
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import marisa_trie
import Stemmer

from index.analysis.relations import MOST_RELATED

# The letters of wndb(5); "s", an adjective that hangs on another one, lies in the adjectives' file.
FILES: Mapping[str, str] = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}

SynsetId = tuple[str, str]
Related = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class Synset:
    """Words of one meaning, lower case, and its pointers to single words: (own word, other synset, its word)."""

    words: tuple[str, ...]
    derivations: tuple[tuple[int, SynsetId, int], ...]


def read_synsets(folder: Path) -> dict[SynsetId, Synset]:
    """Read the data files; wndb(5) describes the lines."""
    synsets = {}
    for kind in dict.fromkeys(FILES.values()):
        for fields in lines(folder / f"data.{kind}"):
            count = int(fields[3], 16)
            words = tuple(fields[4 + 2 * number].split("(")[0].lower() for number in range(count))
            pointers_at = 4 + 2 * count
            derivations = []
            for number in range(int(fields[pointers_at])):
                first = pointers_at + 1 + 4 * number
                symbol, offset, letter, ends = fields[first : first + 4]
                if symbol == "+" and ends != "0000":
                    own, other = bytes.fromhex(ends)  # both counted from 1
                    derivations.append((own - 1, (FILES[letter], offset), other - 1))
            synsets[kind, fields[0]] = Synset(words, tuple(derivations))
    return synsets


def read_senses(folder: Path) -> dict[tuple[str, SynsetId], int]:
    """Tell which sense of a word a synset is, 1 for the most frequent: the index files list them in this order."""
    senses = {}
    for kind in dict.fromkeys(FILES.values()):
        for fields in lines(folder / f"index.{kind}"):
            offsets = fields[len(fields) - int(fields[2]) :]
            for sense, offset in enumerate(offsets, start=1):
                senses[fields[0], (kind, offset)] = sense
    return senses


def lines(path: Path) -> Iterator[list[str]]:
    """Give the fields of each line; the licence at the top is indented, the gloss stands after a bar."""
    with path.open(encoding="latin-1") as file:
        for line in file:
            if not line.startswith(" "):
                yield line.split("|")[0].split()


def derived_words(synsets: Mapping[SynsetId, Synset]) -> Related:
    """Relate words that are derived from each other, both ways."""
    related: Related = defaultdict(set)
    for synset in synsets.values():
        for own, target, other in synset.derivations:
            relate(related, synset.words[own], synsets[target].words[other])
            relate(related, synsets[target].words[other], synset.words[own])
    return related


def synonyms(synsets: Mapping[SynsetId, Synset], senses: Mapping[tuple[str, SynsetId], int]) -> Related:
    """Relate words of one synset, both ways, when it is the first sense of one and the first or second of the other.

    Adverbs are left out: most of them mean too little to be searched.
    """
    related: Related = defaultdict(set)
    for synset_id, synset in synsets.items():
        if synset_id[0] == "adv":
            continue
        ranks = {word: senses.get((word, synset_id), 99) for word in synset.words}
        for word, rank in ranks.items():
            for other, other_rank in ranks.items():
                if word != other and rank == 1 and other_rank <= 2:
                    relate(related, word, other)
                    relate(related, other, word)
    return related


def relate(related: Related, word: str, other: str) -> None:
    """Note a relation between single words: names of several, and those with a hyphen, are never one term."""
    if (word + other).isalnum():
        related[word].add(other)


def stem_both_sides(related: Mapping[str, Set[str]], stemmer: Stemmer.Stemmer) -> dict[str, dict[str, int]]:
    """Count for each stem how many pairs of words relate it to each other stem."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for word, others in related.items():
        stem = stemmer.stemWord(word)
        for other in others:
            other_stem = stemmer.stemWord(other)
            if stem != other_stem:
                counts[stem][other_stem] += 1
    return counts


def best_first(counts: Mapping[str, int]) -> list[str]:
    """Order stems by how many pairs of words speak for them, then by the alphabet."""
    return sorted(counts, key=lambda stem: (-counts[stem], stem))


def make_table(folder: Path, out: Path) -> None:
    """Write the table: stem -> derived stems, a tab, synonymous stems; blanks between stems."""
    synsets = read_synsets(folder)
    stemmer = Stemmer.Stemmer("english")
    derived = stem_both_sides(derived_words(synsets), stemmer)
    alike = stem_both_sides(synonyms(synsets, read_senses(folder)), stemmer)
    records, pairs = [], 0
    for stem in sorted(derived.keys() | alike.keys()):
        first = best_first(derived.get(stem, {}))[:MOST_RELATED]
        second = [other for other in best_first(alike.get(stem, {})) if other not in first]
        second = second[: MOST_RELATED - len(first)]
        pairs += len(first) + len(second)
        records.append((stem, f"{' '.join(first)}\t{' '.join(second)}".encode()))
    out.parent.mkdir(parents=True, exist_ok=True)
    marisa_trie.BytesTrie(records).save(str(out))
    print(f"{len(records)} stems, {pairs} pairs, {out.stat().st_size} bytes")


def main() -> None:
    """Read the command line and make the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="WORDNET_DICT_DIR")
    parser.add_argument("out", type=Path, metavar="OUT")
    arguments = parser.parse_args()
    make_table(arguments.folder, arguments.out)


if __name__ == "__main__":
    main()

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import marisa_trie
import pytest
import Stemmer

import index.analysis.lemmas
from index.analysis.lemmas import LemmaTable, lemma_table
from index.analysis.relations import DERIVED_WEIGHT, MOST_RELATED, SYNONYM_WEIGHT, related

DATA = Path(index.analysis.lemmas.__file__).parent / "data"
CODES = sorted(path.stem for path in (DATA / "lemmas").glob("*.marisa"))

# Each statement runs in forked processes, which have the modules and none of the tables. VmHWM, not ru_maxrss: the
# latter starts with the peak of the process that started this one.
MEASURE = """
import os, pathlib, re, sys, time
import index.analysis.lemmas as lemmas, index.analysis.relations as relations

def peak_kb():
    return int(re.search(r"VmHWM:\\s*([0-9]+)", pathlib.Path("/proc/self/status").read_text())[1])

for work in sys.argv[1:]:
    for _ in range(9):
        if not os.fork():
            before_kb = peak_kb()
            start = time.perf_counter()
            exec(work)
            print(time.perf_counter() - start, peak_kb() - before_kb, flush=True)
            os._exit(0)
        os.wait()
"""
WORKS = [*(f"lemmas.lemma_table({code!r}).stem('a')" for code in CODES), "relations.related('en', 'die')"]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[float, float]]:
    """Of nine runs of each of WORKS: the fewest seconds it took, and the most megabytes that it added."""
    command = [sys.executable, "-c", MEASURE, *WORKS]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    runs = [tuple(map(float, line.split())) for line in lines]
    return {
        work: (min(seconds for seconds, _ in of_work), max(kilobytes for _, kilobytes in of_work) / 1024)
        for work, of_work in zip(WORKS, (runs[i : i + 9] for i in range(0, len(runs), 9)), strict=True)
    }


def table(code: str) -> LemmaTable:
    """Open a table that has to be there."""
    opened = lemma_table(code)
    assert opened is not None
    return opened


@pytest.mark.parametrize(
    ("code", "algorithm", "word", "lemma"),
    [
        ("en", "english", "went", "go"),
        ("en", "english", "mice", "mouse"),
        ("de", "german", "ging", "gehen"),
        ("de", "german", "häuser", "haus"),
        ("ru", "russian", "шёл", "идти"),
        ("ru", "russian", "людей", "человек"),
        ("fi", "finnish", "vettä", "vesi"),
        ("fi", "finnish", "kädessä", "käsi"),
        ("es", "spanish", "fueron", "ser"),
        ("no", "norwegian", "bøker", "bok"),
        ("tr", "turkish", "kitabı", "kitap"),
    ],
)
def test_an_irregular_form_gets_the_stem_of_its_lemma(code: str, algorithm: str, word: str, lemma: str) -> None:
    stemmer = Stemmer.Stemmer(algorithm)

    stem = table(code).stem(word) or stemmer.stemWord(word)

    assert stem == stemmer.stemWord(lemma)


def test_a_regular_form_is_left_to_the_stemmer() -> None:
    assert table("en").stem("bridges") is None


@pytest.mark.parametrize("word", ["", "xqzzy", "wen", "wentt", "橋", "\U0010ffff", "a" * 10_000])
def test_an_unknown_word_is_not_in_the_table(word: str) -> None:
    assert table("en").stem(word) is None


@pytest.mark.parametrize("code", ["zh", "uk", "", "xx"])
def test_a_language_without_a_table_has_none(code: str) -> None:
    assert lemma_table(code) is None


def test_a_table_is_opened_once() -> None:
    assert lemma_table("de") is lemma_table("de")


@pytest.mark.parametrize("code", CODES)
def test_every_word_of_a_table_has_a_rule_that_leaves_a_stem(code: str) -> None:
    rules = json.loads((DATA / "lemmas" / f"{code}.rules.json").read_text(encoding="utf-8"))
    words = marisa_trie.RecordTrie("<I").mmap(str(DATA / "lemmas" / f"{code}.marisa"))

    wrong = [(word, number) for word, (number,) in words.iteritems() if not 0 <= rules[number][0] <= len(word)]
    used = {number for _, (number,) in words.iteritems()}

    assert wrong == []
    assert used == set(range(len(rules)))
    assert len(table(code)) == len(words)


@pytest.mark.parametrize("code", ["en", "id"])
def test_a_table_gives_what_cutting_and_adding_by_hand_gives(code: str) -> None:
    rules = json.loads((DATA / "lemmas" / f"{code}.rules.json").read_text(encoding="utf-8"))
    words = marisa_trie.RecordTrie("<I").mmap(str(DATA / "lemmas" / f"{code}.marisa"))

    by_hand = {word: word[: len(word) - rules[number][0]] + rules[number][1] for word, (number,) in words.iteritems()}

    assert {word: table(code).stem(word) for word in by_hand} == by_hand
    assert all(by_hand.values())


def test_no_word_of_a_table_keeps_its_own_stem() -> None:
    stemmer = Stemmer.Stemmer("english")
    words = marisa_trie.RecordTrie("<I").mmap(str(DATA / "lemmas" / "en.marisa")).keys()

    assert [word for word in words if table("en").stem(word) == stemmer.stemWord(word)] == []


def test_every_table_lies_beside_its_rules() -> None:
    assert sorted(path.name.removesuffix(".rules.json") for path in (DATA / "lemmas").glob("*.json")) == CODES


def test_threads_may_read_one_table_together() -> None:
    with ThreadPoolExecutor(8) as pool:
        stems = set(pool.map(table("de").stem, ["ging"] * 2000))

    assert len(stems) == 1


def test_die_and_death_are_related() -> None:
    assert dict(related("en", "die"))["death"] == DERIVED_WEIGHT
    assert dict(related("en", "death"))["die"] == DERIVED_WEIGHT


def test_words_of_one_first_sense_are_related_more_weakly() -> None:
    assert dict(related("en", "buy"))["purchas"] == SYNONYM_WEIGHT


@pytest.mark.parametrize(("code", "stem"), [("en", "xqzzy"), ("en", ""), ("de", "geh"), ("", "die")])
def test_nothing_is_related_to_what_is_not_in_the_table(code: str, stem: str) -> None:
    assert related(code, stem) == ()


def test_every_entry_keeps_the_promises_of_related() -> None:
    stems = marisa_trie.BytesTrie().mmap(str(DATA / "relations" / "en.marisa")).keys()

    for stem in stems:
        variants = related("en", stem)
        weights = [weight for _, weight in variants]
        others = [other for other, _ in variants]
        assert 1 <= len(variants) <= MOST_RELATED
        assert weights == sorted(weights, reverse=True)
        assert set(weights) <= {DERIVED_WEIGHT, SYNONYM_WEIGHT}
        assert stem not in others
        assert len(set(others)) == len(others)
        assert all(other.isalnum() and other == other.casefold() for other in others)


@pytest.mark.alone
@on_linux
@pytest.mark.parametrize("work", WORKS)
def test_the_data_of_a_language_opens_quickly_and_stays_small(
    work: str, measured: dict[str, tuple[float, float]]
) -> None:
    opened_s, added_mb = measured[work]

    assert opened_s < 0.02
    assert added_mb < 20

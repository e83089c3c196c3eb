"""Reading a text by its pieces and forms gives the words that analysing the whole text gives."""

from collections.abc import Sequence
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.words import Analyzer, Word
from index.ranking.forms import Forms, Reader

# What forms are made of, in scripts of every kind, and what may stand between them.
_BITS = st.sampled_from(
    [
        *(
            "a",
            "B",
            "The",
            "cafe\u0301",
            "Été",
            "straße",
            "ﬁn",
            "الكتاب",
            "हिन्दी",
            "東京タワー",
            "ภาษา",
            "한국어",
            "И",
            "ⅷ",
        ),
        *("1", "10", "000", "123", "4567", "17.05.2022", "2001-05-12", "1,234.5", "١٢٣", "½", "1st", "U.S.", "e.g"),
        *("3.", "10.", "3.10.", "2022.", "3/10/2022", "4-го", "4:e", "4'üncü", "4.º", "第四", "第12", "XXI"),
        *("-", "'", "’", ".", ",", "_", "%", "$", "(", "—", "\u2011", "\x00", "\ud800"),
        *(" ", " ", " ", "  ", "\n", "\t", "\u00a0", "\u202f", "\u2009", "\u3000", "\x1c", "\u200b"),
    ]
)
_TEXTS = st.lists(_BITS, max_size=30).map("".join) | st.text(max_size=60)
_LANGUAGES = ("en", "de", "cs", "ru", "fr", "no", "ar", "hi", "zh", "th", "ko", "und")


class _Words:
    """A table of words that grows as a reader meets new forms."""

    def __init__(self) -> None:
        self.words: list[Word] = []

    def learn(self, words: Sequence[Word]) -> range:
        self.words += words
        return range(len(self.words) - len(words), len(self.words))


def _analysed(text: str, analyzer: Analyzer) -> list[Word]:
    return [word for form in analyzer.forms(normalize("NFKC", text)) for word in analyzer.words(form)]


@pytest.mark.parametrize("language", _LANGUAGES)
@given(texts=st.lists(_TEXTS, max_size=4))
@settings(max_examples=60)
def test_a_reader_finds_the_words_of_the_whole_text(language: str, texts: list[str]) -> None:
    analyzer, table = Analyzer(language), _Words()
    reader = Reader(analyzer, Forms(), table.learn)

    codes = [reader.read(text) for text in texts]
    words, before = reader.words([code for of_text in codes for code in of_text])

    assert [table.words[word] for word in words] == [word for text in texts for word in _analysed(text, analyzer)]
    assert int(before[len(codes[0]) if codes else 0]) == (len(_analysed(texts[0], analyzer)) if texts else 0)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("10 000", ["10000"]),
        ("10 000 000 people", ["10000000", "peopl"]),
        ("in 2010 000", ["in", "2010", "000"]),
        ("10\n000", ["10", "000"]),
        ("10  000", ["10", "000"]),
        ("10\u202f000", ["10000"]),
    ],
)
def test_only_one_space_joins_the_groups_of_a_number(text: str, terms: list[str]) -> None:
    table = _Words()
    reader = Reader(Analyzer("en"), Forms(), table.learn)

    words, _ = reader.words(reader.read(text))

    assert [table.words[word].term for word in words] == terms


def test_a_form_is_analysed_once_however_it_stands() -> None:
    table = _Words()
    reader = Reader(Analyzer("en"), Forms(), table.learn)

    words, _ = reader.words(reader.read("(bridge) bridge, 'bridge' bridge\u3002東京 bridge"))

    assert len(set(words.tolist())) == 2
    assert [word.surface for word in table.words] == ["bridge", "東京"]


def test_kept_forms_keep_their_words_when_they_are_saved(tmp_path: Path) -> None:
    forms = Forms()
    for form, words in (("dam", range(1)), ("cease-fire", range(1, 3)), ("gone", range(3, 4)), ("sea", range(4, 5))):
        forms.add(form, words)

    forms.compacted([0, 1, 2, -1, 3]).save(tmp_path)
    opened = Forms.open(tmp_path)
    opened.add("new", range(4, 6))
    again = opened.compacted([-1, 0, 1, 2, 3, 4])

    assert [opened.get(form) for form in ("dam", "cease-fire", "gone", "sea")] == [
        range(1),
        range(1, 3),
        None,
        range(3, 4),
    ]
    assert [again.get(form) for form in ("dam", "cease-fire", "sea", "new")] == [
        None,
        range(2),
        range(2, 3),
        range(3, 5),
    ]

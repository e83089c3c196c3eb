"""What an engine promises, shown by the one in this process."""

import unicodedata
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from index.analysis.sentences import sentence_spans
from index.analysis.words import Analyzer, Flag
from index.engines.embedded import EmbeddedEngine
from index.engines.manifest import FORMAT_VERSION
from index.engines.protocol import IndexedArticle, Scope
from index.ranking.annotations import TITLE_WEIGHT
from tests.unit.test_bm25 import PositiveIdf

POOL = ("ferry", "harbours", "sank", "the", "Aster", "1912", "cease-fire", "bridge", "captain", "ferries")
STORE = "store-1"
Found = list[tuple[int, int, float]]


def article(
    number: int,
    *texts: str,
    title: str = "",
    language: str = "en",
    collection: str = "shared",
    newness: float | None = None,
) -> IndexedArticle:
    starts = np.cumsum([0, *[len(text) + 2 for text in texts]]).tolist()
    placed = tuple(zip(starts, texts, strict=False))
    return IndexedArticle(number, language, collection, number if newness is None else newness, title, placed)


def engine_of(articles: Iterable[IndexedArticle]) -> EmbeddedEngine:
    engine = EmbeddedEngine()
    engine.replace(list(articles), [])
    return engine


def found(
    engine: EmbeddedEngine, words: Sequence[str], scope: Scope = None, top_k: int = 50, language: str = "en"
) -> Found:
    units = [((Analyzer(language).question(word)[0].term, 1.0),) for word in words]
    hits = engine.search(language, units, scope, top_k)
    return list(zip(hits.articles.tolist(), hits.ordinals.tolist(), hits.scores.tolist(), strict=True))


# ---- order


def test_a_tie_goes_to_the_newer_article_and_then_to_the_earlier_passage() -> None:
    engine = engine_of(
        [
            article(1, "a ferry sank", "a ferry sank", newness=5),
            article(2, "a ferry sank", newness=9),
            article(3, "a ferry sank", newness=1),
        ]
    )

    assert [place[:2] for place in found(engine, ["ferry"])] == [(2, 0), (1, 0), (1, 1), (3, 0)]


def test_a_tie_at_the_end_of_the_list_goes_to_the_newest_of_all() -> None:
    engine = engine_of(article(number, "a ferry sank") for number in range(1, 30))

    assert [place[0] for place in found(engine, ["ferry"], top_k=3)] == [29, 28, 27]


def test_newness_counts_only_between_equal_scores() -> None:
    engine = engine_of([article(1, "ferry ferry"), article(2, "ferry bridge")])

    assert [place[0] for place in found(engine, ["ferry"])] == [1, 2]


# ---- scopes


@pytest.fixture
def divided() -> EmbeddedEngine:
    return engine_of(
        [
            article(1, "the ferry sank", collection="one"),
            article(2, "the ferry waited for its captain", collection="two"),
            article(3, "Die Fähre sank", collection="two", language="de"),
        ]
    )


def test_a_scope_finds_passages_of_its_collections_only(divided: EmbeddedEngine) -> None:
    seen = {
        scope: [place[0] for place in found(divided, ["ferry"], scope)]
        for scope in (("one",), ("two",), ("one", "two"), ("three",), ())
    }

    assert seen == {("one",): [1], ("two",): [2], ("one", "two"): [1, 2], ("three",): [], (): []}


def test_a_scope_changes_who_is_found_and_not_the_scores(divided: EmbeddedEngine) -> None:
    assert found(divided, ["ferry"], ["two"]) == found(divided, ["ferry"])[1:]


def test_counts_hide_what_only_other_collections_hold(divided: EmbeddedEngine) -> None:
    terms = [Analyzer("en").term(word) for word in ("ferry", "captain", "zeppelin")]

    assert divided.counts("en", terms, None) == [2, 1, 0]
    assert divided.counts("en", terms, ["one"]) == [2, 0, 0]
    assert divided.counts("en", terms, ["two"]) == [2, 1, 0]
    assert divided.counts("en", terms, ["three"]) == [0, 0, 0]
    assert divided.counts("fr", terms, None) == [0, 0, 0]


def test_counts_forget_the_terms_of_a_removed_article(divided: EmbeddedEngine) -> None:
    divided.replace([article(4, "a bridge", collection="two")], [2])

    assert divided.counts("en", ["captain"], None) == [0]
    assert divided.counts("en", ["captain"], ["two"]) == [0]


def test_languages_are_those_of_the_articles_in_the_scope(divided: EmbeddedEngine) -> None:
    assert divided.languages(None) == ["de", "en"]
    assert divided.languages(["one"]) == ["en"]
    assert divided.languages(["three"]) == []

    divided.replace([], [3])

    assert divided.languages(["two"]) == ["en"]
    assert divided.languages(None) == ["en"]


def test_an_article_in_a_new_language_leaves_the_old_one() -> None:
    engine = engine_of([article(1, "the ferry sank")])

    engine.replace([article(2, "Die Fähre sank", language="de")], [1])

    assert (engine.languages(None), engine.numbers(), engine.passages) == (["de"], {2}, 1)
    assert found(engine, ["ferry"]) == []


def test_nothing_is_found_in_a_language_that_no_article_has() -> None:
    engine = EmbeddedEngine()

    assert (found(engine, ["ferry"]), engine.corpus_size("en"), engine.languages(None)) == ([], 0, [])


def test_removing_an_unknown_number_changes_nothing(divided: EmbeddedEngine) -> None:
    before = found(divided, POOL)

    divided.replace([], [77])

    assert found(divided, POOL) == before


# ---- the same in every form

words = st.lists(st.sampled_from(POOL), min_size=1, max_size=12).map(" ".join)
contents = st.tuples(
    st.lists(words, min_size=1, max_size=3),
    words,
    st.sampled_from(["en", "en", "de"]),
    st.sampled_from(["one", "two"]),
)
# What goes out is chosen among what is there when its turn comes.
steps = st.lists(
    st.tuples(st.lists(contents, max_size=3), st.lists(st.integers(0, 50), max_size=2)), min_size=1, max_size=7
)


def described(engine: EmbeddedEngine) -> dict[str, object]:
    """All that can be seen of an engine, but not how it came to be."""
    state: dict[str, object] = {"numbers": engine.numbers(), "passages": engine.passages}
    for scope in (None, ("one",), ("two",), ("one", "two")):
        state[f"languages {scope}"] = engine.languages(scope)
        for code in ("de", "en"):
            analyzer = Analyzer(code)
            terms = [analyzer.question(word)[0].term for word in POOL]
            state[f"counts {code} {scope}"] = engine.counts(code, terms, scope)
            for top_k in (2, 50):
                units = [((terms[0], 1.0), (terms[2], 0.7)), ((terms[6], 1.0),), ((terms[3], 0.5), (terms[9], 0.5))]
                hits = engine.search(code, units, scope, top_k)
                state[f"hits {code} {scope} {top_k}"] = [hits.articles.tolist(), hits.ordinals.tolist()]
                state[f"scores {code} {scope} {top_k}"] = hits.scores.tolist()
    state["size"] = [engine.corpus_size("de"), engine.corpus_size("en")]
    return state


def stepped(
    engine: EmbeddedEngine,
    plan: Sequence[tuple[Sequence[tuple[list[str], str, str, str]], Sequence[int]]],
    between: Callable[[EmbeddedEngine], EmbeddedEngine] = lambda same: same,
) -> tuple[EmbeddedEngine, dict[int, IndexedArticle]]:
    """Follow the steps; tell the engine and what should be in it."""
    alive: dict[int, IndexedArticle] = {}
    number = 0
    for added, picks in plan:
        gone = {sorted(alive)[pick % len(alive)] for pick in picks if alive}
        new = []
        for texts, title, language, collection in added:
            number += 1
            # All differ, and neither rise nor fall with the number.
            newness = float(number * 37 % 101)
            new.append(article(number, *texts, title=title, language=language, collection=collection, newness=newness))
        engine.replace(new, gone)
        alive = {n: a for n, a in alive.items() if n not in gone} | {a.number: a for a in new}
        engine = between(engine)
    return engine, alive


@settings(max_examples=60, deadline=None)
@given(steps)
def test_changed_in_place_it_equals_one_built_at_once(
    plan: list[tuple[list[tuple[list[str], str, str, str]], list[int]]],
) -> None:
    engine, alive = stepped(EmbeddedEngine(), plan)
    wanted = described(engine_of(alive.values()))

    assert described(engine) == wanted
    assert described(engine.compacted()) == wanted


@settings(max_examples=40, deadline=None)
@given(steps, st.integers(0, 50))
def test_compacted_between_changes_it_equals_one_built_at_once(
    plan: list[tuple[list[tuple[list[str], str, str, str]], list[int]]], which: int
) -> None:
    turn = iter(range(len(plan)))
    engine, alive = stepped(
        EmbeddedEngine(), plan, lambda one: one.compacted() if next(turn) == which % len(plan) else one
    )

    assert described(engine) == described(engine_of(alive.values()))


def test_a_revision_under_the_same_number_replaces_the_old_text() -> None:
    engine = engine_of([article(1, "the ferry sank", "its captain"), article(2, "the bridge")])

    engine.replace([article(1, "the ferry came back")], [1])

    assert described(engine) == described(engine_of([article(1, "the ferry came back"), article(2, "the bridge")]))


def rows(engine: EmbeddedEngine) -> list[object]:
    """What answering reads of each passage: terms, surfaces and flags of its words, sentences, places, title, grams."""
    found: list[object] = []
    for code in engine.languages(None):
        notes = engine.annotations(code)
        for number, place in sorted(notes.articles.items()):
            words = [notes.title(place)]
            docs = range(notes.article_doc.at(place), notes.article_doc.at(place + 1))
            words += [notes.row(doc) for doc in docs]
            terms = [[notes.vocabulary.term(term) for term in notes.word_term.take(row).tolist()] for row in words]
            others = [[column.take(row).tolist() for column in (notes.word_surface, notes.word_flags)] for row in words]
            begins = [
                notes.sentence_word.part(notes.sentence_start.at(doc), notes.sentence_start.at(doc + 1)).tolist()
                for doc in docs
            ]
            places = [(notes.doc_from.at(doc), notes.doc_to.at(doc), notes.sentences(doc)) for doc in docs]
            found.append((number, terms, others, begins, places))
        found.append(notes.gram_counts.tolist())
    return found


@settings(max_examples=30, deadline=None)
@given(st.lists(contents, min_size=1, max_size=4))
def test_gathered_in_batches_it_equals_one_that_took_article_by_article(
    some: list[tuple[list[str], str, str, str]],
) -> None:
    articles = [
        article(number, *texts, title=title, language=language, collection=collection)
        for number, (texts, title, language, collection) in enumerate(some * 40)
    ]
    gathered = EmbeddedEngine()
    gathered.gather(articles)
    compact, wanted = gathered.compacted(), engine_of(articles)

    assert described(compact) == described(wanted)
    assert rows(compact) == rows(wanted)


def test_an_article_that_cannot_be_read_leaves_no_trace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def failing(text: str, language: str) -> list[tuple[int, int]]:
        if "unreadable" in text:
            raise ValueError(text)
        return sentence_spans(text, language)

    monkeypatch.setattr("index.ranking.annotations.sentence_spans", failing)
    engine, gathered = engine_of(LIBRARY), EmbeddedEngine()
    gathered.gather(LIBRARY)
    bad = article(9, "zeppelins rose over Lakehurst", "an unreadable passage")

    with pytest.raises(ValueError, match="unreadable"):
        engine.replace([bad], [])
    with pytest.raises(ValueError, match="unreadable"):
        gathered.gather([bad])
    engine.compacted().save(tmp_path, STORE)

    opened = EmbeddedEngine.open(tmp_path, STORE)
    assert opened is not None
    assert described(engine) == described(gathered.compacted()) == described(opened) == described(engine_of(LIBRARY))
    engine.replace([article(4, "zeppelins over Aster")], [])
    assert described(engine) == described(engine_of([*LIBRARY, article(4, "zeppelins over Aster")]))


# ---- files

LIBRARY = [
    article(1, "the ferry sank near Aster", "its captain swam", title="Ferry", collection="one"),
    article(2, "a cease-fire at the harbours", title="1912", collection="two"),
    article(3, "Die Fähre sank", language="de", collection="two"),
]


@settings(max_examples=10, deadline=None)
@given(steps)
def test_what_was_saved_opens_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[list[tuple[list[str], str, str, str]], list[int]]]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    engine, _ = stepped(EmbeddedEngine(), plan)
    engine.compacted().save(folder, STORE)

    opened = EmbeddedEngine.open(folder, STORE, verify=True)

    assert opened is not None
    assert described(opened) == described(engine)


def test_an_opened_engine_is_changed_as_any_other(tmp_path: Path) -> None:
    engine_of(LIBRARY).compacted().save(tmp_path, STORE)
    opened = EmbeddedEngine.open(tmp_path, STORE)
    assert opened is not None

    opened.replace([article(4, "a new ferry and its captain", collection="one")], [1, 3])

    assert opened.changed == 4
    assert described(opened) == described(
        engine_of([LIBRARY[1], article(4, "a new ferry and its captain", collection="one")])
    )


def test_the_files_of_an_opened_engine_are_never_written_to(tmp_path: Path) -> None:
    engine_of(LIBRARY).compacted().save(tmp_path, STORE)
    opened = EmbeddedEngine.open(tmp_path, STORE)
    assert opened is not None

    opened.replace([article(4, "a new ferry")], [1])

    assert EmbeddedEngine.open(tmp_path, STORE, verify=True) is not None


def test_a_flipped_byte_is_found_in_every_file(tmp_path: Path) -> None:
    engine_of(LIBRARY).compacted().save(tmp_path, STORE)
    files = [path for path in tmp_path.rglob("*.*") if path.is_file() and path.name != "manifest.json"]
    believed = []

    for path in files:
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        believed.append(EmbeddedEngine.open(tmp_path, STORE, verify=True))
        path.write_bytes(content)

    assert len(files) > 50
    assert believed == [None] * len(files)
    assert EmbeddedEngine.open(tmp_path, STORE, verify=True) is not None


def test_another_store_gets_no_index(tmp_path: Path) -> None:
    engine_of(LIBRARY).compacted().save(tmp_path, STORE)

    assert EmbeddedEngine.open(tmp_path, "store-2") is None
    assert EmbeddedEngine.open(tmp_path / "elsewhere", STORE) is None


def test_an_index_of_another_format_is_not_opened(tmp_path: Path) -> None:
    engine_of(LIBRARY).compacted().save(tmp_path, STORE)
    manifest = tmp_path / (tmp_path / "LIVE").read_text("utf-8").strip() / "manifest.json"
    body = manifest.read_text("utf-8").partition("\n")[2]
    old = body.replace(f'"format": {FORMAT_VERSION}', f'"format": {FORMAT_VERSION - 1}')

    manifest.write_text(f"{zlib.crc32(old.encode())}\n{old}", "utf-8")

    assert old != body
    assert EmbeddedEngine.open(tmp_path, STORE) is None


def test_an_unfinished_save_is_neither_opened_nor_kept(tmp_path: Path) -> None:
    engine = engine_of(LIBRARY).compacted()
    engine.save(tmp_path, STORE)
    # Killed while it wrote the second generation, and once more before it could replace LIVE.
    (tmp_path / "generation-2" / "en").mkdir(parents=True)
    (tmp_path / "generation-2" / "en" / "docs.npy").write_bytes(b"\x93NUM")
    (tmp_path / "LIVE.new").write_text("generation-2", "utf-8")

    opened = EmbeddedEngine.open(tmp_path, STORE)
    assert opened is not None
    opened.replace([article(4, "a bridge")], [1])
    opened.compacted().save(tmp_path, STORE)
    again = EmbeddedEngine.open(tmp_path, STORE, verify=True)

    assert again is not None
    assert again.numbers() == {2, 3, 4}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["LIVE", "generation-3"]
    # Whoever has a removed generation open keeps it.
    assert described(opened) == described(again)


# ---- scores


def terms_of(code: str, title: str, text: str) -> list[str]:
    """The terms of a passage, found the slow way: word by word, the title's twice."""
    analyzer = Analyzer(code)
    tokens = [*analyzer.tokens(text), *analyzer.tokens(title) * TITLE_WEIGHT]
    content = [token.word for token in tokens if not token.word.flags & Flag.STOP]
    return [word.term for word in content] + [word.extra for word in content if word.extra is not None]


prose = st.lists(
    st.sampled_from(
        [*POOL, "l’armée", "25%", "$5", "U.S.", "Fähre", "ｆｅｒｒｙ", "四十九", "2022-09-13", "and", "May"]
    ),
    min_size=1,
    max_size=15,
).map(" ".join)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(prose, st.lists(prose, min_size=1, max_size=3)), min_size=1, max_size=6),
    prose,
    st.sampled_from(["en", "de", "zh"]),
    st.integers(0, 6),
)
def test_every_score_is_that_of_rank_bm25_with_only_the_idf_replaced(
    library: list[tuple[str, list[str]]], question: str, code: str, in_base: int
) -> None:
    articles = [article(i, *texts, title=title, language=code) for i, (title, texts) in enumerate(library)]
    engine = engine_of(articles[:in_base]).compacted()
    engine.replace(articles[in_base:], [])
    places = [(i, ordinal) for i, (_, texts) in enumerate(library) for ordinal in range(len(texts))]
    passages = [terms_of(code, library[i][0], library[i][1][ordinal]) for i, ordinal in places]
    query = [word.term for word in Analyzer(code).question(unicodedata.normalize("NFKC", question))]
    # Where every passage is of stop words only, BM25Okapi divides by the average length 0.
    assume(any(passages))
    plain = PositiveIdf(passages, k1=0.9, b=0.55).get_scores(query)
    wanted = {place: score for place, score in zip(places, plain.tolist(), strict=True) if score > 0}

    hits = engine.search(code, [((term, 1.0),) for term in query], None, 100)

    places_found = zip(hits.articles.tolist(), hits.ordinals.tolist(), strict=True)
    assert dict(zip(places_found, hits.scores.tolist(), strict=True)) == wanted

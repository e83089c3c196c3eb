"""Ranked passages to an answer, or to a refusal with its reason."""

import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol
from urllib.parse import quote as percent_encoded

import numpy as np
from numpy.typing import NDArray

from index.analysis.languages import language
from index.analysis.typed import as_typed
from index.analysis.words import Analyzer, Flag
from index.engines.protocol import Engine, Hits, Scope
from index.models import Answer, ArticleInfo, Citation, PassageKey, Refusal, Span, Status
from index.ranking.annotations import Annotations
from index.ranking.features import PASSAGE_FEATURES, Scratch, Stage, Table, compute
from index.ranking.model import Model, model
from index.ranking.postings import K1
from index.ranking.query import Expected, Query, analyse, highest_idf

FIRST_STAGE = 100
CANDIDATES = 20
"""Passages whose features are computed: with 30 passage@1 is 0.0005 higher, and an answer takes 0.5 ms more."""

QUOTE_CHARACTERS = 400
NEIGHBOUR_WEIGHT = 0.3
ARTICLE_WEIGHT = 0.2
LONGEST_QUESTION = 1_000
"""Characters of a question that are read; what comes after them no longer says what is asked."""

MARGIN_WITHIN = 6.0
"""Of 227 questions of tests/quality, 71% get an answer within the right article (79% do from all articles), and 5%
within the next best one; of 297 of XQuAD, 99% (98%) and 27%. With the margin of a library of one article, 10, it would
be 53% and 81% within the next best one."""

_ELLIPSIS = " […] "
_CLAUSE = re.compile(r"[,;:](?=\s)\s+|\s[–—-]\s|[；，、：،؛]\s*")
_SHORTEST_CLAUSE = 40
"""Characters; less than that says too little alone. Where a part of a sentence is shown, half of what is asked counts
for a word of the kind that answers."""

MAX_FROM_ONE_ARTICLE = 3
SHOWN = 5


class AnnotatedEngine(Engine, Protocol):
    """An engine with the annotations of its passages."""

    def annotations(self, language: str) -> Annotations:
        """The annotations of a language."""

    def doc(self, language: str, article: int, ordinal: int) -> int:
        """The place of a passage in the annotations."""


@dataclass(slots=True)
class Group:
    """The candidates of one language with their features; training reads it too."""

    query: Query
    keys: list[PassageKey]
    docs: list[int]
    stage: Stage
    table: Table
    sentence_scores: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ranked passage before its text is read: where it is, and which of its sentences are the quote.

    `matched` are the terms of the question that it holds, as spelled there; in scripts without spaces, pairs of
    characters. `quotes[better]` is the best sentence, and `spare` the next best when it is too long to stand beside it.
    """

    language: str
    key: PassageKey
    start: int
    end: int
    quotes: tuple[Span, ...]
    score: float
    matched: tuple[str, ...]
    features: dict[str, float]
    fingerprint: frozenset[int]
    better: int = 0
    spare: Span | None = None
    query: Query | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates, best first, with what is known of the question."""

    candidates: tuple[Candidate, ...]
    confidence: float
    confidence_features: dict[str, float]
    unknown: tuple[str, ...]
    has_words: bool
    groups: tuple[Group, ...]


class Ranker:
    """Ranks passages for questions: engine, first stage, features, model. One thread at a time."""

    def __init__(self) -> None:
        self._analyzers: dict[str, Analyzer] = {}
        self._scratch: dict[str, Scratch] = {}

    def rank(
        self,
        question: str,
        engine: AnnotatedEngine,
        scope: Scope,
        wanted: int = CANDIDATES,
        trained: Model | None = None,
    ) -> Ranking:
        """Rank the passages of the scope for a question, analysed in each language that the scope holds.

        A question is read up to `LONGEST_QUESTION` characters.

        Args:
            wanted: Most candidates of the ranking, 1..`FIRST_STAGE`.
            trained: Other weights than the shipped ones.
        """
        trained = trained if trained is not None else model()
        text = question[:LONGEST_QUESTION].encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")
        found: list[tuple[Query, Hits]] = []
        queries: list[Query] = []
        for code in engine.languages(scope):
            query = self._query(text, code, engine, scope)
            queries.append(query)
            if any(unit.known for unit in query.units):
                hits = engine.search(code, query.search_units(), scope, FIRST_STAGE)
                if len(hits.scores):
                    found.append((query, hits))
        groups = self._groups(found, engine, trained, max(wanted, CANDIDATES)) if found else []
        if not groups:
            words = _content_words(queries)
            unknown = as_typed(words, (), text, [language(query.language) for query in queries])
            return Ranking((), 0.0, {}, unknown, bool(words), ())
        return self._ranking(text, groups, queries, engine, trained, wanted)

    def analyzer(self, code: str) -> Analyzer:
        """The analyzer of a language's questions."""
        known = self._analyzers.get(code)
        if known is None:
            known = self._analyzers[code] = Analyzer(code)
        return known

    def prepare(self, codes: Iterable[str]) -> None:
        """Make the analyzers of some languages, with the model, before a question needs them."""
        model()
        for code in codes:
            self.analyzer(code)

    def _query(self, text: str, code: str, engine: AnnotatedEngine, scope: Scope) -> Query:
        analyzer = self.analyzer(code)
        notes = engine.annotations(code)
        return analyse(
            text, analyzer, notes.vocabulary, engine.corpus_size(code), lambda terms: engine.counts(code, terms, scope)
        )

    def _groups(
        self, found: Sequence[tuple[Query, Hits]], engine: AnnotatedEngine, trained: Model, wanted: int
    ) -> list[Group]:
        stages = [_first_stage(hits) for _, hits in found]
        # Raw scores of two languages cannot be compared; shares of what could have been matched can.
        shares = np.concatenate(
            [
                (stage.score + NEIGHBOUR_WEIGHT * stage.neighbour + ARTICLE_WEIGHT * stage.article) / query.total_weight
                for (query, _), stage in zip(found, stages, strict=True)
            ]
        )
        sizes = [len(hits.scores) for _, hits in found]
        starts = np.cumsum([0, *sizes])
        chosen = np.sort(np.argsort(-shares, kind="stable")[:wanted])
        picked: list[tuple[Query, Hits, Stage]] = []
        for place, (query, hits) in enumerate(found):
            at = chosen[(chosen >= starts[place]) & (chosen < starts[place + 1])] - starts[place]
            if len(at):
                stage = stages[place]
                picked.append(
                    (
                        query,
                        Hits(hits.articles[at], hits.ordinals[at], hits.scores[at]),
                        Stage(stage.score[at], stage.neighbour[at], stage.article[at]),
                    )
                )
        top = max(float(stage.score.max()) / query.total_weight for query, _, stage in picked)
        groups: list[Group] = []
        for query, hits, stage in picked:
            code = query.language
            weights = trained.weights(code)
            keys = [PassageKey(*pair) for pair in zip(hits.articles.tolist(), hits.ordinals.tolist(), strict=True)]
            docs = [engine.doc(code, key.article, key.ordinal) for key in keys]
            scratch = self._scratch.setdefault(code, Scratch())
            table = compute(engine.annotations(code), docs, query, stage, scratch, K1)
            table.passages[:, PASSAGE_FEATURES.index("score_relative")] = stage.score / (top * query.total_weight)
            sentence_scores = table.sentences @ weights.sentence
            best_sentence = np.maximum.reduceat(sentence_scores, table.first)
            table.passages[:, PASSAGE_FEATURES.index("best_sentence")] = best_sentence
            groups.append(Group(query, keys, docs, stage, table, sentence_scores, table.passages @ weights.passage))
        return groups

    def _ranking(
        self,
        question: str,
        groups: list[Group],
        queries: Sequence[Query],
        engine: AnnotatedEngine,
        trained: Model,
        wanted: int,
    ) -> Ranking:
        order = sorted(
            ((-float(group.scores[i]), g, i) for g, group in enumerate(groups) for i in range(len(group.keys)))
        )
        candidates = tuple(self._candidate(groups[g], i, engine) for _, g, i in order[:wanted])
        best = groups[order[0][1]]
        features = confidence_features(best, order[0][2], [(groups[g], i) for _, g, i in order])
        confidence = trained.weights(best.query.language).sure(features)
        known = {unit.typed for query in queries for unit in query.units if unit.known}
        unknown = tuple(dict.fromkeys(u.typed for u in best.query.units if u.typed not in known))
        unknown = as_typed(unknown, known, question, [language(best.query.language)])
        return Ranking(candidates, confidence, features, unknown, True, tuple(groups))

    def _candidate(self, group: Group, i: int, engine: AnnotatedEngine) -> Candidate:
        notes = engine.annotations(group.query.language)
        doc = group.docs[i]
        start, end = notes.doc_from.at(doc), notes.doc_to.at(doc)
        features = dict(zip(PASSAGE_FEATURES, group.table.passages[i].tolist(), strict=True))
        matched = tuple(
            unit.typed for unit, hit in zip(group.query.units, group.table.matched[i].tolist(), strict=True) if hit
        )
        row = notes.row(doc)
        sentences = notes.sentences(doc)
        quotes = quote_spans(group, i, sentences)
        first = int(group.table.first[i])
        best = sentences[int(np.argmax(group.sentence_scores[first : first + len(sentences)]))]
        return Candidate(
            group.query.language,
            group.keys[i],
            start,
            end,
            quotes,
            float(group.scores[i]),
            matched,
            features,
            frozenset(notes.word_surface.take(row).tolist()),
            better=quotes.index(Span(*best)),
            spare=crowded_out(group, i, sentences),
            query=group.query,
        )


def _content_words(queries: Sequence[Query]) -> tuple[str, ...]:
    """The words of a question that are looked for in any language; not those that another knows as stop words."""
    typed = dict.fromkeys(unit.typed for query in queries for unit in query.units)
    stops = {word.surface for query in queries for word in query.words if word.flags & Flag.STOP}
    return tuple(word for word in typed if word not in stops)


def _first_stage(hits: Hits) -> Stage:
    """Each hit's score, the better score of its neighbours in the article, and the article's best, among the hits."""
    packed = hits.articles << 32 | hits.ordinals
    order = np.argsort(packed)
    ordered, scores = packed[order], hits.scores[order]
    neighbour = np.zeros(len(packed))
    if len(packed) > 1:
        beside = np.diff(ordered) == 1
        neighbour[order[:-1][beside]] = scores[1:][beside]
        later = order[1:][beside]
        neighbour[later] = np.maximum(neighbour[later], scores[:-1][beside])
    _, article = np.unique(hits.articles, return_inverse=True)
    best = np.zeros(int(article.max()) + 1)
    np.maximum.at(best, article, hits.scores)
    return Stage(hits.scores, neighbour, best[article])


def quote_spans(group: Group, passage: int, sentences: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """The best sentence, and the next best that still fits in `QUOTE_CHARACTERS`, in the order of the text."""
    order = _by_score(group, passage, sentences)
    best = order[0]
    fitting = (other for other in order[1:] if _length(sentences, best, other) <= QUOTE_CHARACTERS)
    return tuple(Span(*sentences[place]) for place in sorted([best, *islice(fitting, 1)]))


def crowded_out(group: Group, passage: int, sentences: Sequence[tuple[int, int]]) -> Span | None:
    """The second best sentence, if it is too long to stand beside the best in a quote."""
    order = _by_score(group, passage, sentences)
    if len(order) < 2 or _length(sentences, order[0], order[1]) <= QUOTE_CHARACTERS:
        return None
    return Span(*sentences[order[1]])


def _by_score(group: Group, passage: int, sentences: Sequence[tuple[int, int]]) -> list[int]:
    first = int(group.table.first[passage])
    order: list[int] = np.argsort(-group.sentence_scores[first : first + len(sentences)], kind="stable").tolist()
    return order


def _length(sentences: Sequence[tuple[int, int]], one: int, two: int) -> int:
    (start, stop), (resume, end) = sorted((sentences[one], sentences[two]))
    # What stands between the two is shown as well: white space, or an ellipsis in its place (`Citation.bold`).
    between = resume - stop if abs(one - two) == 1 else len(_ELLIPSIS)
    return stop - start + between + end - resume


def filled(
    quotes: tuple[Span, ...], better: int, spare: Span, passage: str, query: Query, analyzer: Analyzer
) -> tuple[tuple[Span, ...], int]:
    """The quotes of a passage, with a part of the second best sentence where the whole of it has no room.

    Args:
        better: Which of the quotes is the best sentence.
        spare: What `crowded_out` gives.

    Returns:
        The quotes, in the order of the text, and which of them is the best sentence.
    """
    best = quotes[better]
    room = QUOTE_CHARACTERS - (best.end - best.start) - len(_ELLIPSIS)
    part = clause(passage, spare, room, query, analyzer)
    if part is None:
        return quotes, better
    return ((best, part), 0) if best.start < part.start else ((part, best), 1)


def clause(passage: str, sentence: Span, room: int, query: Query, analyzer: Analyzer) -> Span | None:
    """The part of a sentence that says most of what is asked, from one mark to another.

    Args:
        room: Most characters of the part.

    Returns:
        A span of the passage, or None when no clause fits or the sentence has no marks to cut it at.
    """
    text = passage[sentence.start : sentence.end]
    marks = [(match.start(), match.end()) for match in _CLAUSE.finditer(text)]
    begins = [0, *(end for _, end in marks)]
    ends = [*(start for start, _ in marks), len(text)]
    units = {
        term: (place, weight * unit.weight) for place, unit in enumerate(query.units) for term, weight in unit.terms
    }
    found: list[tuple[int, int, float]] = []
    for token in analyzer.tokens(text):
        unit = units.get(token.word.term)
        if unit is not None:
            found.append((token.start, *unit))
        elif query.expected is not Expected.ANY and token.word.flags & int(query.expected):
            found.append((token.start, -1, query.total_weight / 2))
    options: list[tuple[float, int, int, int]] = []
    for begin in begins:
        for end in ends:
            if _SHORTEST_CLAUSE <= end - begin <= room:
                values: dict[int, float] = {}
                for at, place, value in found:
                    if begin <= at < end:
                        values[place] = max(value, values.get(place, 0.0))
                options.append((sum(values.values()), end - begin, -begin, end))
    if not options:
        return None
    _, _, before, end = max(options)
    return Span(sentence.start - before, sentence.start + end)


def confidence_features(group: Group, passage: int, order: Sequence[tuple[Group, int]]) -> dict[str, float]:
    """What tells how sure an answer is, comparable between libraries; names in docs/answers.md."""
    query, table = group.query, group.table
    total = query.total_weight
    values = dict(zip(PASSAGE_FEATURES, table.passages[passage].tolist(), strict=True))
    first = int(table.first[passage])
    last = int(table.first[passage + 1]) if passage + 1 < len(table.first) else len(table.owner)
    best_sentence = first + int(np.argmax(group.sentence_scores[first:last]))
    matched_weight = sum(u.weight for u, hit in zip(query.units, table.matched[passage].tolist(), strict=True) if hit)
    article = group.keys[passage].article
    score = float(group.scores[passage])
    others = [float(g.scores[i]) for g, i in order if g.keys[i].article != article]
    margin = min(score - others[0], 10.0) if others else 10.0
    return {
        "coverage": float(table.coverage[passage]),
        "matched": float(table.matched[passage].mean()),
        "sentence_coverage": float(table.sentence_coverage[best_sentence]),
        "grams": values["grams"] + values["grams_title"],
        "adjacent": values["adjacent"],
        "capital_missing": values["capital_missing"],
        "unknown": sum(unit.weight for unit in query.units if not unit.known) / total,
        "rarity": min(matched_weight / highest_idf(query.corpus_size), 6.0) / 6,
        "margin": margin / 5,
        "terms": float(np.log(len(query.units))),
        "score": values["score"],
    }


def of_one_article(ranking: Ranking) -> Ranking:
    """A ranking of one article's passages, as sure as it would be were others ranked besides.

    No other article takes part, so the best passage seems to be far ahead; `MARGIN_WITHIN` stands in for how far.
    """
    if not ranking.confidence_features:
        return ranking
    features = ranking.confidence_features | {"margin": MARGIN_WITHIN / 5}
    weights = model().weights(ranking.candidates[0].language)
    return replace(ranking, confidence=weights.sure(features), confidence_features=features)


def without_repeats(candidates: Sequence[Candidate]) -> list[tuple[Candidate, list[Candidate]]]:
    """Candidates with their near-duplicates, and at most `MAX_FROM_ONE_ARTICLE` of an article among the first five.

    Two passages are near-duplicates when nine of ten of their distinct words are the same.
    """
    kept: list[tuple[Candidate, list[Candidate]]] = []
    late: list[tuple[Candidate, list[Candidate]]] = []
    for candidate in candidates:
        twin = next((k for k in kept if _same(k[0].fingerprint, candidate.fingerprint)), None)
        if twin is not None and twin[0].key.article != candidate.key.article:
            twin[1].append(candidate)
            continue
        of_article = sum(k[0].key.article == candidate.key.article for k in kept)
        if len(kept) < SHOWN and of_article >= MAX_FROM_ONE_ARTICLE:
            late.append((candidate, []))
        else:
            kept.append((candidate, []))
    return [*kept[:SHOWN], *late, *kept[SHOWN:]] if len(kept) >= SHOWN else kept


def _same(a: frozenset[int], b: frozenset[int]) -> bool:
    smaller, larger = sorted((len(a), len(b)))
    return smaller >= 0.9 * larger and len(a & b) >= 0.9 * larger


def text_fragment(text: str, quotes: Sequence[Span]) -> str:
    """The `#:~:text=` directive that lets a browser scroll to the quote in a page with this text.

    A short quote within one line is given whole; else its first and last four words, with more words in front until
    they stand only once in the text. Letters and digits stay, all else is percent-encoded, "-" too, which would mean
    a prefix.
    """
    start, end = quotes[0].start, quotes[-1].end
    if len(quotes) == 2 and text[quotes[0].end : quotes[1].start].strip():
        end = quotes[0].end
    quoted = _trimmed(text[start:end])
    if len(quoted) <= 300 and not re.search(r"\n|\s{2}", quoted):
        return ":~:text=" + _encoded(quoted)
    words = quoted.split()
    if len(words) < 9:
        return ":~:text=" + _encoded(_trimmed(" ".join(quoted.split("\n")[0].split())[:120]))
    size = 4
    one_line = " ".join(text.split())
    # The end must lie behind the beginning: a browser finds nothing when they share a word.
    while size < min(8, len(words) - 4) and one_line.count(" ".join(words[:size])) > 1:
        size += 1
    return f":~:text={_encoded(_trimmed(' '.join(words[:size])))},{_encoded(_trimmed(' '.join(words[-4:])))}"


def _trimmed(text: str) -> str:
    held = [i for i, c in enumerate(text) if c.isalnum() or unicodedata.category(c).startswith("M")]
    return text[held[0] : held[-1] + 1] if held else text.strip()


def _encoded(text: str) -> str:
    return percent_encoded(text, safe="").replace("-", "%2D").replace(".", "%2E").replace("~", "%7E")


def link_to(source: str, passage: str, quotes: Sequence[Span]) -> str | None:
    """The address of the quote in its page, or None when the source is not a web page."""
    if not source.startswith(("http://", "https://")) or any(c.isspace() for c in source):
        return None
    return source + ("" if "#" in source else "#") + text_fragment(passage, quotes)


def matched_words(candidate: Candidate, question: str) -> tuple[str, ...]:
    """The words of a question that a passage holds, as they were typed."""
    return as_typed(candidate.matched, (), question[:LONGEST_QUESTION], [language(candidate.language)])


def cite(
    candidate: Candidate,
    question: str,
    info: ArticleInfo,
    passage: str,
    confidence: float,
    others: Sequence[ArticleInfo],
    features: dict[str, float],
    analyzer: Analyzer,
) -> Citation:
    """A citation of a passage whose text was read from the store."""
    quotes, better = candidate.quotes, candidate.better
    if candidate.spare is not None and candidate.query is not None:
        quotes, better = filled(quotes, better, candidate.spare, passage, candidate.query, analyzer)
    citation = Citation(
        article=info,
        ordinal=candidate.key.ordinal,
        start=candidate.start,
        end=candidate.end,
        passage=passage,
        quotes=quotes,
        link=None,
        score=candidate.score,
        confidence=confidence,
        matched_terms=matched_words(candidate, question),
        features=features,
        other_sources=tuple(others),
        better=better,
    )
    for span in quotes:
        if not 0 <= span.start < span.end <= len(passage):
            # Verbatim or silence: a span outside the stored text means that index and store disagree.
            raise AssertionError("a quote lies outside its passage")
    return replace(citation, link=link_to(info.source, passage, [citation.stretch]))


def refusal(question: str, ranking: Ranking, reason: Refusal, titles: Sequence[str], began: float) -> Answer:
    """An answer that says why there is none."""
    texts = {
        Refusal.EMPTY_LIBRARY: "There are no articles yet that could answer.",
        Refusal.NO_WORDS: "The question has no words that could be looked up: name what it is about.",
        Refusal.UNKNOWN_WORDS: "No article holds any of the words of the question.",
        Refusal.TOO_FAR: "No passage is close enough to the question to be an answer.",
    }
    matched = matched_words(ranking.candidates[0], question) if ranking.candidates else ()
    return Answer(
        question=question,
        status=Status.REFUSED,
        refusal=reason,
        reason=texts[reason],
        best=None,
        alternatives=(),
        matched_terms=matched,
        unknown_terms=ranking.unknown,
        nearest_titles=tuple(titles),
        confidence=ranking.confidence,
        took_ms=(time.perf_counter() - began) * 1e3,
    )

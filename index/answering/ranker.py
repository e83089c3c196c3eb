"""A question to ranked passages, with how sure the first one is."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Protocol

import numpy as np

from index.analysis.languages import language
from index.analysis.typed import as_typed
from index.analysis.words import Analyzer, Flag
from index.answering.candidates import Candidate, Group, Ranking, apart
from index.answering.confidence import confidence_features
from index.answering.quotes import chosen
from index.engines.protocol import Engine, Hits, Scope
from index.models import PassageKey
from index.ranking.annotations import Annotations
from index.ranking.features import PASSAGE_FEATURES, Scratch, Stage, compute
from index.ranking.model import Model, model
from index.ranking.postings import K1
from index.ranking.query import Query, analyse

FIRST_STAGE = 100
CANDIDATES = 20
"""Passages whose features are computed: with 30 passage@1 is 0.0005 higher, and an answer takes 0.5 ms more."""

NEIGHBOUR_WEIGHT = 0.3
ARTICLE_WEIGHT = 0.2
LONGEST_QUESTION = 1_000
"""Characters of a question that are read; what comes after them no longer says what is asked."""


class AnnotatedEngine(Engine, Protocol):
    """An engine with the annotations of its passages."""

    def annotations(self, language: str) -> Annotations:
        """The annotations of a language."""

    def doc(self, language: str, article: int, ordinal: int) -> int:
        """The place of a passage in the annotations."""


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
        candidates = tuple(islice(apart(self._candidate(groups[g], i, engine) for _, g, i in order), wanted))
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
        quotes, better, spare = chosen(group, i, notes.sentences(doc))
        surfaces = notes.word_surface.take(notes.row(doc))
        return Candidate(
            group, i, group.keys[i], notes.doc_from.at(doc), notes.doc_to.at(doc), quotes, better, spare, surfaces
        )


def _content_words(queries: Sequence[Query]) -> tuple[str, ...]:
    """The words of a question that are looked for in any language; not those that another knows as stop words."""
    typed = dict.fromkeys(unit.typed for query in queries for unit in query.units)
    stops = {word.surface for query in queries for word in query.words if word.flags & Flag.STOP}
    return tuple(word for word in typed if word not in stops)


def _first_stage(hits: Hits) -> Stage:
    """Each hit's score, the better score of its neighbours in the article, and the article's best, among the hits."""
    packed = hits.articles << 32 | hits.ordinals
    order = packed.argsort()
    ordered, articles, scores = packed[order], hits.articles[order], hits.scores[order]
    neighbour = np.zeros(len(packed))
    beside = ordered[1:] - ordered[:-1] == 1
    neighbour[order[:-1][beside]] = scores[1:][beside]
    later = order[1:][beside]
    neighbour[later] = np.maximum(neighbour[later], scores[:-1][beside])
    changes = np.ones(len(packed), bool)
    np.not_equal(articles[1:], articles[:-1], out=changes[1:])
    best = np.empty(len(packed))
    best[order] = np.maximum.reduceat(scores, changes.nonzero()[0])[changes.cumsum() - 1]
    return Stage(hits.scores, neighbour, best)

"""Chosen passages to what is shown of them, and to refusals with their reasons."""

import re
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote as percent_encoded

import numpy as np

from index.analysis.languages import language
from index.analysis.typed import as_typed
from index.analysis.words import Analyzer
from index.answering.candidates import Candidate, Ranking
from index.answering.quotes import filled
from index.answering.ranker import LONGEST_QUESTION
from index.models import Answer, ArticleInfo, Citation, Refusal, Span, Status

MAX_FROM_ONE_ARTICLE = 3
SHOWN = 5

_ALIKE = 0.9
_BUCKETS = np.uint32(1 << 11)
"""Words are told apart by so many values of their hash: of a hundred, two or three are taken for another."""


def without_repeats(candidates: Sequence[Candidate]) -> list[tuple[Candidate, list[Candidate]]]:
    """Candidates with their near-duplicates, and at most `MAX_FROM_ONE_ARTICLE` of an article among the first five.

    Two passages are near-duplicates when nine of ten of their distinct words are the same.
    """
    kept: list[tuple[Candidate, list[Candidate]]] = []
    late: list[tuple[Candidate, list[Candidate]]] = []
    places: list[int] = []
    same = _same(candidates)
    for place, candidate in enumerate(candidates):
        twin = next((k for k, other in zip(kept, places, strict=True) if same[place][other]), None)
        if twin is not None and twin[0].key.article != candidate.key.article:
            twin[1].append(candidate)
            continue
        of_article = sum(k[0].key.article == candidate.key.article for k in kept)
        if len(kept) < SHOWN and of_article >= MAX_FROM_ONE_ARTICLE:
            late.append((candidate, []))
        else:
            kept.append((candidate, []))
            places.append(place)
    return [*kept[:SHOWN], *late, *kept[SHOWN:]] if len(kept) >= SHOWN else kept


def _same(candidates: Sequence[Candidate]) -> list[list[bool]]:
    """Which candidates share that many of their distinct words, as a square table."""
    if not candidates:
        return []
    held = np.zeros((len(candidates), _BUCKETS), bool)
    rows = np.arange(len(candidates)).repeat([len(one.surfaces) for one in candidates])
    held[rows, np.concatenate([one.surfaces for one in candidates]) % _BUCKETS] = True
    bits = np.packbits(held, axis=1).view(np.uint64)
    shared = np.bitwise_count(bits[:, None] & bits).sum(2)
    most = np.maximum(shared.diagonal()[:, None], shared.diagonal())
    same: list[list[bool]] = (shared >= _ALIKE * most).tolist()
    return same


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
    return as_typed(candidate.matched, (), question[:LONGEST_QUESTION], [language(candidate.query.language)])


def cite(
    candidate: Candidate,
    question: str,
    info: ArticleInfo,
    passage: str,
    confidence: float,
    others: Sequence[ArticleInfo],
    features: dict[str, float],
    analyzer: Analyzer,
    *,
    is_best: bool,
) -> Citation:
    """A citation of a passage whose text was read from the store.

    Args:
        is_best: It answers, and the room that its best sentence leaves is filled; see `filled`.
    """
    quotes, better = candidate.quotes, candidate.better
    if is_best and candidate.spare is not None:
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

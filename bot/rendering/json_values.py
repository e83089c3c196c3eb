"""What `--json` prints: the shapes that scripts rely on."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import cast

from bot.findings import Finding
from index import Addition, Answer, Article, ArticleInfo, Checked, Citation, Feed, Job, Repaired
from index.evaluation import SetResult

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
"""What JSON can hold."""

Sources = Mapping[str, Sequence[str]]
"""As `Library.all_sources` tells them."""

_DELETE_AND_C1 = re.compile("[\x7f-\x9f]")


def dumped(value: Value, *, ascii_only: bool = False) -> str:
    """One JSON text, indented, that a terminal can show.

    json.dumps escapes the control characters below U+0020; those from U+007F to U+009F steer terminals as well, and
    stand in strings only, where an escape means the same.
    """
    text = json.dumps(value, ensure_ascii=ascii_only, indent=2, allow_nan=False)
    return _DELETE_AND_C1.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def findings_value(findings: Sequence[Finding]) -> list[Value]:
    """What the doctor has found."""
    return [{"topic": one.topic, "level": one.level.value, "text": one.text, "advice": one.advice} for one in findings]


def article_value(info: ArticleInfo) -> dict[str, Value]:
    """An article without its text."""
    return {
        "id": info.id,
        "title": info.title,
        "source": info.source,
        "published_at": None if info.published_at is None else info.published_at.isoformat(),
        "language": info.language,
        "collection": info.collection,
    }


def placed_value(info: ArticleInfo, sources: Sources) -> dict[str, Value]:
    """An article with all places where its text stands, and since when its page is gone (null: it is not)."""
    return {
        **article_value(info),
        "sources": list(sources.get(info.id, ())),
        "gone_since": None if info.gone_since is None else info.gone_since.isoformat(),
    }


def listed_value(info: ArticleInfo, passages: int, sources: Sources) -> dict[str, Value]:
    """An article of `list`."""
    return {**placed_value(info, sources), "passages": passages}


def shown_value(article: Article, passages: int, sources: Sources) -> dict[str, Value]:
    """The article of `show`, with all that is known of it, and its text."""
    info = article.info
    return {
        **listed_value(info, passages, sources),
        "author": info.author,
        "added_at": info.added_at.isoformat(),
        "added_by": info.added_by,
        "revision": info.revision,
        "text": article.text,
    }


def addition_value(addition: Addition) -> dict[str, Value]:
    """An outcome of `add`: the keys of an article are there, with null, when nothing was stored."""
    if addition.article is None:
        article: dict[str, Value] = dict.fromkeys(
            ("id", "title", "source", "published_at", "language", "collection"), None
        )
        article["source"] = addition.source
    else:
        article = article_value(addition.article)
    return {
        **article,
        "passages": addition.passages,
        "skipped": [{"line": line.line, "reason": line.reason} for line in addition.left_out],
        "change": None if addition.change is None else addition.change.value,
        "problem": addition.problem,
    }


def feed_value(feed: Feed) -> dict[str, Value]:
    """A feed, by the names of `Feed`; times in ISO 8601."""
    return _plain(asdict(feed))


def job_value(job: Job) -> dict[str, Value]:
    """A job, by the names of `Job`; its additions as `footnote add --json` prints them."""
    additions = [addition_value(one) for one in job.additions]
    return _plain(asdict(replace(job, additions=()))) | {"additions": list(additions)}


def _plain(values: Mapping[str, object]) -> dict[str, Value]:
    """Values as JSON has them."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else cast(Value, value) for name, value in values.items()
    }


def answer_value(answer: Answer, sources: Sources, *, why: bool = False) -> dict[str, Value]:
    """An answer. All keys are there for a refusal as well; `sources` are those of all its articles.

    `passage[start:end] == quote`, always: the two sentences shown in bold when they touch, else the better of them;
    `quotes` holds start and end of each. Alternatives have the keys that tell of a passage; their `confidence`
    is null, as only the best passage is judged.
    """
    best = answer.best
    return {
        "question": answer.question,
        "status": answer.status.value,
        "reason": answer.reason,
        **_passage_value(best, sources, why=why),
        "confidence": answer.confidence,
        "matched_terms": list(answer.matched_terms),
        "unknown_terms": list(answer.unknown_terms),
        "nearest_titles": list(answer.nearest_titles),
        "alternatives": [
            {
                **_passage_value(citation, sources, why=why),
                "confidence": None,
                "matched_terms": list(citation.matched_terms),
                "unknown_terms": list(answer.unknown_terms),
            }
            for citation in answer.alternatives
        ],
        "took_ms": round(answer.took_ms, 3),
    }


def _passage_value(citation: Citation | None, sources: Sources, *, why: bool) -> dict[str, Value]:
    if citation is None:
        nothing: dict[str, Value] = dict.fromkeys(
            ("quote", "passage", "start", "end", "article", "link", "score"), None
        )
        return {**nothing, "quotes": [], "other_sources": []} | ({"features": {}} if why else {})
    value: dict[str, Value] = {
        "quote": citation.quote,
        "passage": citation.passage,
        "start": citation.stretch.start,
        "end": citation.stretch.end,
        "quotes": [{"start": span.start, "end": span.end} for span in citation.quotes],
        "article": placed_value(citation.article, sources),
        "link": citation.link,
        "score": citation.score,
        "other_sources": [placed_value(info, sources) for info in citation.other_sources],
    }
    return value | ({"features": dict(citation.features)} if why else {})


def result_value(result: SetResult) -> dict[str, Value]:
    """The figures of a set, by the names of `SetResult`."""
    return dict(asdict(result))


def check_value(findings: Sequence[Checked], repaired: Repaired | None) -> dict[str, Value]:
    """What a check found, and what a repair did before it."""
    value: dict[str, Value] = {
        "problems": sum(one.is_problem for one in findings),
        "findings": [asdict(one) for one in findings],
    }
    if repaired is not None:
        value["repaired"] = {
            "kept": None if repaired.kept is None else str(repaired.kept),
            "saved": repaired.saved,
            "lost": repaired.lost,
            "lost_titles": repaired.lost_titles,
            "mended": repaired.mended,
        }
    return value

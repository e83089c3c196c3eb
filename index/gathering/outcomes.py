"""What became of articles, as it is kept with a job."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from index.models import Addition, ArticleInfo, Change, RemovedLine

_MOST_LINES = 20
_LONGEST_LINE = 300


def written(outcome: Addition) -> str:
    """An outcome as JSON; of lines that were left out, the first ones."""
    value: dict[str, Any] = {
        "source": outcome.source,
        "article": _info(outcome.article),
        "change": outcome.change,
        "passages": outcome.passages,
        "left_out": [(one.line[:_LONGEST_LINE], one.reason) for one in outcome.left_out[:_MOST_LINES]],
        "problem": outcome.problem,
        "problem_kind": outcome.problem_kind,
        "duplicate_of": _info(outcome.duplicate_of),
    }
    return json.dumps(value)


def read(text: str) -> Addition:
    """Read what `written` wrote."""
    value = json.loads(text)
    return Addition(
        source=value["source"],
        article=_read_info(value["article"]),
        change=None if value["change"] is None else Change(value["change"]),
        passages=value["passages"],
        left_out=tuple(RemovedLine(line, reason) for line, reason in value["left_out"]),
        problem=value["problem"],
        problem_kind=value["problem_kind"],
        duplicate_of=_read_info(value["duplicate_of"]),
    )


_DATES = ("published_at", "added_at", "gone_since")


def _info(info: ArticleInfo | None) -> dict[str, object] | None:
    if info is None:
        return None
    value = asdict(info)
    return value | {name: None if value[name] is None else value[name].isoformat() for name in _DATES}


def _read_info(value: dict[str, Any] | None) -> ArticleInfo | None:
    if value is None:
        return None
    dates = {name: None if value[name] is None else datetime.fromisoformat(value[name]) for name in _DATES}
    return ArticleInfo(**(value | dates))

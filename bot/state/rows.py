"""From values to rows and back. What comes back is checked: a database outlives the version that wrote it."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter

from bot.state.models import (
    AnswerRecord,
    ChannelsMode,
    RebuildRecord,
    SavedPassage,
    ServerSettings,
)
from index import Refusal, Status

log = logging.getLogger(__name__)

Row = Sequence[Any]
Values = Mapping[str, object]
_T = TypeVar("_T")

_STRICT = ConfigDict(strict=True, extra="forbid", revalidate_instances="always")
_ids = TypeAdapter(frozenset[int], config=_STRICT)
_texts = TypeAdapter(tuple[str, ...], config=_STRICT)
_passages = TypeAdapter(tuple[SavedPassage, ...], config=_STRICT)
# Pydantic takes no configuration for a dataclass, but one for a tuple of it. SQLite keeps any type in any column.
_server = TypeAdapter(tuple[ServerSettings], config=_STRICT)
_answer = TypeAdapter(tuple[AnswerRecord], config=_STRICT)
_rebuild = TypeAdapter(tuple[RebuildRecord], config=_STRICT)


def parsed(parse: Callable[[Row], _T], row: Row) -> _T | None:
    """Parse a row; None if it holds what this version does not know, which is logged by the row's key."""
    try:
        return parse(row)
    except (ValueError, TypeError) as error:
        # Only the kind of error: its text would repeat what people wrote.
        log.warning("%s: the row %r cannot be read (%s)", parse.__name__, row[0], type(error).__name__)
        return None


def server_values(settings: ServerSettings) -> Values:
    """The columns of `servers`."""
    return {
        "guild_id": settings.guild_id,
        "channels_mode": settings.channels_mode.value,
        "channels": _json(sorted(settings.channels)),
        "answered_channels": _json(sorted(settings.answered_channels)),
        "manager_roles": _json(sorted(settings.manager_roles)),
        "is_private": settings.is_private,
        "language": settings.language,
        "user_daily_limit": settings.user_daily_limit,
        "server_daily_limit": settings.server_daily_limit,
    }


def server_of(row: Row) -> ServerSettings:
    """A whole row of `servers`; ValueError if it is none."""
    guild_id, mode, channels, answered, roles, is_private, language, user_limit, server_limit = row
    settings = ServerSettings(
        guild_id=guild_id,
        channels_mode=ChannelsMode(mode),
        channels=_ids.validate_json(channels),
        answered_channels=_ids.validate_json(answered),
        manager_roles=_ids.validate_json(roles),
        is_private=is_private,
        language=language,
        user_daily_limit=user_limit,
        server_daily_limit=server_limit,
    )
    return _server.validate_python((settings,))[0]


def answer_values(answer: AnswerRecord) -> Values:
    """The columns of `answers`."""
    return {
        "id": answer.id,
        "guild_id": answer.guild_id,
        "channel_id": answer.channel_id,
        "message_id": answer.message_id,
        "question_message_id": answer.question_message_id,
        "asker_id": answer.asker_id,
        "question": _text(answer.question),
        "scope": _json(answer.scope),
        "within": answer.within,
        "status": answer.status.value,
        "refusal": None if answer.refusal is None else answer.refusal.value,
        "unknown_terms": _json(answer.unknown_terms),
        "nearest_titles": _json(answer.nearest_titles),
        "confidence": answer.confidence,
        "took_ms": answer.took_ms,
        "asked_at": answer.asked_at,
        "is_private": answer.is_private,
        "passages": _json([asdict(passage) for passage in answer.passages]),
        "locale": answer.locale,
    }


def answer_of(row: Row) -> AnswerRecord:
    """A whole row of `answers`; ValueError if it is none."""
    (
        answer_id,
        guild_id,
        channel_id,
        message_id,
        question_message_id,
        asker_id,
        question,
        scope,
        within,
        status,
        refusal,
        unknown_terms,
        nearest_titles,
        confidence,
        took_ms,
        asked_at,
        is_private,
        passages,
        locale,
    ) = row
    answer = AnswerRecord(
        id=answer_id,
        guild_id=guild_id,
        channel_id=channel_id,
        message_id=message_id,
        question_message_id=question_message_id,
        asker_id=asker_id,
        question=question,
        scope=_texts.validate_json(scope),
        within=within,
        status=Status(status),
        refusal=None if refusal is None else Refusal(refusal),
        unknown_terms=_texts.validate_json(unknown_terms),
        nearest_titles=_texts.validate_json(nearest_titles),
        confidence=confidence,
        took_ms=took_ms,
        asked_at=asked_at,
        is_private=is_private,
        passages=_passages.validate_json(passages),
        locale=locale,
    )
    return _answer.validate_python((answer,))[0]


def rebuild_values(rebuild: RebuildRecord) -> Values:
    """The columns of `rebuilds`."""
    return {**asdict(rebuild), "detail": _text(rebuild.detail)}


def rebuild_of(row: Row) -> RebuildRecord:
    """A whole row of `rebuilds`; ValueError if it is none."""
    return _rebuild.validate_python((RebuildRecord(*row),))[0]


def _json(value: object) -> str:
    return _text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _text(text: str) -> str:
    """What every database takes: PostgreSQL knows no NUL, and lone surrogates, which become "?", are no Unicode."""
    return text.replace("\0", "").encode(errors="replace").decode()

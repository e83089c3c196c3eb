"""Answers, rebuilds and people, for tests of what the bot keeps."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.state import AnswerRecord, RebuildRecord, SavedPassage
from bot.state.tables import metadata
from index import Span, Status

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
TODAY = NOON.date()
SNOWFLAKE = 1 << 62
ADA, BOB = 11, 12
ONE, TWO = 101, 102
PASSAGE = SavedPassage(
    article_number=7,
    article_id="tea7ea",
    ordinal=2,
    start=10,
    end=90,
    quotes=(Span(0, 20), Span(21, 40)),
    better=1,
    link="https://a.example/#:~:text=tea",
    score=3.5,
    confidence=0.1 + 0.2,
    matched_terms=("tea", "чай"),
    features={"coverage": 0.5, "margin": 1.0},
    other_sources=("p0t5",),
)


def answer(answer_id: str = "a", **changes: Any) -> AnswerRecord:
    plain = AnswerRecord(
        id=answer_id,
        guild_id=ONE,
        channel_id=201,
        message_id=None,
        question_message_id=None,
        asker_id=ADA,
        question="What is tea?",
        scope=("101", "shared"),
        within=None,
        status=Status.ANSWERED,
        refusal=None,
        unknown_terms=(),
        nearest_titles=("Tea", "Pots"),
        confidence=0.75,
        took_ms=2.5,
        asked_at=NOON,
        is_private=False,
        passages=(PASSAGE,),
        locale="en-GB",
    )
    return replace(plain, **changes)


def rebuild(rebuild_id: str = "r", **changes: Any) -> RebuildRecord:
    plain = RebuildRecord(
        id=rebuild_id,
        guild_id=ONE,
        channel_id=201,
        message_id=301,
        asked_by=ADA,
        started_at=NOON,
        state="running",
        detail="",
    )
    return replace(plain, **changes)


def address_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def execute(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def count(path: Path, table: str) -> int:
    return int(execute(path, f"SELECT count(*) FROM {table}")[0][0])


def ids_in(path: Path) -> set[object]:
    """Every value of every column of every table of the bot's."""
    return {value for table in metadata.tables for row in execute(path, f"SELECT * FROM {table}") for value in row}

"""Answers come back as they were recorded."""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.state import AnswerRecord, SavedPassage, ServerFigures, State
from index import Refusal, Span, Status, StoreError
from tests.unit.state.samples import BOB, NOON, ONE, PASSAGE, SNOWFLAKE, address_of, answer, execute


async def test_an_answer_is_kept_as_it_was(state: State) -> None:
    asked_at = datetime(2024, 5, 1, 14, 0, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    refused = answer(
        "b",
        guild_id=None,
        channel_id=None,
        status=Status.REFUSED,
        refusal=Refusal.UNKNOWN_WORDS,
        unknown_terms=("чай", "“茶”\n"),
        nearest_titles=(),
        within="tea7ea",
        is_private=True,
        passages=(),
        asked_at=asked_at,
    )

    await state.record(answer(asker_id=SNOWFLAKE, passages=(PASSAGE, replace(PASSAGE, link=None, features={}))))
    await state.record(refused)

    assert await state.answer("a") == answer(
        asker_id=SNOWFLAKE, passages=(PASSAGE, replace(PASSAGE, link=None, features={}))
    )
    assert await state.answer("b") == refused
    assert await state.answer("c") is None


async def test_an_answer_is_found_by_its_message_and_by_its_question(state: State) -> None:
    await state.record(answer("a", question_message_id=401))
    await state.attach("a", channel_id=202, message_id=301)
    await state.attach("gone", channel_id=202, message_id=302)

    found = await state.answer_by_message(301)

    assert found == answer("a", channel_id=202, message_id=301, question_message_id=401)
    assert await state.answer_to_message(401) == found
    assert await state.answer_by_message(401) is None
    assert await state.answer_by_message(302) is None
    assert await state.answer_to_message(301) is None


async def test_of_several_answers_to_a_message_the_last_counts(state: State) -> None:
    await state.record(answer("b", question_message_id=401, asked_at=NOON + timedelta(seconds=1)))
    await state.record(answer("a", question_message_id=401))

    found = await state.answer_to_message(401)

    assert found is not None
    assert found.id == "b"


async def test_an_answer_that_is_recorded_again_takes_the_place_of_the_first(state: State) -> None:
    await state.record(answer(message_id=301))
    await state.rate("a", BOB, True)

    await state.record(answer(message_id=301, question="What are pots?"))

    assert await state.answer_by_message(301) == answer(message_id=301, question="What are pots?")
    assert await state.figures(ONE) == ServerFigures(1, 2.5, 0, 0)


async def test_a_deleted_answer_is_gone_with_its_ratings(state: State) -> None:
    await state.record(answer())
    await state.rate("a", BOB, True)

    assert await state.delete_answer("a") is True
    assert await state.delete_answer("a") is False
    assert await state.answer("a") is None
    assert await state.ratings(ONE) == (0, 0)


async def test_an_answer_without_a_time_zone_is_refused_and_the_one_before_stays(state: State) -> None:
    await state.record(answer())

    with pytest.raises(StoreError, match="no time zone"):
        await state.record(answer(question="Pots?", asked_at=datetime(2024, 5, 1)))

    assert await state.answer("a") == answer()


async def test_what_no_database_takes_is_left_out_of_a_question(state: State) -> None:
    await state.record(answer(question="te\0a \ud800?", unknown_terms=("\udfff", "po\0ts")))

    found = await state.answer("a")

    assert found is not None
    assert found.question == "tea ??"
    assert found.unknown_terms == ("?", "po\0ts")


@pytest.mark.parametrize(
    "damage",
    [
        "passages = 'tea'",
        "passages = '{}'",
        """passages = '[{"article_number": 7}]'""",
        """passages = replace(passages, '"ordinal":2', '"ordinal":"2"')""",
        """passages = replace(passages, '"ordinal":2', '"ordinal":2,"more":1')""",
        """passages = replace(passages, '"end":20', '"end":null')""",
        "scope = '[1]'",
        "scope = '\"shared\"'",
        "status = 'guessed'",
        "refusal = 'bored'",
        "unknown_terms = ''",
        "nearest_titles = 'null'",
        "guild_id = 'tea'",
        "confidence = 'high'",
        "question = x'ff'",
    ],
)
async def test_an_answer_that_cannot_be_read_counts_as_absent_and_is_logged(
    path: Path, state: State, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    await state.record(answer())
    execute(path, f"UPDATE discord_answers SET {damage}")

    with caplog.at_level(logging.WARNING):
        assert await state.answer("a") is None

    (logged,) = caplog.messages
    assert "'a' cannot be read" in logged
    assert "What is tea" not in logged


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
FLOATS = st.floats(allow_nan=False)
NUMBERS = st.integers(0, 1 << 62)
PASSAGES = st.builds(
    SavedPassage,
    article_number=NUMBERS,
    article_id=TEXTS,
    ordinal=NUMBERS,
    start=NUMBERS,
    end=NUMBERS,
    quotes=st.lists(st.builds(Span, NUMBERS, NUMBERS), max_size=2).map(tuple),
    better=NUMBERS,
    link=st.none() | TEXTS,
    score=FLOATS,
    confidence=FLOATS,
    matched_terms=st.lists(TEXTS, max_size=4).map(tuple),
    features=st.dictionaries(TEXTS, FLOATS, max_size=4),
    other_sources=st.lists(TEXTS, max_size=2).map(tuple),
)

ANSWERS = st.builds(
    AnswerRecord,
    id=TEXTS,
    guild_id=st.none() | NUMBERS,
    channel_id=st.none() | NUMBERS,
    message_id=st.none() | NUMBERS,
    question_message_id=st.none() | NUMBERS,
    asker_id=NUMBERS,
    question=TEXTS,
    scope=st.lists(TEXTS, max_size=2).map(tuple),
    within=st.none() | TEXTS,
    status=st.sampled_from(Status),
    refusal=st.none() | st.sampled_from(Refusal),
    unknown_terms=st.lists(TEXTS, max_size=4).map(tuple),
    nearest_titles=st.lists(TEXTS, max_size=3).map(tuple),
    confidence=FLOATS,
    took_ms=FLOATS,
    asked_at=st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC)),
    is_private=st.booleans(),
    passages=st.lists(PASSAGES, max_size=3).map(tuple),
    locale=TEXTS,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(ANSWERS, max_size=5, unique_by=lambda each: each.id))
def test_answers_come_back_as_they_were_recorded(records: list[AnswerRecord]) -> None:
    async def keep() -> None:
        with TemporaryDirectory() as folder:
            async with await State.open(address_of(Path(folder) / "footnote.db")) as state:
                for each in records:
                    await state.record(each)
                assert [await state.answer(each.id) for each in records] == records

    asyncio.run(keep())

"""What the bot keeps, against real SQLite files."""

import asyncio
import logging
import multiprocessing
import multiprocessing.connection
import multiprocessing.synchronize
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Engine
from sqlalchemy.schema import CreateTable

from bot.state import (
    AnswerRecord,
    ChannelsMode,
    JobMessage,
    RebuildRecord,
    SavedPassage,
    ServerFigures,
    ServerSettings,
    State,
    WaitingInteraction,
)
from bot.state.tables import MIGRATIONS, metadata
from index import Draft, Library, NewerStoreError, Refusal, Span, Status, StoreError
from index.store import connecting
from index.store.tables import metadata as articles_metadata
from index.store.upgrading import migrate

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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "footnote.db"


@pytest.fixture
async def state(path: Path) -> AsyncIterator[State]:
    async with await State.open(address_of(path)) as opened:
        yield opened


def execute(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def count(path: Path, table: str) -> int:
    return int(execute(path, f"SELECT count(*) FROM {table}")[0][0])


# Opening


def test_the_migrations_lead_to_the_tables(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "here", MIGRATIONS)

        options = {"version_table": MIGRATIONS.version_table}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_the_known_revision_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS.folder)).get_current_head() == MIGRATIONS.head


def test_the_tables_fit_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

    created = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]

    assert all("SERIAL" not in one for one in created)


def test_no_table_has_the_name_of_one_of_the_library() -> None:
    assert all(name.startswith("discord_") for name in [*metadata.tables, MIGRATIONS.version_table])
    assert not any(name.startswith("discord_") for name in articles_metadata.tables)


@pytest.mark.parametrize("opening", ["state", "library", "both"])
async def test_a_database_is_shared_with_the_library_whoever_comes_first(path: Path, opening: str) -> None:
    if opening == "state":
        await (await State.open(address_of(path))).close()
    if opening == "library":
        await (await Library.open(address_of(path), None)).close()

    library, state = await asyncio.gather(Library.open(address_of(path), None), State.open(address_of(path)))
    async with library, state:
        await state.record(answer())
        assert (await library.status()).articles == 0

    assert execute(path, "SELECT version_num FROM discord_alembic_version") == [(MIGRATIONS.head,)]
    assert count(path, "alembic_version") == 1


async def test_several_states_may_be_opened_at_once(path: Path) -> None:
    states = await asyncio.gather(*(State.open(address_of(path)) for _ in range(5)))

    await states[0].set_value("a", "b")

    assert [await each.value("a") for each in states] == ["b"] * 5
    for each in states:
        await each.close()


async def test_a_state_of_a_newer_version_is_left_alone(path: Path) -> None:
    await (await State.open(address_of(path))).close()
    execute(path, "UPDATE discord_alembic_version SET version_num = '0999'")

    with pytest.raises(NewerStoreError, match="revision 0999"):
        await State.open(address_of(path))


async def test_a_file_that_is_no_database_is_a_store_error(path: Path) -> None:
    path.write_bytes(b"tea leaves " * 1_000)

    with pytest.raises(StoreError, match="the file is not a database"):
        await State.open(address_of(path))


async def test_a_closed_state_says_so(path: Path) -> None:
    state = await State.open(address_of(path))
    await state.close()
    await state.close()

    with pytest.raises(StoreError, match="it is closed"):
        await state.answer("a")
    with pytest.raises(StoreError, match="it is closed"):
        await state.record(answer())


async def test_opening_prints_nothing(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    await (await State.open(address_of(path))).close()

    assert capfd.readouterr() == ("", "")


# Servers


async def test_a_server_that_chose_nothing_has_the_defaults(state: State) -> None:
    assert await state.server(ONE) == ServerSettings(ONE)


async def test_settings_are_kept(path: Path, state: State) -> None:
    chosen = ServerSettings(
        guild_id=SNOWFLAKE,
        channels_mode=ChannelsMode.SOME,
        channels=frozenset({3, SNOWFLAKE}),
        answered_channels=frozenset({4}),
        manager_roles=frozenset({5, 6}),
        is_private=True,
        language="pt-BR",
        user_daily_limit=7,
        server_daily_limit=8,
    )

    await state.save_server(ServerSettings(SNOWFLAKE))
    await state.save_server(chosen)

    assert await state.server(SNOWFLAKE) == chosen
    assert await state.server(ONE) == ServerSettings(ONE)
    async with await State.open(address_of(path)) as again:
        assert await again.server(SNOWFLAKE) == chosen


async def test_settings_are_read_once(path: Path, state: State) -> None:
    await state.save_server(ServerSettings(ONE, language="de"))
    execute(path, "DELETE FROM discord_servers")

    assert (await state.server(ONE)).language == "de"


async def test_settings_that_were_not_saved_are_not_remembered(path: Path, state: State) -> None:
    await state.save_server(ServerSettings(ONE, language="de"))
    execute(path, "CREATE TRIGGER no BEFORE INSERT ON discord_servers BEGIN SELECT RAISE(ABORT, 'no'); END")

    with pytest.raises(StoreError, match="no"):
        await state.save_server(ServerSettings(ONE, language="fr"))

    assert await state.server(ONE) == ServerSettings(ONE, language="de")


async def test_of_settings_saved_at_once_the_one_on_disk_is_remembered(path: Path, state: State) -> None:
    await asyncio.gather(*(state.save_server(ServerSettings(ONE, user_daily_limit=each)) for each in range(20)))

    assert execute(path, "SELECT user_daily_limit FROM discord_servers") == [
        ((await state.server(ONE)).user_daily_limit,)
    ]


async def test_changes_of_one_server_at_once_all_count(state: State) -> None:
    async def allow(channel: int) -> None:
        await state.change_server(ONE, lambda server: replace(server, channels=server.channels | {channel}))

    await asyncio.gather(*(allow(channel) for channel in range(20)))

    assert (await state.server(ONE)).channels == frozenset(range(20))


async def test_a_server_is_forgotten_with_everything_of_it_and_nothing_else(path: Path, state: State) -> None:
    for guild_id, name in ((ONE, "one"), (TWO, "two")):
        await state.save_server(ServerSettings(guild_id, language="de"))
        await state.record(answer(name, guild_id=guild_id))
        await state.rate(name, BOB, True)
        await state.count_question(guild_id, ADA, TODAY)
        await state.keep_removed(name, guild_id, "{}", NOON)
        await state.save_rebuild(rebuild(name, guild_id=guild_id))
        await state.keep_job_message(JobMessage(name, guild_id, 201, 301, NOON))

    await state.forget_server(ONE)

    assert await state.server(ONE) == ServerSettings(ONE)
    assert await state.answer("one") is None
    assert await state.ratings(ONE) == (0, 0)
    assert await state.removed("one") is None
    assert [each.id for each in await state.unfinished_rebuilds()] == ["two"]
    assert (await state.server(TWO)).language == "de"
    assert await state.figures(TWO) == ServerFigures(1, 2.5, 1, 0)
    for table in ("servers", "answers", "ratings", "usage", "removed_articles", "rebuilds", "job_messages"):
        assert count(path, f"discord_{table}") == 1


# Answers


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


async def test_settings_that_cannot_be_read_are_the_defaults(
    path: Path, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    await state.save_server(ServerSettings(ONE, language="de"))
    execute(path, "UPDATE discord_servers SET channels = '[1.5]'")

    async with await State.open(address_of(path)) as again:
        assert await again.server(ONE) == ServerSettings(ONE)

    assert "101 cannot be read" in caplog.text


async def test_a_rebuild_that_cannot_be_read_hides_no_other(
    path: Path, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    await state.save_rebuild(rebuild("r1"))
    await state.save_rebuild(rebuild("r2"))
    execute(path, "UPDATE discord_rebuilds SET guild_id = 'tea' WHERE id = 'r1'")

    assert [each.id for each in await state.unfinished_rebuilds()] == ["r2"]
    assert "'r1' cannot be read" in caplog.text


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


# Ratings and figures


async def test_the_last_rating_of_a_person_counts(state: State) -> None:
    await state.record(answer("a"))
    await state.record(answer("b"))
    await state.rate("a", ADA, True)
    await state.rate("a", BOB, True)
    await state.rate("b", BOB, True)

    await state.rate("a", BOB, False)

    assert await state.ratings(ONE) == (2, 1)
    assert await state.ratings(TWO) == (0, 0)


async def test_a_rating_of_an_answer_that_is_gone_is_not_kept(path: Path, state: State) -> None:
    await state.rate("gone", ADA, True)

    assert count(path, "discord_ratings") == 0


async def test_a_rating_in_direct_messages_belongs_to_no_server(path: Path, state: State) -> None:
    await state.record(answer(guild_id=None))
    await state.rate("a", ADA, True)

    assert count(path, "discord_ratings") == 1
    assert await state.ratings(ONE) == (0, 0)


@pytest.mark.parametrize(
    ("times", "median"),
    [([], None), ([3.0], 3.0), ([3.0, 1.0], 2.0), ([9.0, 1.0, 2.0], 2.0), ([9.0, 1.0, 2.0, 4.0], 3.0)],
)
async def test_figures_tell_the_median_time(state: State, times: list[float], median: float | None) -> None:
    for number, took_ms in enumerate(times):
        await state.record(answer(f"a{number}", took_ms=took_ms))
    await state.record(answer("other", guild_id=TWO, took_ms=100.0))

    assert await state.figures(ONE) == ServerFigures(len(times), median, 0, 0)


# People


async def test_a_person_is_forgotten_everywhere_and_nobody_else(path: Path, state: State) -> None:
    for name, asker, guild_id in (("a", ADA, ONE), ("b", BOB, ONE), ("c", ADA, None), ("d", ADA, TWO)):
        await state.record(answer(name, asker_id=asker, guild_id=guild_id))
        await state.rate(name, ADA, True)
        await state.rate(name, BOB, False)
        await state.count_question(guild_id, asker, TODAY)
    await state.save_rebuild(rebuild("r1", asked_by=ADA))
    await state.save_rebuild(rebuild("r2", asked_by=BOB))

    assert await state.forget_user(ADA) == 3
    assert await state.forget_user(ADA) == 0

    assert await state.answer("b") is not None
    assert await state.ratings(ONE) == (0, 1)
    assert execute(path, "SELECT answer_id, user_id FROM discord_ratings") == [("b", BOB)]
    assert execute(path, "SELECT user_id FROM discord_usage") == [(BOB,)]
    assert [each.asked_by for each in await state.unfinished_rebuilds()] == [None, BOB]
    assert not ids_in(path) & {ADA}


def ids_in(path: Path) -> set[object]:
    """Every value of every column of every table of the bot's."""
    return {value for table in metadata.tables for row in execute(path, f"SELECT * FROM {table}") for value in row}


async def test_questions_are_counted_by_server_person_and_day(state: State) -> None:
    tomorrow = TODAY + timedelta(days=1)

    assert await state.count_question(ONE, ADA, TODAY) == (1, 1)
    assert await state.count_question(ONE, ADA, TODAY) == (2, 2)
    assert await state.count_question(ONE, BOB, TODAY) == (1, 3)
    assert await state.count_question(TWO, ADA, TODAY) == (1, 1)
    assert await state.count_question(None, ADA, TODAY) == (1, 1)
    assert await state.count_question(None, BOB, TODAY) == (1, 2)
    assert await state.count_question(ONE, ADA, tomorrow) == (1, 1)


async def test_a_count_is_taken_back_but_never_below_nothing(state: State) -> None:
    await state.count_question(ONE, ADA, TODAY)
    await state.count_question(ONE, BOB, TODAY)

    await state.uncount_question(ONE, ADA, TODAY)
    await state.uncount_question(ONE, ADA, TODAY)
    await state.uncount_question(TWO, ADA, TODAY)

    assert await state.count_question(ONE, ADA, TODAY) == (1, 2)


async def test_no_question_is_lost_when_many_are_counted_at_once(state: State) -> None:
    counts = await asyncio.gather(*(state.count_question(ONE, ADA, TODAY) for _ in range(40)))

    assert sorted(counts) == [(each, each) for each in range(1, 41)]


# Removed articles, rebuilds, waiting interactions, facts


async def test_removed_articles_are_kept_until_they_are_dropped(state: State) -> None:
    await state.keep_removed("t", ONE, '{"title": "茶"}\n', NOON)

    removed = await state.removed("t")

    assert removed is not None
    assert (removed.token, removed.guild_id, removed.payload, removed.expires_at) == (
        "t",
        ONE,
        '{"title": "茶"}\n',
        NOON,
    )
    await state.drop_removed("t")
    await state.drop_removed("t")
    assert await state.removed("t") is None


async def test_messages_of_jobs_are_kept_until_they_are_dropped(state: State) -> None:
    first, second = JobMessage("j1", ONE, 201, 301, NOON), JobMessage("j2", ONE, 202, 302, NOON + timedelta(minutes=1))
    for one in (second, first):
        await state.keep_job_message(one)

    assert await state.job_messages() == [first, second]
    await state.drop_job_message("j1")
    assert await state.job_messages() == [second]


async def test_unfinished_rebuilds_are_those_that_run(state: State) -> None:
    later = rebuild("r1", started_at=NOON + timedelta(minutes=1), guild_id=None, asked_by=None, channel_id=None)
    await state.save_rebuild(later)
    await state.save_rebuild(rebuild("r2"))
    await state.save_rebuild(rebuild("r3"))
    await state.save_rebuild(rebuild("r3", state="done", detail="3 articles"))

    assert await state.unfinished_rebuilds() == [rebuild("r2"), later]


async def test_interactions_wait_until_they_are_dropped(state: State) -> None:
    await state.keep_waiting(WaitingInteraction(1, SNOWFLAKE, "token", NOON, "de"))
    older = WaitingInteraction(2, SNOWFLAKE, "older", NOON - timedelta(minutes=1), "ja")
    await state.keep_waiting(older)

    await state.drop_waiting(1)

    assert await state.waiting() == [older]


async def test_the_last_value_of_a_fact_counts(state: State) -> None:
    assert await state.value("commands") is None

    await state.set_value("commands", "1")
    await state.set_value("commands", "2")

    assert await state.value("commands") == "2"


# Cleaning


async def test_what_is_past_its_time_is_deleted_and_nothing_else(path: Path, state: State) -> None:
    old, young = NOON - timedelta(days=30, seconds=1), NOON - timedelta(days=30)
    for name, asked_at in (("old", old), ("young", young)):
        await state.record(answer(name, asked_at=asked_at))
        await state.rate(name, BOB, True)
        await state.save_rebuild(rebuild(name, started_at=asked_at))
        await state.keep_removed(name, ONE, "{}", asked_at + timedelta(days=30))
        await state.keep_job_message(JobMessage(name, ONE, 201, 301, asked_at))
    await state.count_question(ONE, ADA, date(2024, 3, 31))
    await state.count_question(ONE, ADA, date(2024, 4, 1))
    await state.keep_waiting(WaitingInteraction(1, 2, "old", NOON - timedelta(minutes=15, seconds=1), "de"))
    await state.keep_waiting(WaitingInteraction(2, 2, "young", NOON - timedelta(minutes=15), "de"))
    await state.save_server(ServerSettings(ONE, language="de"))
    await state.set_value("commands", "1")

    assert await state.purge(NOON, 30) == 6
    assert await state.purge(NOON, 30) == 0

    for table in metadata.tables:
        assert count(path, table) == 1
    assert {"young", date(2024, 4, 1).isoformat()} <= ids_in(path)


async def test_a_purge_of_many_answers_lets_others_write_in_between(path: Path, state: State) -> None:
    await state.record(answer())
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
    columns = ", ".join(column.name for column in metadata.tables["discord_answers"].c if column.name != "id")
    execute(path, f"INSERT INTO discord_answers (id, {columns}) {numbers} SELECT i, {columns} FROM n, discord_answers")

    purging = asyncio.create_task(state.purge(NOON + timedelta(days=31), 30))
    await asyncio.sleep(0.001)
    await state.set_value("a", "b")

    assert not purging.done()
    assert await purging == 3_001


# Beside others


async def test_writers_on_one_file_never_find_it_locked(path: Path) -> None:
    """Two states and a library, as in one process; the library's batches hold the lock for a while each."""
    async with (
        await Library.open(address_of(path), None) as library,
        await State.open(address_of(path)) as one,
        await State.open(address_of(path)) as other,
    ):
        drafts = [Draft(f"Tea {number}", f"Tea number {number}. " * 50, "") for number in range(10)]
        await library.add([drafts.pop()])  # the first one loads what is known of languages
        writing = [
            *(one.record(answer(f"a{number}")) for number in range(40)),
            *(other.record(answer(f"b{number}")) for number in range(40)),
            *(state.count_question(ONE, ADA, TODAY) for state in (one, other) for _ in range(30)),
            *(library.add([each]) for each in drafts),
        ]
        await asyncio.gather(*writing)

        assert (await one.figures(ONE)).questions == 80
        assert await other.count_question(ONE, ADA, TODAY) == (61, 61)
        assert (await library.status()).articles == 10


async def test_processes_open_and_write_a_new_file_at_once(path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bot.state", "pytest"])
    starting = context.Barrier(3)
    processes = [context.Process(target=write_alone, args=(str(path), name, starting)) for name in "abc"]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, 60)

    assert [process.exitcode for process in processes] == [0] * 3
    for process in processes:
        process.close()
    async with await State.open(address_of(path)) as state:
        assert (await state.figures(ONE)).questions == 90
        assert await state.count_question(ONE, ADA, TODAY) == (91, 91)


def write_alone(path: str, name: str, starting: "multiprocessing.synchronize.Barrier") -> None:
    async def write() -> None:
        async with await State.open(address_of(Path(path))) as state:
            for number in range(30):
                await state.record(answer(f"{name}{number}"))
                await state.count_question(ONE, ADA, TODAY)

    starting.wait(30)
    asyncio.run(write())


async def test_a_write_waits_for_a_lock_that_is_held_beyond_the_busy_timeout(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_BUSY_TIMEOUT_MS", 300)
    async with await State.open(address_of(path)) as state:
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.create_task(state.record(answer()))
            await asyncio.sleep(0.5)
            other.rollback()
            await writing

        assert await state.answer("a") == answer()


async def test_others_go_on_and_read_while_a_write_waits(path: Path, state: State) -> None:
    await state.record(answer())
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(state.delete_answer("a"))
        for _ in range(20):
            await asyncio.sleep(0.005)
            assert await state.answer("a") == answer()

        assert not writing.done()
        other.rollback()
        assert await writing


async def test_a_lock_that_is_never_released_is_a_store_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_BUSY_TIMEOUT_MS", 20)
    async with await State.open(address_of(path)) as state:
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked by another program"):
                await state.record(answer())
            assert await state.answer("a") is None

        await state.record(answer())


# Whole or absent


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13])
async def test_a_cancelled_write_is_whole_or_absent_and_the_state_goes_on(path: Path, state: State, steps: int) -> None:
    await state.record(answer(message_id=301))
    await state.rate("a", BOB, True)
    newer = answer(question="Pots?", message_id=302)

    task = asyncio.create_task(state.record(newer))
    for _ in range(steps):
        await asyncio.sleep(0.0002)
    task.cancel()
    await asyncio.wait([task])

    assert (await state.answer("a"), await state.ratings(ONE)) in (
        (answer(message_id=301), (1, 0)),
        (newer, (0, 0)),
    )
    await state.record(answer("b"))
    assert await state.answer("b") == answer("b")


async def test_a_cancelled_reader_does_not_harm_the_next(state: State) -> None:
    await state.record(answer())
    task = asyncio.create_task(state.answer("a"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert await state.answer("a") == answer()


async def test_closing_waits_for_what_is_being_written(path: Path) -> None:
    state = await State.open(address_of(path))
    task = asyncio.create_task(state.record(answer()))
    await asyncio.sleep(0.0005)
    await state.close()
    await asyncio.wait([task])

    async with await State.open(address_of(path)) as again:
        assert (await again.answer("a") == answer()) is (task.exception() is None)


@pytest.mark.slow
def test_a_killed_writer_leaves_rows_whole_or_absent(path: Path) -> None:
    chance = random.Random(4)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bot.state", "pytest"])
    for _ in range(20):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=write_for_ever, args=(str(path), sender))
        process.start()
        sender.close()
        assert receiver.poll(60)
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        process.join(60)
        process.close()
        told = received(receiver)

        kept, newest, counted = asyncio.run(read_what_was_killed(path))
        # What was told is there, and the write that was on its way is there or is not.
        assert kept is not None
        assert told <= int(kept.question) <= told + 1
        assert newest in (None, replace(kept, id=f"a{kept.question}"))
        assert told <= counted <= told + 1


def received(receiver: "multiprocessing.connection.Connection") -> int:
    """The last number that a killed process has sent."""
    last = 0
    with closing(receiver), suppress(EOFError):
        while True:
            last = receiver.recv()
    return last


async def read_what_was_killed(path: Path) -> tuple[AnswerRecord | None, AnswerRecord | None, int]:
    async with await State.open(address_of(path)) as state:
        kept = await state.answer("kept")
        newest = await state.answer(f"a{kept.question}") if kept is not None else None
        ((counted,),) = execute(path, "SELECT questions FROM discord_usage")
        return kept, newest, counted


def write_for_ever(path: str, sender: "multiprocessing.connection.Connection") -> None:
    """Replace one row, add another and count, by turns, and tell the number of each turn that is done."""

    async def write() -> None:
        async with await State.open(address_of(Path(path))) as state:
            kept = await state.answer("kept")
            number, _ = await state.count_question(ONE, ADA, TODAY)
            if kept is not None and int(kept.question) == number - 1:
                await state.uncount_question(ONE, ADA, TODAY)
                number -= 1
            while True:
                full = answer("kept", question=str(number), passages=(PASSAGE,) * 20)
                await state.record(full)
                await state.record(replace(full, id=f"a{number}"))
                sender.send(number)
                number, _ = await state.count_question(ONE, ADA, TODAY)

    asyncio.run(write())


# Speed


async def test_writes_and_reads_are_quick(state: State) -> None:
    records = [answer(f"a{number}", passages=(PASSAGE,) * 5, message_id=number) for number in range(300)]
    took: list[float] = []
    for number, record in enumerate(records):
        started = time.process_time()
        await state.record(record)
        await state.answer_by_message(number)
        took.append(time.process_time() - started)

    # 2 ms on two slow cores, of work: what else the machine does is not counted.
    assert sorted(took)[150] < 0.008


async def test_every_lookup_has_an_index(path: Path, state: State) -> None:
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen[statement] = parameters

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await use_everything(state)
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    plans = {}
    with closing(sqlite3.connect(path)) as connection:
        for statement, parameters in seen.items():
            if statement.startswith(("SELECT", "UPDATE", "DELETE")) and "discord_" in statement:
                plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
                plans[statement] = [row[3] for row in plan]
    assert len(plans) > 25
    # A scan of an index reads only what it is asked for, in its order.
    assert {s: p for s, p in plans.items() if any(line.startswith("SCAN") and "INDEX" not in line for line in p)} == {}
    assert {s: p for s, p in plans.items() if any("TEMP B-TREE FOR ORDER" in line for line in p)} == {}


async def use_everything(state: State) -> None:
    await state.server(TWO)
    await state.save_server(ServerSettings(ONE))
    await state.record(answer(question_message_id=401))
    await state.attach("a", channel_id=201, message_id=301)
    await state.answer("a")
    await state.answer_by_message(301)
    await state.answer_to_message(401)
    await state.rate("a", BOB, True)
    await state.figures(ONE)
    await state.count_question(ONE, ADA, TODAY)
    await state.uncount_question(ONE, ADA, TODAY)
    await state.keep_removed("t", ONE, "{}", NOON)
    await state.removed("t")
    await state.drop_removed("t")
    await state.save_rebuild(rebuild())
    await state.unfinished_rebuilds()
    await state.keep_job_message(JobMessage("j", ONE, 201, 301, NOON))
    await state.job_messages()
    await state.drop_job_message("j")
    await state.keep_waiting(WaitingInteraction(1, 2, "t", NOON, "de"))
    await state.waiting()
    await state.drop_waiting(1)
    await state.set_value("a", "b")
    await state.value("a")
    await state.purge(NOON, 30)
    await state.delete_answer("a")
    await state.forget_user(ADA)
    await state.forget_server(ONE)

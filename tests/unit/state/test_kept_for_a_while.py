"""What waits for something, and the deletion of what is past its time."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.state import JobMessage, ServerSettings, State, WaitingInteraction
from bot.state.tables import metadata
from tests.unit.state.samples import ADA, BOB, NOON, ONE, SNOWFLAKE, answer, count, execute, ids_in, rebuild


async def test_a_rebuild_that_cannot_be_read_hides_no_other(
    path: Path, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    await state.save_rebuild(rebuild("r1"))
    await state.save_rebuild(rebuild("r2"))
    execute(path, "UPDATE discord_rebuilds SET guild_id = 'tea' WHERE id = 'r1'")

    assert [each.id for each in await state.unfinished_rebuilds()] == ["r2"]
    assert "'r1' cannot be read" in caplog.text


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

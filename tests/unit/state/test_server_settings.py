"""What servers chose, and forgetting them."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.state import ChannelsMode, JobMessage, ServerFigures, ServerSettings, State
from index import StoreError
from tests.unit.state.samples import (
    ADA,
    BOB,
    NOON,
    ONE,
    SNOWFLAKE,
    TODAY,
    TWO,
    address_of,
    answer,
    count,
    execute,
    rebuild,
)


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


async def test_settings_that_cannot_be_read_are_the_defaults(
    path: Path, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    await state.save_server(ServerSettings(ONE, language="de"))
    execute(path, "UPDATE discord_servers SET channels = '[1.5]'")

    async with await State.open(address_of(path)) as again:
        assert await again.server(ONE) == ServerSettings(ONE)

    assert "101 cannot be read" in caplog.text

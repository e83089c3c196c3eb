"""Questions in messages: whom they name, and when there are too many of them."""

import pytest
from simcord import Env

from bot.client import FootnoteBot
from bot.state import ServerSettings, State
from index import Library
from tests.behaviour.conftest import add_shared
from tests.support.cards import text_of


@pytest.mark.parametrize("name", [r"a\q", r"\1", r"\g<0>", "<@1>"])
async def test_a_person_of_any_name_may_be_mentioned_in_a_question(
    name: str, simcord_env: Env, simcord_bot: FootnoteBot, bot_library: Library
) -> None:
    await add_shared(bot_library)
    guild = simcord_env.create_guild("Docs")
    channel = guild.create_text_channel("general")
    alice, bob = (guild.add_member(simcord_env.create_user(one)) for one in ("alice", name))
    assert simcord_bot.user is not None

    await alice.send(channel, f"{simcord_bot.user.mention} <@{bob.id}> how many soldiers were killed?")

    assert "49 Armenian soldiers were killed" in text_of(channel.history(viewer=alice)[-1])


async def test_whoever_asks_too_much_on_two_servers_is_told_on_both(
    simcord_env: Env, bot_state: State, simcord_bot: FootnoteBot
) -> None:
    assert simcord_bot.user is not None
    alice = simcord_env.create_user("alice")
    for name in ("Docs", "Notes"):
        guild = simcord_env.create_guild(name)
        channel = guild.create_text_channel("general")
        member = guild.add_member(alice)
        await bot_state.save_server(ServerSettings(guild.id, user_daily_limit=1))
        for _ in range(3):
            await member.send(channel, f"{simcord_bot.user.mention} how many soldiers were killed?")

    told = alice.dm_channel.history()
    assert ["Come back <t:" in text_of(one) for one in told] == [True, True]

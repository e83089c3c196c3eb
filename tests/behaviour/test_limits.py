"""Limits of how much may be asked, and how they are told."""

from simcord import Env

from bot.client import FootnoteBot
from bot.state import ServerSettings, State
from tests.support.cards import text_of


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

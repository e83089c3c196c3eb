"""/doctor: whether the bot can do its work in a server."""

import discord

from bot.client import FootnoteBot
from bot.state import ServerSettings
from index import Draft, Library
from tests.behaviour.conftest import HARBOUR, add_shared
from tests.support.servers import Server, expects_refusals, shown


def deny(server: Server, name: str, **permissions: bool) -> int:
    """A channel in which everybody, the bot too, lacks something; its id."""
    channel = server.guild.create_text_channel(
        name, overwrites={server.guild.default_role: discord.PermissionOverwrite(**permissions)}
    )
    return channel.id


async def test_a_server_in_which_all_is_well(server: Server, bot_library: Library) -> None:
    await add_shared(bot_library)
    await bot_library.add([Draft("Ice", HARBOUR + " Our own.", "own.txt", language="en")], server.collection)

    asked = await server.admin.slash(server.channel, "doctor")

    assert asked.ephemeral
    assert "Everything is as it should be" in shown(asked)
    assert "1 of this server, 3 shared" in shown(asked)
    assert "messages in 1 channel" in shown(asked)


async def test_what_is_wrong_is_told_with_what_to_do(server: Server, simcord_bot: FootnoteBot) -> None:
    mute = deny(server, "mute", send_messages=False)
    hidden = deny(server, "hidden", view_channel=False)
    chosen = deny(server, "chosen", view_channel=False)
    await server.env.settle()
    settings = ServerSettings(server.guild.id, answered_channels=frozenset({chosen}))
    await simcord_bot.state.save_server(settings)

    told = shown(await server.admin.slash(server.channel, "doctor"))

    assert "something to do" in told
    assert "/articles add text" in told
    assert f"**Send Messages** in <#{mute}>" in told
    assert f"**View Channel** in <#{chosen}>" in told
    assert f"<#{hidden}>" not in told
    assert "1 channel is hidden" in told
    assert f"Every question is to be answered in <#{chosen}>" in told


async def test_an_article_that_is_not_in_the_index_is_told(server: Server, bot_library: Library) -> None:
    await add_shared(bot_library)
    engine = bot_library._index.engine
    engine.replace([], [min(engine.numbers())])

    told = shown(await server.admin.slash(server.channel, "doctor"))

    assert "1 article cannot be found" in told
    assert "/index rebuild" in told


@expects_refusals
async def test_members_may_not(server: Server) -> None:
    await server.show_commands_to_everybody()

    asked = await server.member.slash(server.channel, "doctor")

    assert asked.ephemeral
    assert "Manage Server" in shown(asked)
    assert "hidden" not in shown(asked)
    assert "articles can be found" not in shown(asked)

"""/operator: for whoever runs the bot, and nobody else."""

from datetime import date

import pytest
from simcord import Env

from bot.client import FootnoteBot
from bot.state import ServerSettings
from index import Draft
from tests.support.servers import Server, buttons, card, shown

TODAY = date(2026, 5, 4)


@pytest.fixture
async def server(simcord_env: Env, simcord_bot: FootnoteBot) -> Server:
    """A server whose admin runs the bot and is administrator."""
    server = Server(simcord_env)
    simcord_bot.owner_id = server.admin.id
    await server.show_commands_to_everybody()
    for command in simcord_env.backend.commands[None].values():
        server.guild.set_command_permissions(
            int(command["id"]), {server.member: True, server.helper: True, server.admin: True}
        )
    return server


async def test_discord_hides_the_commands_from_members(simcord_env: Env) -> None:
    fresh = Server(simcord_env)
    await simcord_env.settle()

    assert not any(name.startswith("operator") for name in fresh.member.available_commands(fresh.channel))
    assert not any(name.startswith("operator") for name in fresh.admin.available_commands(fresh.channel))


@pytest.mark.parametrize("command", ["sync", "servers"])
async def test_nobody_but_the_operator_may(server: Server, command: str) -> None:
    asked = await server.member.slash(server.channel, f"operator {command}")

    assert asked.ephemeral
    assert "whoever runs the bot" in shown(asked)


async def test_nobody_but_the_operator_is_offered_servers_or_lets_the_bot_leave(server: Server) -> None:
    offered = await server.member.autocomplete(server.channel, "operator leave", "server", "")
    asked = await server.member.slash(server.channel, "operator leave", server=str(server.guild.id))

    assert offered == []
    assert buttons(asked) == {}
    assert server.env.bot.get_guild(server.guild.id) is not None


async def test_commands_are_synchronised_although_they_did_not_change(server: Server) -> None:
    def told() -> int:
        return sum(one.method == "PUT" and one.path.endswith("/commands") for one in server.env.http_requests)

    before = told()

    asked = await server.admin.slash(server.channel, "operator sync")

    assert told() == before + 1
    assert "Discord knows" in shown(asked)


async def test_servers_are_listed_page_by_page(server: Server, simcord_env: Env) -> None:
    for n in range(24):
        simcord_env.create_guild(f"Server {n:02} @everyone")
    await simcord_env.settle()

    asked = await server.admin.slash(server.channel, "operator servers")
    assert "25 servers" in shown(asked)
    assert "@everyone" not in shown(asked)
    assert "Server 22" not in shown(asked)
    await server.admin.click(card(asked), custom_id="servers1:2")

    assert "Server 22" in shown(asked)


async def test_the_bot_leaves_a_server_after_a_confirmation(server: Server, simcord_env: Env) -> None:
    other = simcord_env.create_guild("Elsewhere")
    await simcord_env.settle()

    offered = await server.admin.autocomplete(server.channel, "operator leave", "server", "else")
    asked = await server.admin.slash(server.channel, "operator leave", server=offered[0]["value"])
    assert simcord_env.bot.get_guild(other.id) is not None
    await server.admin.click(card(asked), label="Leave")

    assert simcord_env.bot.get_guild(other.id) is None
    assert "I left" in shown(asked)


async def test_what_is_kept_of_a_server_that_the_bot_leaves_is_deleted_except_its_articles(
    server: Server, simcord_env: Env, simcord_bot: FootnoteBot
) -> None:
    other = simcord_env.create_guild("Elsewhere")
    await simcord_env.settle()
    draft = Draft("A bridge", "The bridge was opened in May.", "bridge.md")
    await simcord_bot.library.add([draft], collection=str(other.id))
    for guild_id in (other.id, server.guild.id):
        await simcord_bot.state.save_server(ServerSettings(guild_id, user_daily_limit=5))
        await simcord_bot.state.count_question(guild_id, 7, TODAY)
        await simcord_bot.gatherer.set_refresh(str(guild_id), 24)

    asked = await server.admin.slash(server.channel, "operator leave", server=str(other.id))
    await server.admin.click(card(asked), label="Leave")

    assert await simcord_bot.state.server(other.id) == ServerSettings(other.id)
    assert await simcord_bot.state.count_question(other.id, 7, TODAY) == (1, 1)
    assert len(await simcord_bot.library.articles([str(other.id)])) == 1
    assert (await simcord_bot.state.server(server.guild.id)).user_daily_limit == 5
    assert await simcord_bot.state.count_question(server.guild.id, 7, TODAY) == (2, 2)
    assert await simcord_bot.gatherer.refresh_every(str(other.id)) is None
    assert await simcord_bot.gatherer.refresh_every(str(server.guild.id)) == 24


async def test_a_server_that_removes_the_bot_gets_everything_back_by_inviting_it_again(
    simcord_env: Env, simcord_bot: FootnoteBot
) -> None:
    other = simcord_env.create_guild("Elsewhere")
    await simcord_env.settle()
    await simcord_bot.state.save_server(ServerSettings(other.id, language="de"))

    await simcord_bot.get_guild(other.id).leave()  # type: ignore[union-attr] # It was just made.
    await simcord_env.settle()

    assert simcord_bot.get_guild(other.id) is None
    assert (await simcord_bot.state.server(other.id)).language == "de"


async def test_an_unknown_server_is_told(server: Server) -> None:
    for name in ("nowhere", "１２３", "9" * 30):
        asked = await server.admin.slash(server.channel, "operator leave", server=name)
        assert "no such server" in shown(asked)

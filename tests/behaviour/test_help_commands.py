"""/help and /privacy, for everybody and everywhere."""

import asyncio
import re

from simcord import Env

from bot.settings import Settings
from bot.state import State
from index import Library
from tests.behaviour.conftest import NewBot, add_shared
from tests.support.servers import Server, card, shown


async def test_help_names_commands_that_can_be_clicked(server: Server) -> None:
    asked = await server.member.slash(server.channel, "help")

    assert asked.ephemeral
    assert re.search(r"</ask:\d+>", shown(asked))
    assert re.search(r"</privacy:\d+>", shown(asked))


async def test_a_private_card_without_buttons_leaves_no_task_behind(server: Server) -> None:
    await server.member.slash(server.channel, "help")
    before = len(asyncio.all_tasks())

    for _ in range(3):
        await server.member.slash(server.channel, "help")

    assert len(asyncio.all_tasks()) == before


async def test_only_managers_read_how_to_manage(server: Server) -> None:
    assert "</articles add file:" in shown(await server.admin.slash(server.channel, "help"))
    assert "articles" not in shown(await server.member.slash(server.channel, "help")).replace("Ask the articles", "")


async def test_help_names_commands_as_words_when_discord_does_not_tell_their_ids(
    server: Server, simcord_env: Env
) -> None:
    path = f"/applications/{simcord_env.bot.application_id}/commands"
    simcord_env.inject_error("GET", path, status=503)

    asked = await server.member.slash(server.channel, "help")

    assert "`/ask`" in shown(asked)


async def test_help_works_in_a_direct_message(simcord_env: Env) -> None:
    alice = simcord_env.create_user("alice")
    await alice.send_dm("?")

    asked = await alice.slash("help")

    assert re.search(r"</ask:\d+>", shown(asked))


async def test_privacy_says_what_is_kept_and_for_how_long(server: Server, bot_settings: Settings) -> None:
    asked = await server.member.slash(server.channel, "privacy")

    assert asked.ephemeral
    assert f"{bot_settings.answer_days} days" in shown(asked)


async def test_everything_of_a_person_is_deleted_and_nothing_of_others(
    server: Server, bot_library: Library, bot_state: State
) -> None:
    await add_shared(bot_library)
    for _ in range(2):
        await server.member.slash(server.channel, "ask", question="how many soldiers were killed?")
    await server.admin.slash(server.channel, "ask", question="how many soldiers were killed?")
    asked = await server.member.slash(server.channel, "privacy")

    await server.member.click(card(asked), label="Delete my data")

    assert "2 questions" in shown(asked)
    assert (await bot_state.figures(server.guild.id)).questions == 1
    again = await server.member.slash(server.channel, "privacy")
    await server.member.click(card(again), label="Delete my data")
    assert "Nothing is kept" in shown(again)


async def test_data_can_be_deleted_after_a_restart(server: Server, new_bot: NewBot) -> None:
    asked = await server.member.slash(server.channel, "privacy")

    await server.env.restart_bot(new_bot())
    await server.member.click(card(asked), label="Delete my data")

    assert "Nothing is kept" in shown(asked)

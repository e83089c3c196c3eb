"""/settings: one card, saved at once, for those who manage a server."""

from typing import Any

import discord
import pytest

from bot.state import ChannelsMode, ServerSettings, State
from bot.views.settings import Field, SettingSelect
from index import Gatherer
from tests.behaviour.conftest import NewBot
from tests.support.cards import components, text_of
from tests.support.servers import Server, card, expects_refusals, fields, filled, posted, shown


def chosen(message: Any, field: str) -> list[str]:
    """What a select of the card shows as chosen."""
    (select,) = [one for one in components(message) if one.get("custom_id") == f"set1:{field}"]
    return [one["value"] for one in select.get("options", ()) if one.get("default")] + [
        str(one["id"]) for one in select.get("default_values") or ()
    ]


def ids(message: Any) -> set[str]:
    return {one["custom_id"] for one in components(message) if "custom_id" in one}


async def test_the_card_shows_what_is_set(server: Server, bot_state: State) -> None:
    await bot_state.save_server(
        ServerSettings(
            server.guild.id,
            channels_mode=ChannelsMode.SOME,
            channels=frozenset({server.channel.id}),
            manager_roles=frozenset({server.helpers.id}),
            is_private=True,
            language="en-US",
            user_daily_limit=1_500,
        )
    )

    asked = await server.admin.slash(server.channel, "settings")

    assert asked.ephemeral
    assert chosen(card(asked), "mode") == ["some"]
    assert chosen(card(asked), "channels") == [str(server.channel.id)]
    assert chosen(card(asked), "roles") == [str(server.helpers.id)]
    assert chosen(card(asked), "private") == ["yes"]
    assert chosen(card(asked), "language") == ["en-US"]
    assert "1,500 questions" in shown(asked)


async def test_every_choice_is_saved_at_once_and_shown(server: Server, bot_state: State) -> None:
    asked = await server.admin.slash(server.channel, "settings")
    assert "set1:channels" not in ids(card(asked))

    choose = server.admin.select
    await choose(card(asked), ["some"], custom_id="set1:mode")
    await choose(card(asked), [server.channel], custom_id="set1:channels")
    await choose(card(asked), [server.helpers], custom_id="set1:roles")
    await choose(card(asked), ["yes"], custom_id="set1:private")

    saved = await bot_state.server(server.guild.id)
    assert saved.channels_mode is ChannelsMode.SOME
    assert saved.channels == {server.channel.id}
    assert saved.manager_roles == {server.helpers.id}
    assert saved.is_private
    assert chosen(card(asked), "channels") == [str(server.channel.id)]


async def test_a_choice_can_be_taken_back(server: Server, bot_state: State) -> None:
    await bot_state.save_server(ServerSettings(server.guild.id, manager_roles=frozenset({server.helpers.id})))
    asked = await server.admin.slash(server.channel, "settings")

    await server.admin.select(card(asked), [], custom_id="set1:roles")

    assert (await bot_state.server(server.guild.id)).manager_roles == frozenset()


@pytest.mark.parametrize(("value", "hours"), [("24", 24), ("168", 168), ("720", 720), ("never", None)])
async def test_how_often_pages_are_fetched_again_is_chosen(
    server: Server, bot_gatherer: Gatherer, value: str, hours: int | None
) -> None:
    await bot_gatherer.set_refresh(server.collection, 168)
    asked = await server.admin.slash(server.channel, "settings")
    assert chosen(card(asked), "refresh") == ["168"]

    await server.admin.select(card(asked), [value], custom_id="set1:refresh")

    assert await bot_gatherer.refresh_every(server.collection) == hours
    assert chosen(card(asked), "refresh") == [value]


async def test_the_language_of_the_card_changes_with_the_choice(server: Server, bot_state: State) -> None:
    asked = await server.admin.slash(server.channel, "settings")

    await server.admin.select(card(asked), ["de"], custom_id="set1:language")
    assert (await bot_state.server(server.guild.id)).language == "de"
    await server.admin.select(card(asked), ["follows"], custom_id="set1:language")

    assert (await bot_state.server(server.guild.id)).language is None
    assert "Settings" in shown(asked)


async def test_the_card_works_after_a_restart(server: Server, bot_state: State, new_bot: NewBot) -> None:
    asked = await server.admin.slash(server.channel, "settings")

    await server.env.restart_bot(new_bot())
    await server.admin.select(card(asked), ["none"], custom_id="set1:mode")
    form = await server.admin.click(card(asked), custom_id="set1-limits")

    assert (await bot_state.server(server.guild.id)).channels_mode is ChannelsMode.NONE
    assert form.modal is not None


async def test_channels_that_are_gone_are_not_shown(server: Server, bot_state: State) -> None:
    await bot_state.save_server(
        ServerSettings(server.guild.id, channels_mode=ChannelsMode.SOME, channels=frozenset({1, server.channel.id}))
    )

    asked = await server.admin.slash(server.channel, "settings")

    assert chosen(card(asked), "channels") == [str(server.channel.id)]


async def test_answered_channels_need_the_operators_consent(server: Server) -> None:
    asked = await server.admin.slash(server.channel, "settings")

    (select,) = [one for one in components(card(asked)) if one.get("custom_id") == "set1:answered"]
    assert select["disabled"]
    assert "MESSAGE_CONTENT" in shown(asked)


async def test_daily_limits_are_typed_and_shown(server: Server, bot_state: State) -> None:
    asked = await server.admin.slash(server.channel, "settings")
    form = await server.admin.click(card(asked), custom_id="set1-limits")

    await server.admin.submit_modal(
        form,
        filled(form, **{"Questions of one person a day": "20", "Questions of the server a day": " 1 000 "}),
    )

    saved = await bot_state.server(server.guild.id)
    assert (saved.user_daily_limit, saved.server_daily_limit) == (20, 1_000)
    assert "20 questions" in shown(asked)


@pytest.mark.parametrize("typed", ["0", "-3", "many", "1000001", "1.5"])
async def test_a_limit_that_is_none_is_explained_and_can_be_corrected(
    server: Server, bot_state: State, typed: str
) -> None:
    asked = await server.admin.slash(server.channel, "settings")
    form = await server.admin.click(card(asked), custom_id="set1-limits")

    failed = await server.admin.submit_modal(
        form, filled(form, **{"Questions of one person a day": typed, "Questions of the server a day": "7"})
    )
    again = await server.admin.click(card(failed), label="Correct it")

    assert "whole number" in shown(failed)
    assert fields(again)["Questions of the server a day"]["value"] == "7"
    sent = await server.admin.submit_modal(again, filled(again, **{"Questions of one person a day": ""}))
    assert sent.acknowledged
    saved = await bot_state.server(server.guild.id)
    assert (saved.user_daily_limit, saved.server_daily_limit) == (None, 7)


@expects_refusals
async def test_members_may_neither_see_nor_change_settings(server: Server, bot_state: State) -> None:
    await server.show_commands_to_everybody()
    options = [discord.SelectOption(label="none", value="none")]
    select: discord.ui.Select[Any] = discord.ui.Select(custom_id=f"set1:{Field.MODE}", options=options)
    forged = await posted(server, SettingSelect(select))

    refused = await server.member.slash(server.channel, "settings")
    pressed = await server.member.select(forged, ["none"], custom_id="set1:mode")

    assert "Manage Server" in shown(refused)
    assert "Manage Server" in shown(pressed)
    assert (await bot_state.server(server.guild.id)).channels_mode is ChannelsMode.ALL


async def test_settings_of_one_server_are_not_those_of_another(server: Server, other: Server, bot_state: State) -> None:
    asked = await server.admin.slash(server.channel, "settings")

    await server.admin.select(card(asked), ["none"], custom_id="set1:mode")

    assert (await bot_state.server(other.guild.id)).channels_mode is ChannelsMode.ALL


async def test_a_card_with_everything_chosen_fits(server: Server, bot_state: State) -> None:
    channels = [server.guild.create_text_channel(f"channel-{n}") for n in range(25)]
    roles = [server.guild.create_role(f"role-{n}") for n in range(25)]
    await bot_state.save_server(
        ServerSettings(
            server.guild.id,
            channels_mode=ChannelsMode.SOME,
            channels=frozenset(one.id for one in channels),
            answered_channels=frozenset(one.id for one in channels),
            manager_roles=frozenset(one.id for one in roles),
            user_daily_limit=1_000_000,
            server_daily_limit=1_000_000,
        )
    )

    asked = await server.admin.slash(server.channel, "settings")

    assert len(list(components(card(asked)))) <= 40
    assert len(text_of(card(asked))) <= 4_000
    assert len(chosen(card(asked), "roles")) == 25

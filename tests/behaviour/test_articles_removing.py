"""`/articles remove`: the question before, the removal, and Undo."""

from datetime import timedelta
from typing import Any

import discord
import pytest

from bot.state import ServerSettings, State
from bot.views.articles import UndoButton
from index import Draft, Library
from tests.behaviour.conftest import BRIDGE, NewBot, add_shared, titles
from tests.support.cards import text_of
from tests.support.servers import Server, buttons, card, posted, shown

pytestmark = pytest.mark.usefixtures("gathering")


async def test_a_question_whether_to_remove_that_was_asked_before_a_restart_says_so(
    server: Server, bot_library: Library, new_bot: NewBot
) -> None:
    (added,) = await bot_library.add([Draft("A bridge", BRIDGE, "bridge.md")], server.collection)
    assert added.article is not None
    asked = await server.admin.slash(server.channel, "articles remove", article=added.article.id)
    await server.env.restart_bot(new_bot())

    pressed = await server.admin.click(card(asked), label="Remove")

    assert "This was shown before I was restarted" in shown(pressed)
    assert len(await bot_library.articles([server.collection])) == 1


async def test_an_article_is_removed_after_a_confirmation_and_comes_back(
    server: Server, own: str, bot_library: Library
) -> None:
    (before,) = await bot_library.articles([server.collection])

    asked = await server.admin.slash(server.channel, "articles remove", article=own)
    assert len(await bot_library.articles([server.collection])) == 1
    await server.admin.click(card(asked), label="Remove")
    assert await bot_library.articles([server.collection]) == []
    assert "was removed" in shown(asked)
    await server.admin.click(card(asked), label="Undo")

    (after,) = await bot_library.articles([server.collection])
    assert "is back" in shown(asked)
    assert (after.id, after.title, after.added_at) == (before.id, before.title, before.added_at)


async def test_whoever_did_not_remove_an_article_can_bring_it_back_as_well(
    server: Server, own: str, bot_library: Library, bot_state: State
) -> None:
    asked = await server.admin.slash(server.channel, "articles remove", article=own)
    await server.admin.click(card(asked), label="Remove")
    await bot_state.save_server(ServerSettings(server.guild.id, manager_roles=frozenset({server.helpers.id})))
    button = await posted(server, UndoButton(buttons(asked)["Undo"]["custom_id"].removeprefix("undo1:")))

    await server.helper.click(button, label="Undo")

    assert await titles(bot_library, server.collection) == ["A bridge instead of a ferry"]


async def test_an_undo_that_was_done_already_says_so(server: Server, own: str, bot_library: Library) -> None:
    asked = await server.admin.slash(server.channel, "articles remove", article=own)
    await server.admin.click(card(asked), label="Remove")
    button = await posted(server, UndoButton(buttons(asked)["Undo"]["custom_id"].removeprefix("undo1:")))
    await server.admin.click(card(asked), label="Undo")

    await server.admin.click(button, label="Undo")

    assert "already" in text_of(server.messages()[-1])
    assert len(await bot_library.articles([server.collection])) == 1


async def test_the_undo_works_after_a_restart(server: Server, own: str, bot_library: Library, new_bot: NewBot) -> None:
    asked = await server.admin.slash(server.channel, "articles remove", article=own)
    await server.admin.click(card(asked), label="Remove")

    await server.env.restart_bot(new_bot())
    await server.admin.click(card(asked), label="Undo")

    assert await titles(bot_library, server.collection) == ["A bridge instead of a ferry"]


async def test_after_ten_minutes_there_is_no_undo(
    server: Server, own: str, bot_library: Library, bot_state: State
) -> None:
    asked = await server.admin.slash(server.channel, "articles remove", article=own)
    await server.admin.click(card(asked), label="Remove")
    token = buttons(asked)["Undo"]["custom_id"].removeprefix("undo1:")
    kept = await bot_state.removed(token)
    assert kept is not None
    await bot_state.keep_removed(token, kept.guild_id, kept.payload, discord.utils.utcnow() - timedelta(seconds=1))

    await server.admin.click(card(asked), label="Undo")

    assert "too late" in shown(asked)
    assert await bot_library.articles([server.collection]) == []


async def test_a_removal_that_is_cancelled_removes_nothing(server: Server, own: str, bot_library: Library) -> None:
    asked = await server.admin.slash(server.channel, "articles remove", article=own)
    await server.admin.click(card(asked), label="Cancel")

    assert asked.response is None
    assert len(await bot_library.articles([server.collection])) == 1


async def test_a_confirmation_goes_after_a_minute(server: Server, own: str, bot_library: Library) -> None:
    asked = await server.admin.slash(server.channel, "articles remove", article=own)

    await server.env.advance_time(61)

    assert asked.response is None
    assert len(await bot_library.articles([server.collection])) == 1


async def test_only_own_articles_are_offered_for_removal_and_shared_ones_stay(
    server: Server, own: str, bot_library: Library
) -> None:
    await add_shared(bot_library)
    shared = (await bot_library.articles(["shared"]))[0]

    offered = await server.admin.autocomplete(server.channel, "articles remove", "article", "")
    refused = await server.admin.slash(server.channel, "articles remove", article=shared.id)

    assert [one["value"] for one in offered] == [own]
    assert "only the operator" in shown(refused)
    assert buttons(refused) == {}


async def test_nothing_is_removed_when_the_undo_cannot_be_kept(
    server: Server, own: str, bot_library: Library, bot_state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_args: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(bot_state, "keep_removed", refuse)
    asked = await server.admin.slash(server.channel, "articles remove", article=own)

    await server.admin.click(card(asked), label="Remove")

    assert [info.id for info in await bot_library.articles([server.collection])] == [own]


async def test_forged_buttons_of_another_server_find_nothing(
    server: Server, own: str, other: Server, bot_library: Library
) -> None:
    asked = await server.admin.slash(server.channel, "articles remove", article=own)
    await server.admin.click(card(asked), label="Remove")
    token = buttons(asked)["Undo"]["custom_id"].removeprefix("undo1:")
    forged = await posted(other, UndoButton(token))

    undone = await other.admin.click(forged, label="Undo")

    assert undone.acknowledged
    assert "too late" in text_of(other.messages()[-1])
    assert await bot_library.articles(None) == []


async def test_members_cannot_press_the_buttons_of_managers(server: Server, own: str, bot_library: Library) -> None:
    asked = await server.admin.slash(server.channel, "articles remove", article=own)
    await server.admin.click(card(asked), label="Remove")
    token = buttons(asked)["Undo"]["custom_id"].removeprefix("undo1:")
    forged = await posted(server, UndoButton(token))

    pressed = await server.member.click(forged, label="Undo")

    assert "Manage Server" in shown(pressed)
    assert await bot_library.articles([server.collection]) == []

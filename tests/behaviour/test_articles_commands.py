"""`/articles`: who may manage articles, their list, one article, and the export."""

import gzip
import json
import sys

import pytest

from bot.state import ServerSettings, State
from bot.views.articles import Listing, TurnButton
from index import Draft, Library
from tests.behaviour.conftest import NewBot, add_shared
from tests.support.cards import text_of
from tests.support.servers import Server, buttons, card, expects_refusals, posted, shown

pytestmark = pytest.mark.usefixtures("gathering")


# ---- who may


async def test_discord_hides_the_commands_from_those_who_may_not_manage(server: Server) -> None:
    await server.env.settle()

    assert "articles add text" in server.admin.available_commands(server.channel)
    assert server.member.available_commands(server.channel) == ("ask", "help", "privacy")


@expects_refusals
@pytest.mark.parametrize("command", ["add text", "add file", "list", "export"])
async def test_whoever_may_not_manage_is_told_so_although_discord_shows_the_command(
    server: Server, own: str, command: str
) -> None:
    await server.show_commands_to_everybody()

    asked = await server.member.slash(server.channel, f"articles {command}")

    assert asked.modal is None
    assert asked.ephemeral
    assert "bridge" not in shown(asked)
    assert "Manage Server" in shown(asked)


@expects_refusals
async def test_commands_with_an_article_are_refused_and_offer_no_title(server: Server, own: str) -> None:
    await server.show_commands_to_everybody()

    for command in ("info", "remove"):
        assert await server.member.autocomplete(server.channel, f"articles {command}", "article", "") == []
        asked = await server.member.slash(server.channel, f"articles {command}", article=own)
        assert "bridge" not in shown(asked)
        assert "Manage Server" in shown(asked)


async def test_a_role_that_the_settings_name_may_manage(server: Server, own: str, bot_state: State) -> None:
    await bot_state.save_server(ServerSettings(server.guild.id, manager_roles=frozenset({server.helpers.id})))
    await server.show_commands_to_everybody()

    asked = await server.helper.slash(server.channel, "articles list")

    assert "A bridge instead of a ferry" in shown(asked)


# ---- listing


async def test_the_list_is_turned_and_works_after_a_restart(
    server: Server, bot_library: Library, new_bot: NewBot
) -> None:
    await bot_library.add(
        [Draft(f"Report {n:02}", f"Report number {n} of the year.", f"{n}.md") for n in range(12)], server.collection
    )

    first = await server.admin.slash(server.channel, "articles list", sort="title")
    await server.env.restart_bot(new_bot())
    second = await server.admin.click(card(first), custom_id="list1:t:2:")

    assert first.ephemeral
    assert "Report 11" in shown(second)
    assert "Report 05" not in shown(second)
    assert "Page 2 of 2" in shown(second)


async def test_the_list_can_be_searched_without_accents_and_says_when_nothing_is_found(
    server: Server, bot_library: Library
) -> None:
    await bot_library.add([Draft("Été à Orléans", "Il fait chaud en été.", "ete.md")], server.collection)

    assert "Été à Orléans" in shown(await server.admin.slash(server.channel, "articles list", search="ete a"))
    assert "No title holds" in shown(await server.admin.slash(server.channel, "articles list", search="hiver"))


async def test_shared_articles_are_listed_and_marked(server: Server, bot_library: Library) -> None:
    await add_shared(bot_library)

    listed = await server.admin.slash(server.channel, "articles list")

    assert shown(listed).count("shared") == 3


async def test_an_empty_library_says_how_to_fill_it(server: Server) -> None:
    assert "/articles add file" in shown(await server.admin.slash(server.channel, "articles list"))


async def test_a_list_of_hostile_titles_fits_and_pings_nobody(server: Server, bot_library: Library) -> None:
    drafts = [Draft("@everyone ~~|| <@1> " + "*`_" * 90, f"Some words, number {n}.", f"x{n}.md") for n in range(10)]
    await bot_library.add(drafts, server.collection)

    listed = await server.admin.slash(server.channel, "articles list")

    assert len(shown(listed).encode("utf-16-le")) // 2 <= 4_000
    assert "@everyone" not in shown(listed)


async def test_a_page_that_is_gone_meanwhile_is_the_last_one(server: Server, bot_library: Library) -> None:
    drafts = [Draft(f"Report {n:02}", f"Report number {n} of the year.", f"{n}.md") for n in range(12)]
    await bot_library.add(drafts, server.collection)
    listed = await server.admin.slash(server.channel, "articles list")
    infos = await bot_library.articles([server.collection])
    await bot_library.remove([info.id for info in infos[3:]])

    await server.admin.click(card(listed), custom_id="list1:n:2:")

    assert "3 articles" in shown(listed)
    assert buttons(listed) == {}


# ---- one article


async def test_the_facts_of_an_article_are_shown_with_its_beginning(server: Server, own: str) -> None:
    asked = await server.admin.slash(server.channel, "articles info", article=own)

    assert "A bridge instead of a ferry" in shown(asked)
    assert "The new bridge over the Elbe opened" in shown(asked)
    assert own in shown(asked)


async def test_an_article_can_be_named_by_its_whole_title(server: Server, own: str) -> None:
    asked = await server.admin.slash(server.channel, "articles info", article="a bridge INSTEAD of a ferry")

    assert own in shown(asked)


async def test_offered_titles_fit_and_two_that_are_the_same_can_be_told_apart(
    server: Server, bot_library: Library
) -> None:
    await bot_library.add([Draft("W" * 300, f"Words, number {n}.", f"{n}.md") for n in range(30)], server.collection)

    offered = await server.admin.autocomplete(server.channel, "articles info", "article", "www")

    assert len(offered) == 25
    assert len({one["name"] for one in offered}) == 25
    assert all(len(one["name"]) <= 100 for one in offered)


# ---- exporting


async def test_the_export_holds_the_servers_own_articles_only(server: Server, own: str, bot_library: Library) -> None:
    await add_shared(bot_library)

    asked = await server.admin.slash(server.channel, "articles export")

    assert asked.response is not None
    (file,) = asked.response.attachments
    lines = (await file.read()).decode().splitlines()
    assert file.filename == "articles.jsonl"
    assert [json.loads(line)["id"] for line in lines] == [own]
    assert {"sources", "page", "gone_since"} <= json.loads(lines[0]).keys()
    assert asked.ephemeral


async def test_an_export_above_the_upload_limit_is_compressed(
    server: Server, bot_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot_library.add([Draft("Words", "word " * 20_000 + "end.", "words.md")], server.collection)
    monkeypatch.setattr(sys.modules["bot.cogs.articles"], "_MOST_UPLOADED", 50_000)

    asked = await server.admin.slash(server.channel, "articles export")

    assert asked.response is not None
    (file,) = asked.response.attachments
    assert file.filename == "articles.jsonl.gz"
    assert json.loads(gzip.decompress(await file.read()))["title"] == "Words"


async def test_an_export_that_is_too_large_says_how_else(
    server: Server, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["bot.cogs.articles"], "_MOST_UPLOADED", 100)

    asked = await server.admin.slash(server.channel, "articles export")

    assert f"footnote export articles.jsonl --collection {server.collection}" in shown(asked)


async def test_an_export_of_nothing_says_so(server: Server) -> None:
    assert "no articles" in shown(await server.admin.slash(server.channel, "articles export"))


# ---- other servers


async def test_another_server_finds_nothing_by_any_command(server: Server, own: str, other: Server) -> None:
    admin, channel = other.admin, other.channel

    assert await admin.autocomplete(channel, "articles info", "article", "bridge") == []
    assert await admin.autocomplete(channel, "articles remove", "article", "bridge") == []
    for command in ("info", "remove"):
        unknown = shown(await admin.slash(channel, f"articles {command}", article="zzzzzz"))
        assert shown(await admin.slash(channel, f"articles {command}", article=own)) == unknown
    assert "bridge" not in shown(await admin.slash(channel, "articles list"))
    assert "no articles" in shown(await admin.slash(channel, "articles export"))


async def test_a_forged_button_of_a_list_shows_the_server_where_it_is_pressed(
    server: Server, own: str, other: Server
) -> None:
    forged = await posted(other, TurnButton(Listing(), emoji="▶️"))

    await other.admin.click(forged, custom_id="list1:n:1:")

    assert "no articles yet" in text_of(other.messages()[-1])

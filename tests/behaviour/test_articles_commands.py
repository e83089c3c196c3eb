"""/articles: what those who manage a server can do with its articles, and nobody else."""

import gzip
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from simcord import Env

from bot.client import FootnoteBot
from bot.state import ServerSettings, State
from bot.views.articles import Listing, TurnButton, UndoButton
from index import Draft, Library, StoreError
from tests.behaviour.conftest import BRIDGE, HARBOUR, NewBot, add_shared
from tests.support.cards import text_of
from tests.support.servers import Server, buttons, card, expects_refusals, fields, filled, shown


@pytest.fixture
async def server(simcord_env: Env, simcord_bot: FootnoteBot) -> Server:
    await simcord_bot.gather()
    return Server(simcord_env)


@pytest.fixture
async def own(server: Server, bot_library: Library) -> str:
    """The id of an article that belongs to the server."""
    outcomes = await bot_library.add([Draft("A bridge instead of a ferry", BRIDGE, "bridge.md")], server.collection)
    assert outcomes[0].article is not None
    return outcomes[0].article.id


async def titles(library: Library, collection: str) -> list[str]:
    return [info.title for info in await library.articles([collection])]


async def posted(server: Server, button: discord.ui.Item[Any]) -> discord.Message:
    """A message of the bot with a button that somebody forged, or that was sent long ago."""
    channel = server.env.bot.get_channel(server.channel.id)
    assert isinstance(channel, discord.TextChannel)
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(button)
    return await channel.send(view=discord.ui.LayoutView().add_item(row))


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


async def test_a_role_that_the_settings_name_may_manage(server: Server, own: str, bot_state: State) -> None:
    await bot_state.save_server(ServerSettings(server.guild.id, manager_roles=frozenset({server.helpers.id})))
    await server.show_commands_to_everybody()

    asked = await server.helper.slash(server.channel, "articles list")

    assert "A bridge instead of a ferry" in shown(asked)


# ---- adding a text


async def test_a_typed_article_is_added_and_told_with_passages_and_language(
    server: Server, bot_library: Library
) -> None:
    form = await server.admin.slash(server.channel, "articles add text")

    sent = await server.admin.submit_modal(
        form,
        filled(form, Title="Ice in the harbour", Source="https://news.example/ice", Date="1963-02-01", Text=HARBOUR),
    )

    assert sent.ephemeral
    assert "Ice in the harbour" in shown(sent)
    assert "1 passage, English" in shown(sent)
    (info,) = await bot_library.articles([server.collection])
    assert (info.source, info.published_at) == ("https://news.example/ice", datetime(1963, 2, 1, tzinfo=UTC))
    assert info.added_by == str(server.admin.id)


async def test_lines_that_were_left_out_are_told_with_the_reason(server: Server) -> None:
    form = await server.admin.slash(server.channel, "articles add text")

    sent = await server.admin.submit_modal(
        form, filled(form, Title="Ice in the harbour", Text=f"Ice in the harbour\n\n{HARBOUR}\n\nShare this article")
    )

    assert "2 lines were left out" in shown(sent)
    assert "It repeats the title." in shown(sent)


async def test_a_form_that_fails_can_be_opened_again_with_all_that_was_typed(
    server: Server, bot_library: Library
) -> None:
    form = await server.admin.slash(server.channel, "articles add text")
    text = HARBOUR.ljust(4_000, ".")
    typed = {"Title": "Ice in the harbour", "Source": "from the archive", "Date": "1 February", "Text": text}

    failed = await server.admin.submit_modal(form, filled(form, **typed))
    again = await server.admin.click(card(failed), label="Correct it")

    assert "2024-03-09" in shown(failed)
    assert {label: field.get("value") for label, field in fields(again).items()} == typed
    sent = await server.admin.submit_modal(again, filled(again, Date="1963-02-01"))
    assert "was added" in shown(sent)
    assert await titles(bot_library, server.collection) == ["Ice in the harbour"]


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("Title", "***", "title"),
        ("Text", "?!", "text"),
        ("Date", "2024-02-30", "year-month-day"),
        ("Source", "https://", "web address"),
        ("Source", "ftp://example.org/x", "web address"),
    ],
)
async def test_each_field_that_is_wrong_is_named(server: Server, label: str, value: str, words: str) -> None:
    form = await server.admin.slash(server.channel, "articles add text")

    failed = await server.admin.submit_modal(form, filled(form, **{"Title": "Ice", "Text": HARBOUR, label: value}))

    assert words in shown(failed)


async def test_nothing_typed_is_lost_when_the_store_fails(
    server: Server, bot_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_args: Any) -> None:
        raise StoreError("sqlite", "the disk is full")

    monkeypatch.setattr(bot_library, "add", refuse)
    form = await server.admin.slash(server.channel, "articles add text")

    failed = await server.admin.submit_modal(form, filled(form, Title="Ice", Text=HARBOUR))

    again = await server.admin.click(card(failed), label="Correct it")
    assert fields(again)["Text"]["value"] == HARBOUR


async def test_the_same_source_is_a_new_version_and_the_same_text_is_no_change(server: Server) -> None:
    async def add(text: str) -> str:
        form = await server.admin.slash(server.channel, "articles add text")
        return shown(
            await server.admin.submit_modal(
                form, filled(form, Title="Ice", Source="https://news.example/ice", Text=text)
            )
        )

    await add(HARBOUR)

    assert "here already" in await add(HARBOUR)
    assert "new version" in await add(HARBOUR + " It froze again.")


# ---- adding files


async def test_each_file_has_its_own_outcome(server: Server, bot_library: Library) -> None:
    form = await server.admin.slash(server.channel, "articles add file")

    sent = await server.admin.submit_modal(
        form,
        filled(
            form,
            Files=[
                ("harbour.md", f"# Ice in the harbour\n\n{HARBOUR}".encode()),
                ("photo.png", b"\x89PNG"),
                ("empty.txt", b"  "),
                ("bridge.txt", BRIDGE.encode()),
            ],
        ),
    )

    lines = shown(sent).split("\n\n")
    assert "Ice in the harbour" in lines[0]
    assert "photo.png" in lines[1]
    assert "a type that cannot be read" in lines[1]
    assert "empty.txt" in lines[2]
    assert "was added" in lines[3]
    assert len(await bot_library.articles([server.collection])) == 2


async def test_a_file_that_is_too_large_is_not_even_fetched(server: Server, bot_library: Library) -> None:
    form = await server.admin.slash(server.channel, "articles add file")

    sent = await server.admin.submit_modal(form, filled(form, Files=[("huge.txt", b"a " * (5 * 1024 * 1024))]))

    assert "huge.txt" in shown(sent)
    assert "8.4 MB" in shown(sent)
    assert await bot_library.articles([server.collection]) == []


async def test_a_file_that_discord_does_not_hand_over_keeps_no_other_out(
    server: Server, bot_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = discord.Attachment.read

    async def flaky(self: discord.Attachment, **options: Any) -> bytes:
        if self.filename == "lost.txt":
            raise ConnectionResetError
        return await read(self, **options)

    monkeypatch.setattr(discord.Attachment, "read", flaky)
    form = await server.admin.slash(server.channel, "articles add file")

    sent = await server.admin.submit_modal(
        form, filled(form, Files=[("lost.txt", BRIDGE.encode()), ("harbour.txt", HARBOUR.encode())])
    )

    assert "**lost.txt** was not added" in shown(sent).replace("\u2068", "").replace("\u2069", "")
    assert len(await bot_library.articles([server.collection])) == 1


async def test_hostile_names_of_files_ping_nobody_and_change_nothing(server: Server) -> None:
    form = await server.admin.slash(server.channel, "articles add file")

    sent = await server.admin.submit_modal(form, filled(form, Files=[("@everyone **bold**.txt", b" ")]))

    assert "@everyone" not in shown(sent)
    assert r"\*\*bold\*\*" in shown(sent)


async def test_a_form_that_was_opened_before_a_restart_says_so(
    server: Server, bot_library: Library, new_bot: NewBot
) -> None:
    form = await server.admin.slash(server.channel, "articles add text")
    await server.env.restart_bot(new_bot())

    sent = await server.admin.submit_modal(form, filled(form, Title="Ice in the harbour", Text=HARBOUR))

    assert sent.ephemeral
    assert "This form was opened before I was restarted" in shown(sent)
    assert await bot_library.articles([server.collection]) == []


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


# ---- removing


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


@pytest.fixture
async def other(simcord_env: Env) -> Server:
    return Server(simcord_env, "Others")


async def test_another_server_finds_nothing_by_any_command(server: Server, own: str, other: Server) -> None:
    admin, channel = other.admin, other.channel

    assert await admin.autocomplete(channel, "articles info", "article", "bridge") == []
    assert await admin.autocomplete(channel, "articles remove", "article", "bridge") == []
    for command in ("info", "remove"):
        unknown = shown(await admin.slash(channel, f"articles {command}", article="zzzzzz"))
        assert shown(await admin.slash(channel, f"articles {command}", article=own)) == unknown
    assert "bridge" not in shown(await admin.slash(channel, "articles list"))
    assert "no articles" in shown(await admin.slash(channel, "articles export"))


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


async def test_a_forged_button_of_a_list_shows_the_server_where_it_is_pressed(
    server: Server, own: str, other: Server
) -> None:
    forged = await posted(other, TurnButton(Listing(), emoji="▶️"))

    await other.admin.click(forged, custom_id="list1:n:1:")

    assert "no articles yet" in text_of(other.messages()[-1])


async def test_members_cannot_press_the_buttons_of_managers(server: Server, own: str, bot_library: Library) -> None:
    asked = await server.admin.slash(server.channel, "articles remove", article=own)
    await server.admin.click(card(asked), label="Remove")
    token = buttons(asked)["Undo"]["custom_id"].removeprefix("undo1:")
    forged = await posted(server, UndoButton(token))

    pressed = await server.member.click(forged, label="Undo")

    assert "Manage Server" in shown(pressed)
    assert await bot_library.articles([server.collection]) == []

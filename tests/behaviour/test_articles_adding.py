"""`/articles add`: texts that are typed and files that are handed in."""

from datetime import UTC, datetime
from typing import Any

import discord
import pytest

from index import Library, StoreError
from tests.behaviour.conftest import BRIDGE, HARBOUR, NewBot, titles
from tests.support.servers import Server, card, fields, filled, shown

pytestmark = pytest.mark.usefixtures("gathering")


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


async def test_a_file_that_is_too_large_is_not_even_fetched(
    server: Server, bot_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(self: discord.Attachment, **options: Any) -> bytes:
        raise AssertionError("it was fetched")

    monkeypatch.setattr(discord.Attachment, "read", read)
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

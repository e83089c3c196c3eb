"""/index: rebuilding the index of a server in front of everybody, and its figures."""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime

import discord
import pytest

from bot.state import RebuildRecord, State
from index import (
    CancelledBuildError,
    Draft,
    Library,
    RebuildProgress,
    RebuildRunningError,
    RebuildSummary,
    StoreError,
)
from tests.behaviour.conftest import BRIDGE, NewBot, add_shared
from tests.support.cards import buttons_of, text_of
from tests.support.servers import Server, buttons, posted, shown, simbot

SUMMARY = RebuildSummary(
    added=1, changed=2, removed=0, unchanged=1_234, failed=(), articles=1_237, passages=9_000, took_s=61.0
)

SETTLE_S = 60.0
EDIT_EVERY_S = 100.0
POLL_S = 110.0
"""Longer than `SETTLE_S`, as is the pause between edits here: simcord lets such times pass only when a test says so."""

pytestmark = pytest.mark.simcord(settle_timeout=SETTLE_S)
expects_refusals = pytest.mark.simcord(settle_timeout=SETTLE_S, check_errors=False)


class SlowRebuilds:
    """Takes the place of `Library.rebuild`: goes as far as the test says, and ends when the test says."""

    def __init__(self) -> None:
        self.asked_for: list[list[str]] = []
        self.running = 0
        self.refusals = 0
        self.outcome: RebuildSummary | Exception = SUMMARY
        self.end = asyncio.Event()
        self._progress: Callable[[RebuildProgress], None] | None = None

    async def __call__(
        self,
        collections: Collection[str],
        progress: Callable[[RebuildProgress], None],
        cancelled: Callable[[], bool],
    ) -> RebuildSummary:
        if self.running or self.refusals:
            self.refusals = max(self.refusals - 1, 0)
            raise RebuildRunningError
        self.asked_for.append(list(collections))
        self._progress = progress
        self.running += 1
        try:
            while not self.end.is_set():
                if cancelled():
                    raise CancelledBuildError
                await asyncio.sleep(POLL_S)
        finally:
            self.running -= 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def go_to(self, share: float) -> None:
        """Report a share of the articles as read."""
        assert self._progress is not None
        self._progress(RebuildProgress(int(share * 1_000), 1_000, "reading"))


@pytest.fixture
def rebuilds(bot_library: Library, monkeypatch: pytest.MonkeyPatch) -> SlowRebuilds:
    slow = SlowRebuilds()
    monkeypatch.setattr("bot.rebuilds.EDIT_EVERY_S", EDIT_EVERY_S)
    monkeypatch.setattr(bot_library, "rebuild", slow)
    return slow


def board(server: Server) -> discord.Message:
    """The message with the progress: the only one that everybody sees."""
    (message,) = [one for one in server.messages() if not one.flags.ephemeral]
    return message


async def later(server: Server) -> str:
    """What the message says after the next edits."""
    await server.env.advance_time(3 * EDIT_EVERY_S)
    return text_of(board(server))


# ---- rebuilding


async def test_a_rebuild_ends_with_a_summary_of_the_servers_articles(server: Server, bot_library: Library) -> None:
    await add_shared(bot_library)
    await bot_library.add([Draft("A bridge", BRIDGE, "bridge.md")], server.collection)

    asked = await server.admin.slash(server.channel, "index rebuild")

    assert asked.ephemeral
    assert board(server).jump_url in shown(asked)
    assert "1 unchanged" in await later(server)
    assert buttons_of(board(server)) == {}


async def test_progress_is_shown_in_a_message_that_everybody_sees(server: Server, rebuilds: SlowRebuilds) -> None:
    await server.admin.slash(server.channel, "index rebuild")
    rebuilds.go_to(0.5)

    text = await later(server)

    assert "`█████████░░░░░░░░░░░` 45%" in text
    assert "old index" in text
    rebuilds.end.set()
    assert "1,234 unchanged" in await later(server)
    assert rebuilds.asked_for == [[server.collection]]


async def test_the_message_is_not_edited_more_often_than_discord_likes(server: Server, rebuilds: SlowRebuilds) -> None:
    await server.admin.slash(server.channel, "index rebuild")

    for tenth in range(10):
        rebuilds.go_to(tenth / 10)
        await server.env.advance_time(EDIT_EVERY_S / 5)

    assert 1 <= sum(one.method == "PATCH" for one in server.env.http_requests) <= 2


async def test_a_second_rebuild_joins_the_one_that_runs(server: Server, rebuilds: SlowRebuilds) -> None:
    await server.admin.slash(server.channel, "index rebuild")

    second = await server.admin.slash(server.channel, "index rebuild")

    assert "running already" in shown(second)
    assert board(server).jump_url in shown(second)
    assert len(rebuilds.asked_for) == 1


async def test_a_rebuild_is_cancelled_by_its_button(server: Server, rebuilds: SlowRebuilds, bot_state: State) -> None:
    await server.admin.slash(server.channel, "index rebuild")

    await server.admin.click(board(server), label="Cancel")

    assert "cancelled" in await later(server)
    assert buttons_of(board(server)) == {}
    assert await bot_state.unfinished_rebuilds() == []


@expects_refusals
async def test_members_may_neither_rebuild_nor_cancel(server: Server, rebuilds: SlowRebuilds) -> None:
    await server.show_commands_to_everybody()
    refused = await server.member.slash(server.channel, "index rebuild")
    await server.admin.slash(server.channel, "index rebuild")

    pressed = await server.member.click(board(server), label="Cancel")

    assert "Manage Server" in shown(refused)
    assert "Manage Server" in shown(pressed)
    assert rebuilds.running == 1


async def test_another_server_waits_for_its_turn_and_sees_nothing_of_the_first(
    server: Server, other: Server, rebuilds: SlowRebuilds
) -> None:
    await server.admin.slash(server.channel, "index rebuild")

    await other.admin.slash(other.channel, "index rebuild")

    assert "waits" in await later(other)
    rebuilds.end.set()
    assert "unchanged" in await later(other)
    assert rebuilds.asked_for == [[server.collection], [other.collection]]


async def test_a_rebuild_that_waits_can_be_cancelled(server: Server, other: Server, rebuilds: SlowRebuilds) -> None:
    await server.admin.slash(server.channel, "index rebuild")
    await other.admin.slash(other.channel, "index rebuild")

    await other.admin.click(board(other), label="Cancel")

    assert "cancelled" in await later(other)
    assert rebuilds.running == 1


async def test_a_rebuild_begins_when_one_of_the_operator_is_over(server: Server, rebuilds: SlowRebuilds) -> None:
    rebuilds.refusals = 1
    rebuilds.end.set()

    await server.admin.slash(server.channel, "index rebuild")

    assert "unchanged" in await later(server)


async def test_a_forged_cancel_of_another_server_stops_nothing(
    server: Server, other: Server, rebuilds: SlowRebuilds
) -> None:
    await server.admin.slash(server.channel, "index rebuild")
    custom_id = buttons_of(board(server))["Cancel"]["custom_id"]
    forged = await posted(other, discord.ui.Button(label="Cancel", custom_id=custom_id))

    pressed = await other.admin.click(forged, label="Cancel")

    assert "over" in shown(pressed)
    assert rebuilds.running == 1


async def test_articles_that_fail_are_named_with_the_reason(server: Server, rebuilds: SlowRebuilds) -> None:
    failed = tuple((f"@everyone {n}", "it holds no words") for n in range(200))
    rebuilds.outcome = RebuildSummary(0, 0, 0, 0, failed, 0, 0, 1.0)
    rebuilds.end.set()

    await server.admin.slash(server.channel, "index rebuild")

    text = await later(server)
    assert "It holds no words." in text
    assert "@everyone" not in text
    assert "more" in text
    assert len(text) <= 4_000


async def test_a_rebuild_that_fails_says_so_and_another_may_begin(server: Server, rebuilds: SlowRebuilds) -> None:
    rebuilds.outcome = StoreError("sqlite", "the disk is full")
    rebuilds.end.set()

    await server.admin.slash(server.channel, "index rebuild")

    text = await later(server)
    assert "The rebuild failed" in text
    assert "sqlite" not in text
    rebuilds.outcome = SUMMARY
    again = await server.admin.slash(server.channel, "index rebuild")
    assert "has begun" in shown(again)


async def test_progress_is_private_where_the_channel_takes_no_message(server: Server, rebuilds: SlowRebuilds) -> None:
    bot_is_mute = discord.PermissionOverwrite(send_messages=False)
    channel = server.guild.create_text_channel("rules", overwrites={simbot(server): bot_is_mute})

    asked = await server.admin.slash(channel, "index rebuild")

    assert asked.ephemeral
    assert "may not write" in shown(asked)
    rebuilds.end.set()
    await server.env.advance_time(3 * EDIT_EVERY_S)
    assert "was rebuilt" in shown(asked)
    assert channel.history() == [] or all(one.flags.ephemeral for one in channel.history())


async def test_what_came_of_a_private_rebuild_is_sent_when_its_response_can_no_longer_be_edited(
    server: Server, rebuilds: SlowRebuilds
) -> None:
    channel = server.guild.create_text_channel(
        "rules", overwrites={simbot(server): discord.PermissionOverwrite(send_messages=False)}
    )
    await server.admin.slash(channel, "index rebuild")
    server.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=None)

    rebuilds.end.set()
    await server.env.advance_time(3 * EDIT_EVERY_S)

    assert "was rebuilt" in text_of(server.admin.user.dm_channel.history()[-1])


async def test_the_summary_is_shown_although_discord_fails_for_a_moment(
    server: Server, rebuilds: SlowRebuilds, bot_state: State
) -> None:
    await server.admin.slash(server.channel, "index rebuild")
    server.env.inject_error("PATCH", "/channels/*/messages/*", status=503, times=2)

    rebuilds.end.set()

    assert "was rebuilt" in await later(server)
    assert await bot_state.unfinished_rebuilds() == []


async def test_a_progress_message_that_somebody_deleted_stops_nothing(
    server: Server, rebuilds: SlowRebuilds, bot_state: State
) -> None:
    await server.admin.slash(server.channel, "index rebuild")
    await server.env.bot.get_partial_messageable(server.channel.id).get_partial_message(board(server).id).delete()

    rebuilds.end.set()
    await server.env.advance_time(3 * EDIT_EVERY_S)

    assert await bot_state.unfinished_rebuilds() == []
    assert "has begun" in shown(await server.admin.slash(server.channel, "index rebuild"))


# ---- restarts


async def test_a_stop_marks_a_rebuild_as_interrupted(
    server: Server, rebuilds: SlowRebuilds, bot_state: State, new_bot: NewBot
) -> None:
    await server.admin.slash(server.channel, "index rebuild")

    await server.env.restart_bot(new_bot())
    await server.env.settle()

    assert "interrupted" in text_of(board(server))
    assert buttons_of(board(server)) == {}
    assert await bot_state.unfinished_rebuilds() == []


async def test_a_rebuild_of_a_process_that_was_killed_is_marked_at_the_next_start(
    server: Server, bot_state: State, new_bot: NewBot
) -> None:
    channel = server.env.bot.get_channel(server.channel.id)
    assert isinstance(channel, discord.TextChannel)
    view = discord.ui.LayoutView().add_item(discord.ui.TextDisplay("in progress"))
    message = await channel.send(view=view)
    for number, message_id in enumerate((message.id, 1, None)):
        await bot_state.save_rebuild(
            RebuildRecord(
                id=f"{number:016x}",
                guild_id=server.guild.id,
                channel_id=server.channel.id,
                message_id=message_id,
                asked_by=server.admin.id,
                started_at=datetime.now(UTC),
                state="running",
                detail="",
            )
        )

    await server.env.restart_bot(new_bot())
    await server.env.settle()

    assert "interrupted" in text_of(board(server))
    assert await bot_state.unfinished_rebuilds() == []


# ---- figures


async def test_the_status_tells_of_articles_languages_questions_and_times(server: Server, bot_library: Library) -> None:
    await add_shared(bot_library)
    await bot_library.add(
        [
            Draft("A bridge", BRIDGE, "bridge.md", language="en"),
            Draft("Été", "Il fait chaud en été. On se baigne.", "ete.md", language="fr"),
        ],
        server.collection,
    )
    await server.member.slash(server.channel, "ask", question="when did the bridge open?")

    asked = await server.admin.slash(server.channel, "index status")

    text = shown(asked)
    assert asked.ephemeral
    assert "This server: 2 articles" in text
    assert "English and French" in text
    assert "Shared: 3 articles" in text
    assert "Questions answered: 1" in text
    assert "Median time:" in text


async def test_the_status_of_an_empty_server_is_all_zeros(server: Server) -> None:
    text = shown(await server.admin.slash(server.channel, "index status"))

    assert "0 articles" in text
    assert "Questions answered: 0" in text
    assert "Median" not in text


async def test_the_status_tells_of_a_rebuild_that_runs(server: Server, rebuilds: SlowRebuilds) -> None:
    await server.admin.slash(server.channel, "index rebuild")

    assert "Rebuild: `" in shown(await server.admin.slash(server.channel, "index status"))


@expects_refusals
async def test_the_status_is_for_managers(server: Server) -> None:
    await server.show_commands_to_everybody()

    refused = await server.member.slash(server.channel, "index status")

    assert "Manage Server" in shown(refused)
    assert buttons(refused) == {}

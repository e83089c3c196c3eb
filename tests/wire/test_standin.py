"""The loopback Discord does to discord.py what Discord does."""

import asyncio
import json
import zlib
from collections.abc import Callable

import aiohttp
import discord
import pytest
import zstandard

from tests.support.discord import Fault, Intent, NotOfferedError, Permission, RateLimit, form_labels
from tests.wire.conftest import Place
from tests.wire.sample import Again, SampleBot, card, running


async def test_a_bot_logs_in_and_its_commands_are_offered(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        names = {one["name"] for one in place.discord.commands.visible(place.docs.id)}

    assert names == {"ask", "slow", "upload", "whoami", "things", "manage", "Count letters"}
    assert place.discord.commands.puts == 1
    assert place.discord.refused == []


async def test_a_slash_command_is_answered_at_once_with_a_card(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        asked = await place.alice.slash(place.general, "ask", question="What is tea?")

    assert asked.text == "What is tea?"
    assert asked.shown.labels == ("Again 1", "Rate")
    assert not asked.is_private
    assert asked.shown in place.discord.bot_messages(place.general)
    assert asked.first_response_s < 1


@pytest.mark.parametrize("private", [True, False])
async def test_a_deferred_answer_takes_the_place_of_thinking(place: Place, private: bool) -> None:
    async with running(SampleBot(), place.discord):
        asked = await place.alice.slash(place.general, "slow", private=private)

    assert asked.text == "thought"
    assert asked.is_private == private
    assert not asked.shown.is_thinking


async def test_a_private_answer_and_a_followup_are_seen_by_the_asker_only(place: Place) -> None:
    bob = place.discord.person("bob", place.docs)
    async with running(SampleBot(), place.discord):
        asked = await place.alice.slash(place.general, "ask", question="more", private=True)
        await place.discord.until(lambda: bool(asked.followups), "a further message")

        with pytest.raises(NotOfferedError):
            await bob.click(asked, "Again 1")

    assert asked.followups[0].text == "and more"
    assert place.discord.bot_messages(place.general) == []


async def test_mentions_replies_and_direct_messages_are_answered(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        mentioned = await place.alice.ask(place.general, "one")
        replied = await place.alice.reply(mentioned, "two")
        told = await place.alice.tell("three")

    assert [message.text.split()[-1] for message in (mentioned, replied, told)] == ["one", "two", "three"]
    assert mentioned.pinged == frozenset()
    assert place.general.typed_at


async def test_a_button_changes_its_card_and_works_after_a_restart(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        asked = await place.alice.slash(place.general, "ask", question="x")
        await place.alice.click(asked, "Again 1")
    async with running(SampleBot(), place.discord):
        again = await place.alice.click(asked, "Again 2")

    assert again.shown is asked.shown
    assert again.shown.versions == ["x", "again 1", "again 2"]


async def test_a_button_opens_a_form_that_takes_choices_texts_and_files(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        asked = await place.alice.slash(place.general, "ask", question="x")
        opened = await place.alice.click(asked, "Rate")
        assert opened.form is not None
        sent = await place.alice.submit(opened, {"Kind": "New", "Note": "fine", "File": ("a.txt", b"tea")})

    assert form_labels(opened.form) == ("Kind", "Note", "File")
    assert sent.text == "New: fine; file: tea"
    assert sent.is_private


async def test_options_and_people_roles_and_channels_are_chosen(place: Place) -> None:
    editors = place.discord.role(place.docs, "Editors")
    async with running(SampleBot(), place.discord):
        shown = await place.alice.slash(place.general, "things pick one", size=3)
        letter = await place.alice.select(shown, "Letter", "B")
        role = await place.alice.select(shown, "Role", editors.id)
        channel = await place.alice.select(shown, "Channel", place.general)
        with pytest.raises(NotOfferedError, match="size is 4"):
            await place.alice.slash(place.general, "things pick one", size=4)
        with pytest.raises(NotOfferedError, match="is a group"):
            await place.alice.slash(place.general, "things pick")
        with pytest.raises(NotOfferedError, match="needs"):
            await place.alice.slash(place.general, "things pick one")
        with pytest.raises(NotOfferedError, match="lacks"):
            await place.alice.slash(place.general, "manage")
        opened = await place.alice.slash(place.general, "manage", is_forced=True)

    assert (letter.text, role.text, channel.text) == ("b", "Editors", "general")
    assert opened.text == "managed"


async def test_files_go_in_and_out(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        sent = await place.alice.slash(place.general, "upload", file=("a.txt", b"stressed"))

    assert [(file.name, file.content) for file in sent.shown.attachments] == [("back.txt", b"desserts")]


async def test_autocompletion_offers_choices_and_refuses_more_than_25(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        offered = await place.alice.autocomplete(place.general, "ask", "question", "wo")
        with pytest.raises(AssertionError, match="no answer"):
            await place.alice.autocomplete(place.general, "ask", "question", "too many", timeout_s=0.3)

    assert [choice["name"] for choice in offered] == ["Wombats", "Words"]
    assert "25 or fewer" in place.discord.refused[0]


async def test_a_message_menu_gets_the_whole_message(place: Place) -> None:
    message = await place.alice.write(place.general, "twelve chars")
    async with running(SampleBot(), place.discord):
        counted = await place.alice.message_menu(message, "Count letters")

    assert counted.text == "12"


async def test_edits_and_deletions_are_told(place: Place) -> None:
    bot = SampleBot()
    async with running(bot, place.discord):
        asked = await place.alice.ask(place.general, "one", wait=False)
        await place.discord.reply_to(asked)
        await place.alice.edit(asked, f"<@{place.discord.world.bot.id}> two")
        await place.alice.delete(asked)
        await bot.until(lambda: f"deleted: {asked.id}" in bot.seen)

    assert f"edited: <@{place.discord.world.bot.id}> two" in bot.seen


async def test_content_is_held_back_without_the_intent(place: Place) -> None:
    without, with_ = SampleBot(), SampleBot(message_content=True)
    async with running(without, place.discord):
        await place.alice.write(place.general, "secret")
        await without.until(lambda: bool(without.seen))
    place.discord.gateway.allowed_intents = Intent.MESSAGE_CONTENT
    async with running(with_, place.discord):
        await place.alice.write(place.general, "open")
        await with_.until(lambda: bool(with_.seen))

    assert without.seen == [""]
    assert with_.seen == ["open"]


async def test_an_intent_that_is_not_switched_on_closes_with_4014(place: Place) -> None:
    bot = SampleBot(message_content=True)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await _connect(bot, place)


async def test_a_wrong_token_is_refused_by_rest_and_by_the_gateway(place: Place) -> None:
    bot = SampleBot()
    place.discord.gateway.token = "another"
    with pytest.raises(discord.LoginFailure):
        async with running(bot, place.discord):
            pass


async def test_locale_install_and_context_are_told(place: Place) -> None:
    berta = place.discord.person("berta", place.docs, locale="de")
    friends = place.discord.group(berta, place.alice)
    async with running(SampleBot(), place.discord):
        in_server = await berta.slash(place.general, "whoami")
        with pytest.raises(NotOfferedError):
            await berta.slash(friends, "whoami", user_install=True)
        at_home = await berta.slash(friends, "ask", question="x", user_install=True)

    assert in_server.text == "de en-US send=True user=False private=False"
    assert at_home.payload["context"] == 2
    assert at_home.payload["authorizing_integration_owners"] == {"1": str(berta.id)}


async def test_permissions_of_channels_are_kept(place: Place) -> None:
    hidden, mute = place.discord.channel(place.docs, "hidden"), place.discord.channel(place.docs, "mute")
    everyone = place.docs.roles[place.docs.id]
    place.discord.deny(hidden, place.discord.world.bot, Permission.VIEW_CHANNEL)
    place.discord.deny(mute, everyone, Permission.SEND_MESSAGES)
    bot = SampleBot()
    async with running(bot, place.discord):
        told = await place.alice.slash(mute, "whoami", is_forced=True)
        with pytest.raises(discord.Forbidden) as refused:
            await bot.get_partial_messageable(hidden.id).send("x")
        with pytest.raises(discord.Forbidden) as muted:
            await bot.get_partial_messageable(mute.id).send("x")

    assert "send=False" in told.text
    assert (refused.value.code, muted.value.code) == (50001, 50013)


async def test_a_dropped_connection_is_resumed_and_what_was_missed_is_told(place: Place) -> None:
    bot = SampleBot()
    async with running(bot, place.discord):
        place.discord.gateway.drop()
        await place.discord.until(lambda: not place.discord.gateway.connected, "a lost connection")
        answer = await place.alice.ask(place.general, "are you there?")

    assert "are you there?" in answer.text
    assert len(place.discord.gateway.identifies) == 1
    assert len(place.discord.gateway.resumes) == 1
    assert len(place.discord.bot_messages(place.general)) == 1


async def test_a_request_to_reconnect_is_followed_by_a_resume(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        place.discord.gateway.ask_to_reconnect()
        await place.discord.until(lambda: len(place.discord.gateway.resumes) == 1, "a RESUME")
        answer = await place.alice.ask(place.general, "still there?")

    assert "still there?" in answer.text


async def test_an_invalid_session_is_followed_by_a_new_one(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        place.discord.gateway.invalidate(is_resumable=False)
        await place.discord.until(lambda: len(place.discord.gateway.identifies) == 2, "a new IDENTIFY")
        answer = await place.alice.ask(place.general, "who are you?")

    assert "who are you?" in answer.text


async def test_a_zombie_is_found_out_and_resumed(place: Place) -> None:
    place.discord.gateway.heartbeat_interval_ms = 300
    async with running(SampleBot(), place.discord):
        place.discord.gateway.freeze()
        asked = await place.alice.ask(place.general, "asleep?", wait=False)
        answer = await place.discord.reply_to(asked, timeout_s=8)

    assert "asleep?" in answer.text
    assert len(place.discord.gateway.resumes) == 1


async def test_a_refusal_with_429_is_waited_out(place: Place) -> None:
    bot = SampleBot()
    place.discord.faults.append(Fault("POST", "/channels/*/messages", 429, times=2, retry_after_s=0.05))
    async with running(bot, place.discord):
        await bot.get_partial_messageable(place.general.id).send("x")

    assert [one.status for one in place.discord.sent_to("POST", "/channels/")] == [429, 429, 200]


async def test_a_rate_limit_that_is_told_is_never_exceeded(place: Place) -> None:
    bot = SampleBot()
    limit = RateLimit("POST", "/channels/*/messages", most=3, per_s=0.3)
    place.discord.rate_limits.append(limit)
    async with running(bot, place.discord):
        channel = bot.get_partial_messageable(place.general.id)
        await asyncio.gather(*(channel.send(str(number)) for number in range(7)))

    assert len(place.discord.bot_messages(place.general)) == 7
    assert limit.refused == 0


async def test_a_ban_by_the_proxy_is_no_rate_limit(place: Place) -> None:
    bot = SampleBot()
    place.discord.faults.append(Fault("POST", "/channels/*/messages", 429, is_from_proxy=True))
    async with running(bot, place.discord):
        with pytest.raises(discord.HTTPException) as refused:
            await bot.get_partial_messageable(place.general.id).send("x")

    assert refused.value.status == 429


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/channels/*/messages", 503),
        Fault("POST", "/channels/*/messages", is_reset=True),
        Fault("POST", "/channels/*/messages", is_reset=True, is_after=True),
        Fault("POST", "/channels/*/messages", 502, is_after=True),
        Fault("POST", "/channels/*/messages", delay_s=0.2),
    ],
    ids=["503", "reset", "lost", "lost in a proxy", "slow"],
)
async def test_a_message_repeated_with_its_nonce_arrives_once(place: Place, fault: Fault) -> None:
    bot = SampleBot()
    place.discord.faults.append(fault)
    async with running(bot, place.discord):
        channel = bot.get_partial_messageable(place.general.id)
        for _ in range(2):
            try:
                await channel.send("once", nonce=7)
            except (discord.HTTPException, OSError):
                continue

    assert fault.happened == 1
    assert [message.content for message in place.discord.bot_messages(place.general)] == ["once"]


async def test_two_shards_share_the_servers(place: Place) -> None:
    place.discord.rest.recommended_shards = 2
    first, second = (place.discord.guild(f"s{n}", shard=(n, 2)) for n in (0, 1))
    people = [place.discord.person("carol", guild) for guild in (first, second)]
    bot = SampleBot()
    async with running(bot, place.discord, shards=2):
        answers = [
            await who.ask(place.discord.channel(guild), guild.name)
            for who, guild in zip(people, (first, second), strict=True)
        ]
        await bot.wait_until_ready()
        shards = {guild.name: guild.shard_id for guild in bot.guilds}

    assert [answer.text[-2:] for answer in answers] == ["s0", "s1"]
    assert (shards["s0"], shards["s1"]) == (0, 1)


async def test_every_encoding_of_the_gateway_is_read_back(place: Place) -> None:
    decoders: dict[str, Callable[[bytes], bytes]] = {
        "zlib-stream": zlib.decompressobj().decompress,
        "zstd-stream": zstandard.ZstdDecompressor().decompressobj().decompress,
    }
    operations: dict[str, list[int]] = {}
    async with aiohttp.ClientSession() as session:
        for compression, read in decoders.items():
            async with session.ws_connect(f"{place.discord.gateway_url}?compress={compression}") as socket:
                await socket.send_json({"op": 1, "d": None})
                received = [await socket.receive_bytes() for _ in range(2)]
            operations[compression] = [json.loads(read(one))["op"] for one in received]
        async with session.ws_connect(place.discord.gateway_url) as socket:
            operations["none"] = [(await socket.receive_json())["op"]]

    assert operations == {"zlib-stream": [10, 11], "zstd-stream": [10, 11], "none": [10]}


async def test_an_interaction_waits_3_s_for_its_first_response_and_takes_one(place: Place) -> None:
    place.discord.interactions.first_response_limit_s = 0.1
    place.discord.faults.append(Fault("POST", "/interactions/*", delay_s=0.2))
    bot = SampleBot()
    async with running(bot, place.discord):
        late = await place.alice.slash(place.general, "whoami", wait=False)
        await bot.until(lambda: bool(bot.failed))

    assert late.first is None
    assert "10062" in place.discord.refused[0]


async def test_what_discord_would_not_take_is_refused(place: Place) -> None:
    bot = SampleBot()
    unlabelled: discord.ui.Button[discord.ui.LayoutView] = discord.ui.Button(label="x" * 81, custom_id="a")
    same = [discord.ui.Button[discord.ui.LayoutView](label=label, custom_id="same") for label in "ab"]
    async with running(bot, place.discord):
        channel = bot.get_partial_messageable(place.general.id)
        with pytest.raises(discord.HTTPException, match="4000"):
            await channel.send(view=card("x" * 4_001))
        with pytest.raises(discord.HTTPException, match="80"):
            await channel.send(view=card("x", unlabelled))
        with pytest.raises(discord.HTTPException, match="not unique"):
            await channel.send(view=card("x", *same))
        with pytest.raises(discord.HTTPException, match="2000"):
            await channel.send("x" * 2_001)
        with pytest.raises(discord.HTTPException, match="empty"):
            await channel.send("")
        sent = await channel.send(view=card("x", Again(1)))
        with pytest.raises(discord.HTTPException, match="IS_COMPONENTS_V2"):
            await sent.edit(content="x")

    assert len(place.discord.refused) == 6


async def test_threads_members_channels_and_servers_are_found(place: Place) -> None:
    bot = SampleBot()
    async with running(bot, place.discord):
        await bot.wait_until_ready()
        guild = bot.guilds[0]
        member = await guild.fetch_member(place.alice.id)
        with pytest.raises(discord.NotFound):
            await guild.fetch_member(1)
        message = await bot.get_partial_messageable(place.general.id).send("x")
        channel = await bot.fetch_channel(place.general.id)
        assert isinstance(channel, discord.TextChannel)
        fetched = await channel.fetch_message(message.id)
        thread = await fetched.create_thread(name="more")
        await thread.send("in the thread")
        user = await bot.fetch_user(place.alice.id)
        direct = await user.send("directly")
        await guild.leave()

    assert (member.name, fetched.content) == ("alice", "x")
    assert direct.id in place.alice.dm.messages
    assert place.discord.world.bot.id not in place.docs.members


async def test_channels_and_servers_come_and_go(place: Place) -> None:
    bot = SampleBot()
    async with running(bot, place.discord):
        await bot.wait_until_ready()
        more, other = place.discord.channel(place.docs, "more"), place.discord.guild("Other")
        thread = place.discord.thread(more, "thread", place.alice)
        await place.alice.ask(thread, "a round trip")
        there = (bot.get_channel(more.id), bot.get_channel(thread.id), bot.get_guild(other.id))
        place.discord.delete_channel(more)
        place.discord.remove_bot(other)
        await place.alice.ask(place.general, "a round trip")
        gone = (bot.get_channel(more.id), bot.get_guild(other.id))

    assert None not in there
    assert gone == (None, None)


async def test_it_can_go_away_and_come_back(place: Place) -> None:
    async with running(SampleBot(), place.discord):
        await place.discord.stop()
        await place.discord.start()
        await place.discord.connected()
        answer = await place.alice.ask(place.general, "back?")

    assert "back?" in answer.text


async def test_mentions_ping_only_whom_they_may(place: Place) -> None:
    bot = SampleBot()
    async with running(bot, place.discord):
        text = f"{place.alice.mention} @everyone"
        channel = bot.get_partial_messageable(place.general.id)
        await channel.send(text)
        await channel.send(text, allowed_mentions=discord.AllowedMentions.all())

    quiet, loud = place.discord.bot_messages(place.general)
    assert quiet.pinged == frozenset()
    assert loud.pinged == {str(place.alice.id)}


async def _connect(bot: SampleBot, place: Place) -> None:
    async with running(bot, place.discord):
        pass

"""Asking in Discord: every way in, and what comes back."""

import asyncio
from dataclasses import replace
from typing import Any

import discord
import pytest
from simcord import Env
from simcord.results import InteractionResult

from bot.client import FootnoteBot
from bot.settings import Settings
from bot.state import ChannelsMode, ServerSettings, State
from index import Answer, Draft, Library
from tests.behaviour.conftest import NewBot, add_shared
from tests.support.cards import buttons_of, text_of
from tests.support.servers import buttons, card, filled, shown

QUESTION = "how many soldiers were killed?"
ANSWER = "**At least 49 Armenian soldiers were killed in the fighting, the government in Yerevan said.**"


class Room:
    """A server with a channel and two members, and articles that it sees."""

    def __init__(self, env: Env, name: str = "Docs") -> None:
        self.env = env
        self.guild = env.create_guild(name)
        self.channel = self.guild.create_text_channel("general")
        self.alice = self.guild.add_member(env.create_user("alice"))
        self.bob = self.guild.add_member(env.create_user("bob"))

    def messages(self) -> list[discord.Message]:
        return self.channel.history(viewer=self.alice)


@pytest.fixture
async def room(simcord_env: Env, bot_library: Library) -> Room:
    await add_shared(bot_library)
    return Room(simcord_env)


# ---- /ask


async def test_a_question_is_answered_at_once_with_the_sentence_in_bold(room: Room) -> None:
    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)

    assert ANSWER in shown(asked)
    assert "Ceasefire in the South Caucasus" in shown(asked)
    assert [(one.json or {})["type"] for one in room.env.http_requests if one.path.endswith("/callback")] == [4]


async def test_the_answer_is_private_when_that_is_wished(room: Room) -> None:
    asked = await room.alice.slash(room.channel, "ask", question=QUESTION, private=True)

    assert asked.ephemeral


async def test_titles_are_offered_as_typed_without_accents_or_case(room: Room, bot_library: Library) -> None:
    await bot_library.add([Draft("Été à Orléans", "Il fait chaud en été. On se baigne.", "ete.md", language="fr")])

    offered = await room.alice.autocomplete(room.channel, "ask", "article", "ete a OR", question="x")

    assert [one["name"] for one in offered] == ["Été à Orléans"]


async def test_a_question_within_an_article_is_answered_from_it_only(room: Room, bot_library: Library) -> None:
    bridge = next(one for one in await bot_library.articles() if "bridge" in one.title)

    asked = await room.alice.slash(room.channel, "ask", question="how much did the work cost?", article=bridge.id)

    assert "84 million euros" in shown(asked)


async def test_an_article_can_be_named_by_its_whole_title(room: Room) -> None:
    asked = await room.alice.slash(
        room.channel, "ask", question="how much did the work cost?", article="a bridge  INSTEAD of a ferry"
    )

    assert "84 million euros" in shown(asked)
    assert "Only this article was searched." in shown(asked)


async def test_titles_that_cannot_be_seen_or_are_the_same_can_be_chosen(room: Room, bot_library: Library) -> None:
    for title, source in (("\u200b", "a.md"), ("Tea", "b.md"), ("Tea", "c.md")):
        await bot_library.add([Draft(title, f"All of the tea is in {source}. It is hot.", source, language="en")])

    offered = await room.alice.autocomplete(room.channel, "ask", "article", "", question="x")

    names = [one["name"] for one in offered]
    assert len(set(names)) == len(names) == 6
    assert all(1 <= len(name) <= 100 for name in names)


async def test_a_question_that_nothing_answers_is_refused_with_what_to_do(room: Room) -> None:
    asked = await room.alice.slash(room.channel, "ask", question="who invented the flux capacitor?")

    text = shown(asked)
    assert "> " not in text
    assert "**flux**, and **capacitor**" in text
    assert "`/ask`" in text


async def test_a_closed_channel_is_answered_in_private(room: Room, bot_state: State) -> None:
    await bot_state.save_server(_server(room, channels_mode=ChannelsMode.NONE))

    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)

    assert asked.ephemeral
    assert ANSWER in shown(asked)


async def test_whoever_asks_too_much_is_told_in_private_when_to_come_back(room: Room, bot_state: State) -> None:
    await bot_state.save_server(_server(room, user_daily_limit=1))
    await room.alice.slash(room.channel, "ask", question=QUESTION)

    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)

    assert asked.ephemeral
    assert "<t:" in shown(asked)


async def test_whoever_asks_too_much_in_messages_is_told_once_in_private(
    room: Room, bot_state: State, simcord_bot: FootnoteBot
) -> None:
    await bot_state.save_server(_server(room, user_daily_limit=1))

    for _ in range(3):
        await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")

    (told,) = room.alice.user.dm_channel.history()
    assert "Come back <t:" in text_of(told)
    assert len(room.messages()) == 4


async def test_whoever_meets_a_bug_in_a_message_is_told(
    room: Room, bot_library: Library, simcord_bot: FootnoteBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Answer:
        raise RuntimeError("a bug")

    monkeypatch.setattr(bot_library, "ask", broken)

    await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")

    assert "Something went wrong" in text_of(room.messages()[-1])


# ---- buttons


async def test_pages_turn_for_the_asker_and_open_in_private_for_others(room: Room) -> None:
    asked = await room.alice.slash(
        room.channel, "ask", question="how thick was the ice in 1963, and what did the work cost?"
    )
    assert "▶️" in buttons(asked)
    first = shown(asked)

    others = await room.bob.click(card(asked), label="Why this?")
    assert others.ephemeral
    turned = await room.bob.click(card(asked), custom_id=buttons(asked)["▶️"]["custom_id"])
    assert turned.ephemeral
    assert shown(asked) == first

    await room.alice.click(card(asked), custom_id=buttons(asked)["▶️"]["custom_id"])
    assert text_of(room.messages()[-1]) != first


async def test_buttons_work_after_a_restart(room: Room, new_bot: NewBot) -> None:
    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)

    await room.env.restart_bot(new_bot())
    read = await room.bob.click(card(asked), label="In the article")

    assert "Hospitals in Goris" in shown(read)


async def test_a_passage_that_is_gone_says_so(room: Room, bot_library: Library) -> None:
    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)
    await bot_library.remove([one.id for one in await bot_library.articles()])

    pressed = await room.bob.click(card(asked), label="In the article")

    assert pressed.ephemeral
    assert "removed" in shown(pressed)


async def follow_up(room: Room, asked: InteractionResult, question: str) -> InteractionResult:
    """What comes back when Alice asks this below an answer."""
    form = await room.alice.click(card(asked), label="Ask a follow-up")
    return await room.alice.submit_modal(form, filled(form, **{"Your question": question}))


async def test_a_follow_up_is_understood_within_the_article_of_the_answer(room: Room) -> None:
    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)

    followed = await follow_up(room, asked, "and how many were wounded?")

    assert "**Some 110 soldiers were wounded." in shown(followed)
    assert "article of the answer before" in shown(followed)


async def test_a_follow_up_that_its_article_does_not_answer_is_looked_for_in_all(room: Room) -> None:
    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)

    followed = await follow_up(room, asked, "how thick was the ice in 1963?")

    assert "80 centimetres" in shown(followed)
    assert "all articles were searched" in shown(followed)


async def test_a_follow_up_in_a_channel_that_was_closed_meanwhile_is_private(room: Room, bot_state: State) -> None:
    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)
    await bot_state.save_server(_server(room, channels_mode=ChannelsMode.NONE))

    followed = await follow_up(room, asked, "and how many were wounded?")

    assert followed.ephemeral


async def test_only_the_asker_and_managers_remove_an_answer(room: Room) -> None:
    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)
    remove = buttons(asked)["🗑️"]["custom_id"]

    tried = await room.bob.click(card(asked), custom_id=remove)
    assert tried.ephemeral
    assert len(room.messages()) == 1

    await room.alice.click(card(asked), custom_id=remove)
    assert room.messages() == []


async def test_a_server_finds_nothing_of_another(room: Room, simcord_env: Env, bot_library: Library) -> None:
    elsewhere = Room(simcord_env, "Elsewhere")
    [added] = await bot_library.add(
        [Draft("Their secret", "The vault opens at nine.", "vault.md")], str(elsewhere.guild.id)
    )
    assert added.article is not None

    asked = await room.alice.slash(room.channel, "ask", question="when does the vault open?")
    within = await room.alice.slash(room.channel, "ask", question="when does the vault open?", article=added.article.id)
    offered = await room.alice.autocomplete(room.channel, "ask", "article", "secret", question="x")

    assert "opens at nine" not in shown(asked) + shown(within)
    assert "secret" not in shown(asked) + shown(within)
    assert offered == []


# ---- messages


async def test_a_mention_is_answered_in_a_reply(room: Room, simcord_bot: FootnoteBot) -> None:
    sent = await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")

    answer = room.messages()[-1]
    assert answer.reference is not None
    assert answer.reference.message_id == sent.id
    assert ANSWER in text_of(answer)


async def test_a_mention_without_a_question_is_told_how_to_ask(room: Room, simcord_bot: FootnoteBot) -> None:
    await room.alice.send(room.channel, mention_of(simcord_bot))

    assert "Ask me something" in text_of(room.messages()[-1])


async def test_a_message_without_a_mention_is_not_answered(room: Room) -> None:
    await room.alice.send(room.channel, QUESTION)

    assert len(room.messages()) == 1


async def test_a_direct_message_searches_the_shared_articles_and_says_so(room: Room) -> None:
    await room.alice.send_dm(QUESTION)

    answer = room.alice.user.dm_channel.history()[-1]
    assert ANSWER in text_of(answer)
    assert "shared articles only" in text_of(answer)


async def test_editing_a_question_edits_its_answer(room: Room, simcord_bot: FootnoteBot) -> None:
    sent = await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")

    await room.alice.edit(sent, f"{mention_of(simcord_bot)} how much did the bridge cost?")

    assert len(room.messages()) == 2
    assert "84 million euros" in text_of(room.messages()[-1])


async def test_an_edit_that_leaves_the_question_as_it_was_asks_nothing(room: Room, simcord_bot: FootnoteBot) -> None:
    sent = await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")
    before = len(room.env.http_requests)

    await room.alice.edit(sent, f"{QUESTION}  {mention_of(simcord_bot)}")

    assert room.env.http_requests[before:] == []


async def test_an_edit_that_adds_a_mention_is_answered(room: Room, simcord_bot: FootnoteBot) -> None:
    sent = await room.alice.send(room.channel, QUESTION)

    await room.alice.edit(sent, f"{mention_of(simcord_bot)} {QUESTION}")

    assert ANSWER in text_of(room.messages()[-1])


async def test_editing_a_question_whose_answer_was_removed_is_no_error(room: Room, simcord_bot: FootnoteBot) -> None:
    sent = await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")
    answer = room.messages()[-1]
    await room.alice.click(answer, custom_id=buttons_of(answer)["🗑️"]["custom_id"])

    await room.alice.edit(sent, f"{mention_of(simcord_bot)} how much did the bridge cost?")

    assert "84 million euros" in text_of(room.messages()[-1])


async def test_the_answer_to_a_deleted_question_can_be_removed_by_its_asker(
    room: Room, simcord_bot: FootnoteBot
) -> None:
    sent = await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")
    await room.alice.delete(sent)
    answer = room.messages()[-1]

    await room.alice.click(answer, custom_id=buttons_of(answer)["🗑️"]["custom_id"])

    assert room.messages() == []


async def test_a_message_is_answered_through_its_menu(room: Room) -> None:
    sent = await room.bob.send(room.channel, QUESTION)

    picked = await room.alice.context_menu(room.channel, "Answer this", sent)

    assert ANSWER in shown(picked)


async def test_a_reply_to_an_answer_is_a_follow_up(room: Room, simcord_bot: FootnoteBot) -> None:
    await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")

    await room.bob.send(
        room.channel, f"{mention_of(simcord_bot)} and how many were wounded?", reply_to=room.messages()[-1]
    )

    assert "article of the answer before" in text_of(room.messages()[-1])


@pytest.mark.parametrize("told", [{"guild_id": 1}, {"is_private": True}], ids=["elsewhere", "private"])
async def test_a_reply_to_an_answer_that_was_not_for_this_server_is_no_follow_up(
    room: Room, simcord_bot: FootnoteBot, bot_state: State, told: dict[str, Any]
) -> None:
    await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")
    answer = room.messages()[-1]
    await simcord_bot.desk.records.save_rest()
    kept = await bot_state.answer_by_message(answer.id)
    assert kept is not None
    await bot_state.record(replace(kept, **told))

    await room.bob.send(room.channel, f"{mention_of(simcord_bot)} and how many were wounded?", reply_to=answer)

    assert room.messages()[-1].id != answer.id
    assert "article of the answer before" not in text_of(room.messages()[-1])


async def test_bots_and_webhooks_are_never_answered(room: Room, simcord_bot: FootnoteBot) -> None:
    robot = room.guild.add_member(room.env.create_user("robot", bot=True))

    webhook = room.guild.create_webhook(room.channel)

    await robot.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")
    await webhook.send(f"{mention_of(simcord_bot)} {QUESTION}")

    assert len(room.messages()) == 2


async def test_an_edit_after_two_minutes_changes_nothing(room: Room, simcord_bot: FootnoteBot) -> None:
    sent = await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")
    before = text_of(room.messages()[-1])
    await room.env.advance_time(121)

    await room.alice.edit(sent, f"{mention_of(simcord_bot)} how much did the bridge cost?")

    assert text_of(room.messages()[-1]) == before


async def test_a_mention_in_a_closed_channel_is_left_alone(
    room: Room, bot_state: State, simcord_bot: FootnoteBot
) -> None:
    await bot_state.save_server(_server(room, channels_mode=ChannelsMode.SOME, channels=frozenset({1})))

    await room.alice.send(room.channel, f"{mention_of(simcord_bot)} {QUESTION}")

    assert len(room.messages()) == 1


async def test_a_channel_that_the_bot_may_not_write_in_gives_one_hint_in_private(
    room: Room, simcord_bot: FootnoteBot
) -> None:
    assert room.guild.me is not None
    silent = room.guild.create_text_channel(
        "silent", overwrites={room.guild.default_role: discord.PermissionOverwrite(send_messages=True)}
    )
    room.env.inject_error("POST", f"/channels/{silent.id}/messages", status=403, code=50013)

    await room.alice.send(silent, f"{mention_of(simcord_bot)} {QUESTION}")

    hint = room.alice.user.dm_channel.history()[-1]
    assert "I may not write in" in text_of(hint)
    assert f"<#{silent.id}>" in text_of(hint)


async def test_an_answer_that_takes_long_is_announced_and_then_shown(
    room: Room, bot_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = bot_library.ask

    async def slowly(*arguments: Any, **options: Any) -> Answer:
        await asyncio.sleep(0.3)
        return await ask(*arguments, **options)

    monkeypatch.setattr(bot_library, "ask", slowly)
    monkeypatch.setattr("bot.client.AT_ONCE_S", 0.1)

    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)

    assert ANSWER in shown(asked)
    callback, *rest = [one for one in room.env.http_requests if "callback" in one.path or "@original" in one.path]
    assert (callback.json or {})["type"] == 5
    assert len(rest) == 1


async def test_a_button_of_an_older_version_says_so(room: Room) -> None:
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.ActionRow(discord.ui.Button(label="Old", custom_id="f0:p:abc")))
    channel = room.env.bot.get_channel(room.channel.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send(view=view)

    pressed = await room.alice.click(message, label="Old")

    assert pressed.ephemeral
    assert "out of date" in shown(pressed)


async def test_votes_are_counted_once_for_each_person(room: Room, bot_state: State) -> None:
    asked = await room.alice.slash(room.channel, "ask", question=QUESTION)

    for label in ("👍", "👎", "👎"):
        thanked = await room.bob.click(card(asked), custom_id=buttons(asked)[label]["custom_id"])
        assert thanked.ephemeral

    figures = await bot_state.figures(room.guild.id)
    assert (figures.helpful, figures.not_helpful) == (0, 1)


class TestChannelsWithoutMentions:
    """Channels in which every question is answered; they need the Message Content Intent."""

    @pytest.fixture
    def bot_settings(self, address: str) -> Settings:
        return Settings(
            _env_file=None,  # type: ignore[call-arg]
            database_url=address,
            discord_shards=1,
            message_content=True,
        )

    async def test_a_question_is_answered_without_a_mention(self, room: Room, bot_state: State) -> None:
        await bot_state.save_server(_server(room, answered_channels=frozenset({room.channel.id})))

        await room.alice.send(room.channel, QUESTION)

        assert ANSWER in text_of(room.messages()[-1])

    async def test_a_question_without_an_answer_gets_no_noise(self, room: Room, bot_state: State) -> None:
        await bot_state.save_server(_server(room, answered_channels=frozenset({room.channel.id})))

        await room.alice.send(room.channel, "who invented the flux capacitor?")
        await room.alice.send(room.channel, "good morning")

        assert len(room.messages()) == 2


def mention_of(bot: FootnoteBot) -> str:
    assert bot.user is not None
    return bot.user.mention


def _server(room: Room, **changes: Any) -> ServerSettings:
    return replace(ServerSettings(room.guild.id), **changes)

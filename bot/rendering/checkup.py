"""What `/doctor` tells those who manage a server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.rendering.cards import Accent, Card
from bot.rendering.errors import permission_name
from bot.rendering.words import Words

_MOST_CHANNELS = 10


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found in a server.

    Attributes:
        missing: Articles of the server or shared ones that the index lacks.
        lacking: Channels by the permission that is missing there, as discord.py calls it.
        answered: Channels in which every question is to be answered.
        sees_messages: Whether the operator has switched on what that needs.
    """

    own_articles: int
    shared_articles: int
    missing: int
    open_channels: int
    hidden_channels: int
    lacking: Mapping[str, Sequence[int]]
    answered: Sequence[int]
    sees_messages: bool

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        is_complete = not self.missing and bool(self.own_articles + self.shared_articles)
        return is_complete and not self.lacking and (self.sees_messages or not self.answered)


def checkup_card(found: Checkup, words: Words) -> Card:
    """Each finding on a line with what to do."""
    lines = [_articles(found, words), *_channels(found, words)]
    if found.answered:
        channels = _named(found.answered)
        if found.sees_messages:
            lines.append("✅ " + words.say("I read every message in {channels}, as it is set.", channels=channels))
        else:
            text = words.say(
                "Every question is to be answered in {channels}, but whoever runs me has not switched that on.",
                channels=channels,
            )
            lines.append(f"⚠️ {text}")
    summary = words.say("Everything is as it should be.") if found.is_well else words.say("There is something to do:")
    footer = None
    if found.lacking:
        footer = words.say("Allow it in the settings of the channel, under Permissions. Commands work all the same.")
    return Card(
        (f"### {summary}", "\n".join(lines)), Accent.SUCCESS if found.is_well else Accent.UNCERTAIN, footer=footer
    )


def _articles(found: Checkup, words: Words) -> str:
    if found.missing:
        text = words.count(
            found.missing,
            "{n} article cannot be found: {command} builds the index anew.",
            "{n} articles cannot be found: {command} builds the index anew.",
            command=words.command("index rebuild"),
        )
        return f"⚠️ {text}"
    if not found.own_articles + found.shared_articles:
        command = words.command("articles add text")
        return "⚠️ " + words.say("There are no articles yet: {command} adds one.", command=command)
    text = words.say(
        "All articles can be found: {own} of this server, {shared} shared.",
        own=words.number(found.own_articles),
        shared=words.number(found.shared_articles),
    )
    return f"✅ {text}"


def _channels(found: Checkup, words: Words) -> list[str]:
    lines = [f"⚠️ {_lack(flag, _named(channels), words)}" for flag, channels in found.lacking.items()]
    open_ = words.count(
        found.open_channels, "I can answer messages in {n} channel.", "I can answer messages in {n} channels."
    )
    lines.insert(0, f"✅ {open_}")
    if found.hidden_channels:
        hidden = words.count(
            found.hidden_channels,
            "{n} channel is hidden from me; only commands work there.",
            "{n} channels are hidden from me; only commands work there.",
        )
        lines.append(f"▫️ {hidden}")
    return lines


def _lack(flag: str, channels: str, words: Words) -> str:
    permission = f"**{permission_name(flag, words)}**"
    match flag:
        case "view_channel":
            return words.say(
                "I lack {permission} in {channels}, and do not see what is asked there.",
                permission=permission,
                channels=channels,
            )
        case "send_messages":
            return words.say(
                "I lack {permission} in {channels}, and cannot answer messages there.",
                permission=permission,
                channels=channels,
            )
        case "send_messages_in_threads":
            return words.say(
                "I lack {permission} in {channels}, and cannot answer in threads there.",
                permission=permission,
                channels=channels,
            )
        case _:
            return words.say(
                "I lack {permission} in {channels}, and cannot reply to messages there.",
                permission=permission,
                channels=channels,
            )


def _named(channels: Sequence[int]) -> str:
    """Channels that can be clicked; who does not see one is shown no name."""
    return " ".join(f"<#{one}>" for one in channels[:_MOST_CHANNELS]) + (" …" if len(channels) > _MOST_CHANNELS else "")

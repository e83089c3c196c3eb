"""What the bot may do in the channels of a server."""

from collections.abc import Iterable, Sequence

import discord

from bot.findings import Finding, Level
from bot.permissions import missing
from bot.state import ChannelsMode, ServerSettings

_MOST_CHANNELS = 20


def channels_finding(
    guild: discord.Guild,
    channels: Iterable[discord.abc.GuildChannel],
    me: discord.Member,
    chosen: ServerSettings | None,
    *,
    message_content: bool,
) -> Sequence[Finding]:
    """What is missing in a server, one finding for all that lacks the same.

    A channel that the bot does not see is as its managers want it, unless they chose it in the settings.
    """
    topic = f"server “{guild.name}”"
    lacking: dict[str, list[str]] = {}
    hidden = seen = 0
    for channel in channels:
        if not isinstance(channel, discord.TextChannel | discord.ForumChannel | discord.VoiceChannel):
            continue
        needs = missing(channel.permissions_for(me))
        is_chosen = chosen is not None and (
            channel.id in chosen.answered_channels
            or (chosen.channels_mode is ChannelsMode.SOME and channel.id in chosen.channels)
        )
        if needs and needs[0].flag == "view_channel" and not is_chosen:
            hidden += 1
            continue
        seen += 1
        for need in needs:
            lacking.setdefault(f"{need.name} ({need.purpose})", []).append(f"#{channel.name}")
    findings = [
        Finding(
            topic,
            Level.WARNING,
            f"the bot lacks {lack} in {_some(names)}",
            "allow it in the channel's settings under Permissions; /ask works all the same",
        )
        for lack, names in lacking.items()
    ]
    if chosen is not None and chosen.answered_channels and not message_content:
        text = (
            f"every question is to be answered in {len(chosen.answered_channels)} channels, but MESSAGE_CONTENT is off"
        )
        advice = "set MESSAGE_CONTENT=true and switch the intent on, or empty the list in /settings"
        findings.append(Finding(topic, Level.WARNING, text, advice))
    if findings:
        return findings
    unseen = f"; {hidden} are hidden from it" if hidden else ""
    return [Finding(topic, Level.OK, f"the bot may answer in {seen} channels{unseen}")]


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MOST_CHANNELS]) + (
        f" and {len(names) - _MOST_CHANNELS} more" if len(names) > _MOST_CHANNELS else ""
    )

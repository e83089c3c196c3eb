"""What the bot may do in the channels of a server."""

from collections.abc import Iterable, Sequence

import discord

from bot.findings import Finding, Level
from bot.permissions import access
from bot.state import ServerSettings

_MOST_CHANNELS = 20


def channels_findings(
    guild: discord.Guild,
    channels: Iterable[discord.abc.GuildChannel],
    me: discord.Member,
    chosen: ServerSettings,
    *,
    message_content: bool,
) -> Sequence[Finding]:
    """What is missing in a server, one finding for all channels that lack the same."""
    topic = f"server “{guild.name}”"
    seen = access(channels, me, chosen.named_channels)
    findings = [
        Finding(
            topic,
            Level.WARNING,
            f"the bot lacks {need.name} ({need.purpose}) in {_some([f'#{one.name}' for one in lacking])}",
            "allow it in the channel's settings under Permissions; /ask works all the same",
        )
        for need, lacking in seen.lacking.items()
    ]
    if chosen.answered_channels and not message_content:
        count = len(chosen.answered_channels)
        text = f"every question is to be answered in {count} channels, but MESSAGE_CONTENT is off"
        advice = "set MESSAGE_CONTENT=true and switch the intent on, or empty the list in /settings"
        findings.append(Finding(topic, Level.WARNING, text, advice))
    if findings:
        return findings
    unseen = f"; {seen.hidden} are hidden from it" if seen.hidden else ""
    return [Finding(topic, Level.OK, f"the bot may answer in {seen.open} channels{unseen}")]


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_CHANNELS
    return ", ".join(names[:_MOST_CHANNELS]) + (f" and {more} more" if more > 0 else "")

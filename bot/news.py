"""Tells a server what its feeds have brought, and that one was switched off."""

import logging
from dataclasses import replace

import discord
from discord import ui

from bot import sending
from bot.channels import Channel, channel_of
from bot.rendering.cards import Card
from bot.rendering.feeds import news_card, switched_off_card, thread_name
from bot.rendering.words import Words
from bot.views.layout import layout
from index import ArticleInfo, Feed, FeedNews

log = logging.getLogger(__name__)

MOST_THREADS = 10
"""Threads that one check of a feed opens at most; what it brought besides is told in one message."""


async def tell(client: discord.Client, guild: discord.Guild, news: FeedNews, words: Words) -> None:
    """Tell a server of a feed's news, where it wants to hear of them; never raises for what Discord refuses."""
    channel = channel_of(guild, news.feed)
    if news.articles and channel is not None:
        await _tell_articles(channel, news, words)
    if news.switched_off:
        card = switched_off_card(news.feed, words)
        if channel is None or not await _posted(channel, card):
            await _tell_admin(client, guild, news.feed, card)


async def _tell_articles(channel: Channel, news: FeedNews, words: Words) -> None:
    apart = news.articles[:MOST_THREADS] if news.feed.threads and not isinstance(channel, discord.Thread) else ()
    for info in apart:
        await _tell_in_thread(channel, news, info, words)
    if len(news.articles) > len(apart):
        rest = replace(news, articles=news.articles[len(apart) :])
        await _posted(channel, news_card(rest, words))


async def _tell_in_thread(channel: Channel, news: FeedNews, info: ArticleInfo, words: Words) -> None:
    message = await _posted(channel, news_card(replace(news, articles=(info,)), words))
    if message is None:
        return
    try:
        await sending.repeated(lambda: message.create_thread(name=thread_name(info, words)))
    except sending.FAILURES as error:
        # The list of feeds says what is missing.
        log.info("no thread for news in channel %d: %s", channel.id, error)


async def _posted(channel: Channel, card: Card) -> discord.Message | None:
    try:
        return await sending.post(channel, layout(card))
    except sending.FAILURES as error:
        log.info("no news in channel %d: %s", channel.id, error)
        return None


async def _tell_admin(client: discord.Client, guild: discord.Guild, feed: Feed, card: Card) -> None:
    """Write to whoever added a feed, or else to the server's owner; the list of feeds says the same when that fails."""
    added_by = int(feed.added_by) if feed.added_by is not None and feed.added_by.isdecimal() else None
    for user_id in dict.fromkeys(filter(None, (added_by, guild.owner_id))):
        if await _written(client, user_id, card):
            return
    log.info("nobody could be told that feed %s was switched off", feed.id)


async def _written(client: discord.Client, user_id: int, card: Card) -> bool:
    view: ui.LayoutView = layout(card)
    try:
        person = await client.fetch_user(user_id)
        await sending.repeated(lambda: person.send(view=view))
    except sending.FAILURES as error:
        log.info("no message to %d: %s", user_id, error)
        return False
    return True

"""/feeds: what is read regularly for a server, and where it hears of new articles."""

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot import sending
from bot.channels import untold
from bot.client import FootnoteBot
from bot.host import Host, managed_server
from bot.rendering.cards import Accent, Card
from bot.rendering.feeds import feed_choices, feed_title, unknown_feed_card
from bot.rendering.limits import AUTOCOMPLETE_CHOICES, AUTOCOMPLETE_VALUE
from bot.rendering.lists import language_choices, language_of
from bot.rendering.words import Words
from bot.views.confirm import Confirmation
from bot.views.feeds import FeedButton, FeedSelect, FeedsTurn, check_feed, feed_view, feeds_view
from bot.views.layout import layout
from index import MOST_ENTRIES_A_CHECK, Feed, UnknownFeedError

_LONGEST_ADDRESS = 2_000
_LONGEST_FILTER = 100

FeedOption = app_commands.Range[str, 1, AUTOCOMPLETE_VALUE]

_EVERY = [
    app_commands.Choice(name=locale_str("Every 15 minutes"), value=15),
    app_commands.Choice(name=locale_str("Every hour"), value=60),
    app_commands.Choice(name=locale_str("Every 6 hours"), value=360),
    app_commands.Choice(name=locale_str("Every day"), value=1_440),
    app_commands.Choice(name=locale_str("Every week"), value=10_080),
]


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Feeds(
    commands.GroupCog,
    group_name=locale_str("feeds"),
    group_description=locale_str("Feeds and sitemaps from which articles come by themselves"),
):
    """Commands for those who manage a server's feeds."""

    def __init__(self, bot: FootnoteBot) -> None:
        super().__init__()
        self._bot = bot

    async def cog_load(self) -> None:
        """See `commands.Cog.cog_load`."""
        self._bot.add_dynamic_items(FeedButton, FeedSelect, FeedsTurn)

    # ---- adding

    @app_commands.command(name=locale_str("add"), description=locale_str("Read a feed or a sitemap regularly"))
    @app_commands.rename(
        address=locale_str("address"),
        every=locale_str("every"),
        most=locale_str("most"),
        language=locale_str("language"),
        channel=locale_str("channel"),
        threads=locale_str("threads"),
        only=locale_str("only"),
    )
    @app_commands.describe(
        address=locale_str("A feed, a sitemap, or a page that names its feed"),
        every=locale_str("How often it is checked; every hour if you choose nothing"),
        most=locale_str("Most articles at one check; 20 if you choose nothing"),
        language=locale_str("The language of its articles; told by their text if you choose nothing"),
        channel=locale_str("Where new articles are told; nowhere if you choose nothing"),
        threads=locale_str("Whether each new article gets a thread there"),
        only=locale_str("Only articles whose path begins so, for example /news/; * stands for anything"),
    )
    @app_commands.choices(every=_EVERY)
    async def add_feed(
        self,
        interaction: discord.Interaction[FootnoteBot],
        address: app_commands.Range[str, 1, _LONGEST_ADDRESS],
        every: int = 60,
        most: app_commands.Range[int, 1, MOST_ENTRIES_A_CHECK] = 20,
        language: app_commands.Range[str, 1, AUTOCOMPLETE_VALUE] | None = None,
        channel: discord.TextChannel | None = None,
        threads: bool = False,
        only: app_commands.Range[str, 1, _LONGEST_FILTER] | None = None,
    ) -> None:
        """Look at a feed, and read it regularly from now on."""
        collection = str(await managed_server(interaction))
        words = await self._bot.words(interaction)

        async def added() -> ui.LayoutView:
            code = None if language is None else language_of(language, words)
            if language is not None and code is None:
                return layout(
                    Card((words.say("I do not know this language. Choose one from the list."),), Accent.FAILURE)
                )
            feed = await self._bot.gatherer.add_feed(
                address.strip(),
                collection,
                path_filter=only,
                interval_min=every,
                most=most,
                language=code,
                channel=str(channel.id) if channel is not None else None,
                threads=threads,
                added_by=str(interaction.user.id),
            )
            return layout(self._added(feed, interaction.guild, words))

        await self._bot.answer(interaction, added, is_private=True)

    def _added(self, feed: Feed, guild: discord.Guild | None, words: Words) -> Card:
        lines = [words.say("{feed} was added. Its articles come within minutes.", feed=feed_title(feed, words))]
        problem = untold(guild, feed, words)
        if problem is not None:
            lines.append(f"⚠️ {problem}")
        step = words.say(
            "{list} shows how it is, and {change} changes it.",
            list=words.command("feeds list"),
            change=words.command("feeds change"),
        )
        return Card(tuple(lines), Accent.SUCCESS, step)

    # ---- reading

    @app_commands.command(name=locale_str("list"), description=locale_str("List the feeds of this server"))
    async def list_feeds(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Show the first page of the list."""
        guild_id = await managed_server(interaction)
        words = await self._bot.words(interaction)
        await self._bot.answer(
            interaction, lambda: feeds_view(self._bot, interaction.guild, guild_id, 1, words), is_private=True
        )

    # ---- changing

    @app_commands.command(
        name=locale_str("change"), description=locale_str("Show a feed, with everything that can be changed of it")
    )
    @app_commands.rename(feed=locale_str("feed"))
    @app_commands.describe(feed=locale_str("Type a part of its title and choose it"))
    async def change_feed(self, interaction: discord.Interaction[FootnoteBot], feed: FeedOption) -> None:
        """Show the card of a feed."""
        collection = str(await managed_server(interaction))
        words = await self._bot.words(interaction)

        async def show() -> ui.LayoutView:
            chosen = await self._chosen(feed, collection)
            return layout(unknown_feed_card(words)) if chosen is None else feed_view(chosen, interaction.guild, words)

        await self._bot.answer(interaction, show, is_private=True)

    @app_commands.command(name=locale_str("check"), description=locale_str("Check a feed for new articles now"))
    @app_commands.rename(feed=locale_str("feed"))
    @app_commands.describe(feed=locale_str("Type a part of its title and choose it"))
    async def check(self, interaction: discord.Interaction[FootnoteBot], feed: FeedOption) -> None:
        """Check a feed, and tell what came of it."""
        collection = str(await managed_server(interaction))
        words = await self._bot.words(interaction)
        chosen = await self._chosen(feed, collection)
        await check_feed(interaction, self._bot, feed if chosen is None else chosen.id, words)

    @app_commands.command(name=locale_str("remove"), description=locale_str("Read a feed no more; its articles stay"))
    @app_commands.rename(feed=locale_str("feed"))
    @app_commands.describe(feed=locale_str("Type a part of its title and choose it"))
    async def remove(self, interaction: discord.Interaction[FootnoteBot], feed: FeedOption) -> None:
        """Ask whether a feed is to be removed, and remove it."""
        collection = str(await managed_server(interaction))
        words = await self._bot.words(interaction)
        chosen = await self._chosen(feed, collection)
        if chosen is None:
            await sending.respond(interaction, layout(unknown_feed_card(words)), is_private=True)
            return
        removing = chosen
        title = feed_title(chosen, words)
        text = words.say("Read the feed {feed} no more? The articles that it brought stay.", feed=title)

        async def confirmed(pressed: discord.Interaction, host: Host) -> ui.LayoutView:
            await host.require_manager(pressed)
            try:
                await host.gatherer.remove_feed(removing.id, (collection,))
            except UnknownFeedError:
                return layout(unknown_feed_card(words))
            done = words.say("The feed {feed} is not read any more. Its articles stay.", feed=title)
            return layout(Card((done,), Accent.SUCCESS))

        await Confirmation(interaction, Card((text,)), words.say("Remove"), words, confirmed).show()

    # ---- choosing

    @change_feed.autocomplete("feed")
    @check.autocomplete("feed")
    @remove.autocomplete("feed")
    async def titles(
        self, interaction: discord.Interaction[FootnoteBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the feeds of the server by title."""
        if not await self._bot.may_manage(interaction):
            return []
        feeds = await self._bot.gatherer.feeds((str(interaction.guild_id),))
        offered = feed_choices(feeds, current)[:AUTOCOMPLETE_CHOICES]
        return [app_commands.Choice(name=name, value=value) for name, value in offered]

    @add_feed.autocomplete("language")
    async def languages(
        self, interaction: discord.Interaction[FootnoteBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer languages by their names in the reader's language."""
        offered = language_choices(current, await self._bot.words(interaction))[:AUTOCOMPLETE_CHOICES]
        return [app_commands.Choice(name=name, value=code) for name, code in offered]

    async def _chosen(self, option: str, collection: str) -> Feed | None:
        """The feed that was chosen, or whose whole title was typed when it is the only one with it."""
        try:
            return await self._bot.gatherer.feed(option, (collection,))
        except UnknownFeedError:
            typed = " ".join(option.split()).casefold()
            feeds = await self._bot.gatherer.feeds((collection,))
            same = [feed for feed in feeds if typed in (feed.title.casefold(), feed.address.casefold())]
            return same[0] if len(same) == 1 else None


async def setup(bot: FootnoteBot) -> None:
    """See `commands.Bot.load_extension`."""
    await bot.add_cog(Feeds(bot))

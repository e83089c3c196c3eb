"""A Discord of our own on the loopback, over real sockets: what a bot's process can be tested against.

    async with Discord() as discord:
        docs = discord.guild("Docs")
        general = discord.channel(docs, "general")
        alice = discord.person("alice", docs)
        ...  # start a bot with discord.api_base, discord.gateway_url and discord.token
        await discord.connected()
        asked = await alice.slash(general, "ask", question="What is tea?")
        assert "leaves" in asked.text
        why = await alice.click(asked, "Why this?")
        assert why.is_private

It keeps Discord's rules as far as a bot can break them, and records what it refused in `discord.refused`.
"""

from tests.support.discord.actors import Actor, form_labels
from tests.support.discord.faults import Fault, RateLimit
from tests.support.discord.filling import NotOfferedError
from tests.support.discord.gateway import CloseCode, Intent
from tests.support.discord.interactions import Interaction, Response
from tests.support.discord.listener import Request
from tests.support.discord.permissions import Permission
from tests.support.discord.server import TOKEN, Discord
from tests.support.discord.state import Channel, Guild, Message

__all__ = [
    "TOKEN",
    "Actor",
    "Channel",
    "CloseCode",
    "Discord",
    "Fault",
    "Guild",
    "Intent",
    "Interaction",
    "Message",
    "NotOfferedError",
    "Permission",
    "RateLimit",
    "Request",
    "Response",
    "form_labels",
]

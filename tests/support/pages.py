"""Pages and feeds as websites send them."""

from collections.abc import Sequence
from html import escape

RSS = {"Content-Type": "application/rss+xml"}

ICE = """The harbour of the village freezes in most winters. Fishermen then cut channels into the ice by hand, and keep
them open until the sun comes back over the hills in March.

In 1963 the ice was 80 centimetres thick, and the mail came by sledge for six weeks. Nobody alive had seen the like."""

OWLS = """Nine young barn owls hatched in the tower of the old mill this spring, more than in any year before. They were
ringed in June by a teacher from the next town and two of her pupils.

The miller closed the tower to visitors until the last owl had left it at the end of July."""

BRIDGE = """The new bridge over the river opened to traffic in May 2019. It replaced a ferry after ninety years, and the
last ferryman was the first to walk across it, with his dog and a lamp.

The work cost 84 million euros, 12 million more than planned, since the ground on the left bank was
softer than anybody had thought."""


def page(title: str, text: str) -> str:
    """A page with an article; blank lines part its paragraphs."""
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in text.split("\n\n"))
    return (
        f'<!doctype html><html lang="en"><head><title>{escape(title)}</title></head><body><main><article>'
        f"<h1>{escape(title)}</h1>{paragraphs}</article></main></body></html>"
    )


def feed(title: str, items: Sequence[tuple[str, str]]) -> str:
    """An RSS feed; items are titles and addresses, the newest first."""
    told = "".join(
        f"<item><title>{escape(name)}</title><link>{escape(address)}</link><guid>{escape(address)}</guid></item>"
        for name, address in items
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{escape(title)}</title>'
        f"<link>https://example.org/</link><description>News</description>{told}</channel></rss>"
    )

"""Pages and feeds as websites send them."""

from collections.abc import Sequence
from html import escape


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

"""What Discord makes of a text: a small reader of its markdown, to judge what the bot sends.

It follows the rules of Discord's web client, which are those of Khan Academy's simple-markdown and some of Discord's
own. Where they are unsure it reads more as markdown than Discord does. It shares no code with `bot/rendering`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A piece of a text: `kind` says what it is, `text` what is seen of it when it holds no other nodes."""

    kind: str
    text: str = ""
    children: "tuple[Node, ...]" = ()


_QUOTE = re.compile(r" *>>> +[\s\S]*| *>(?!>>) +[^\n]*(?:\n *>(?!>>) +[^\n]*)*\n?")
_LINE_RULES = (
    ("heading", re.compile(r" *#{1,3}\s+(?!#)([^\n]*)\n?")),
    ("subtext", re.compile(r" *-# +(?!-#)([^\n]+)\n?")),
    ("list", re.compile(r" *(?:[*-]|\d+\.) +([^\n]+)")),
)
_STYLES = (
    ("strong", re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    ("underline", re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")),
    (
        "emphasis",
        re.compile(
            r"\b_((?:__|\\[\s\S]|[^\\_])+?)_\b|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
        ),
    ),
    ("strike", re.compile(r"~~([\s\S]+?)~~")),
    ("spoiler", re.compile(r"\|\|([\s\S]+?)\|\|")),
)
_ATOMS = (
    ("fence", re.compile(r"```[\s\S]+?```")),
    ("code", re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")),
    ("autolink", re.compile(r"<[^: >]+:/[^ >]+>|<[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+>|<(?:tel|sms)?:?\+?[0-9][^<>\n]*>")),
    ("link", re.compile(r"\[[^\n]*?\]\([^\n]*?\)")),
    ("address", re.compile(r"(?:https?|steam|discord)://[^\s<]+")),
    ("mention", re.compile(r"<@[!&]?\d+>|<#\d+>|@everyone|@here|@silent")),
    ("command", re.compile(r"</[^\n:>]+:\d+>")),
    ("navigation", re.compile(r"<id:\w+[^>]*>")),
    ("timestamp", re.compile(r"<t:-?\d+(?::[tTdDfFRsS])?>")),
    ("emoji", re.compile(r"<a?:\w+:\d+>|:[^\s:]+:")),
    ("sound", re.compile(r"<sound:[^>]*>")),
)
_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")

PINGS = re.compile(r"@everyone|@here|<@[!&]?\d+>")
"""What Discord's server takes as a ping, whatever stands before it."""

INVITES = re.compile(r"discord(?:app)?\.(?:gg|com|me|io|li|new|gift)(?:/|\b)", re.IGNORECASE)
"""What a client offers to join, or opens as a gift."""

ADDRESSES = re.compile(r"\w://")
"""What a client makes a link of."""


def parse(source: str) -> tuple[Node, ...]:
    """Read a text as Discord's client does."""
    return tuple(_joined(_nodes(source.replace("\t", "    "), in_quote=False, nested=False)))


def _nodes(source: str, *, in_quote: bool, nested: bool) -> Iterator[Node]:
    at = 0
    while at < len(source):
        node, at = _node(source, at, in_quote=in_quote, nested=nested)
        yield node


def _node(source: str, at: int, *, in_quote: bool, nested: bool) -> tuple[Node, int]:
    if (at == 0 and not nested) or source[at - 1 : at] == "\n":
        if not in_quote and (found := _QUOTE.match(source, at)):
            inner = re.sub(r"^ *>>> ?" if ">>>" in found[0][:8] else r"(?m)^ *> ?", "", found[0])
            return Node("quote", children=_inside(inner, in_quote=True, nested=False)), found.end()
        for kind, rule in _LINE_RULES:
            if found := rule.match(source, at):
                line = found[1].rstrip().rstrip("#").rstrip() if kind == "heading" else found[1]
                return Node(kind, children=_inside(line, in_quote=in_quote, nested=True)), found.end()
    if found := _ESCAPE.match(source, at):
        return Node("text", found[1]), found.end()
    for kind, rule in _ATOMS:
        if found := rule.match(source, at):
            return Node(kind, found[0].strip("`")), found.end()
    styles = [(found.end(), kind, found) for kind, rule in _STYLES if (found := rule.match(source, at))]
    if styles:
        end, kind, found = max(styles, key=lambda style: style[0])
        return Node(kind, children=_inside(found[1] or found[2], in_quote=in_quote, nested=True)), end
    return Node("text", source[at]), at + 1


def _inside(source: str, *, in_quote: bool, nested: bool) -> tuple[Node, ...]:
    return tuple(_joined(_nodes(source, in_quote=in_quote, nested=nested)))


def _joined(nodes: Iterator[Node]) -> Iterator[Node]:
    """The nodes, with neighbouring texts as one."""
    texts: list[str] = []
    for node in nodes:
        if node.kind == "text":
            texts.append(node.text)
            continue
        if texts:
            yield Node("text", "".join(texts))
            texts.clear()
        yield node
    if texts:
        yield Node("text", "".join(texts))


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """All nodes, each before those inside it."""
    for node in nodes:
        yield node
        yield from walk(node.children)


def kinds(source: str) -> set[str]:
    """What kinds of markdown a text holds, besides plain text."""
    return {node.kind for node in walk(parse(source))} - {"text"}


def plain(source: str) -> str:
    """What is read of a text, without its markdown."""
    return _plain(parse(source))


def _plain(nodes: tuple[Node, ...]) -> str:
    return "".join(node.text if not node.children else _plain(node.children) for node in nodes)


def bold(source: str) -> list[str]:
    """The stretches in bold, as read."""
    return [_plain(node.children) for node in walk(parse(source)) if node.kind == "strong"]

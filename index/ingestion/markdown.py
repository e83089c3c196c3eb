"""Reads Markdown; see `files`, which loads this module when it is needed."""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from index.ingestion.joining import joined


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").use(front_matter_plugin)


def read(markdown: str) -> tuple[dict[str, str], str | None, str]:
    """Return the front matter by its keys in lower case, the first heading if there is one, and the text."""
    tokens = _markdown().parse(markdown)
    facts = _read_front_matter(tokens[0].content) if tokens and tokens[0].type == "front_matter" else {}
    headings = (
        " ".join(_inline_text(inline).split()) for opening, inline in pairwise(tokens) if opening.type == "heading_open"
    )
    return facts, next(filter(None, headings), None), joined(_blocks(tokens))


def _read_front_matter(content: str) -> dict[str, str]:
    """Read lines of `key: value`; what is nested or empty is left out.

    Not YAML: that would need a library, and could hold anything but the five texts we look for.
    """
    facts = {}
    for line in content.split("\n"):
        key, colon, value = line.partition(":")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1].strip()
        if colon and value and not key[:1].isspace():
            facts[key.strip().lower()] = value
    return facts


def _blocks(tokens: list[Token]) -> Iterator[tuple[str, int | None]]:
    """Yield each block with the number of the outermost list or table around it, None outside."""
    group = depth = 0
    bullet = ""
    cells: list[str] | None = None
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open" | "table_open":
                group += depth == 0
                depth += 1
            case "bullet_list_close" | "ordered_list_close" | "table_close":
                depth -= 1
            case "list_item_open":
                bullet = "- "
            case "list_item_close":
                bullet = ""
            case "tr_open":
                cells = []
            case "tr_close":
                yield bullet + " | ".join(cells or []), group
                cells, bullet = None, ""
            case "inline" if cells is not None:
                cells.append(_inline_text(token))
            case "inline":
                yield bullet + _inline_text(token), group if depth else None
                bullet = ""
            case "fence" | "code_block":
                yield token.content.strip("\n"), group if depth else None
            case _:
                pass


def _inline_text(inline: Token) -> str:
    pieces = []
    for token in inline.children or []:
        match token.type:
            case "text" | "code_inline":
                pieces.append(token.content)
            case "image":
                pieces.append(_inline_text(token))
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
            case _:
                pass
    return "".join(pieces).strip()

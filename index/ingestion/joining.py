"""From the blocks of a document to the text of an article."""

from collections.abc import Hashable, Iterable


def joined(blocks: Iterable[tuple[str, Hashable | None]]) -> str:
    """Write blocks with a blank line between two, and those of one group on lines that follow each other directly.

    Args:
        blocks: Each with the list or table that it is a part of, by number or name; None stands for none. Blank
            blocks are left out.
    """
    pieces: list[str] = []
    previous: Hashable | None = None
    for block, group in blocks:
        if block.strip():
            if pieces:
                pieces.append("\n" if group is not None and group == previous else "\n\n")
            pieces.append(block)
            previous = group
    return "".join(pieces)

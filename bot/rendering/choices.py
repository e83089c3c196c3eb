"""What is chosen from: names while somebody types, of which no two are the same, and the options of selects."""

from collections import Counter
from collections.abc import Sequence

from bot.rendering.escaping import visible
from bot.rendering.limits import AUTOCOMPLETE_NAME, SELECT_TEXT, cut


def named_apart(named: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names and ids to choose from: names that would be the same, and those in which nothing is seen, get the id."""
    names = [cut(" ".join(visible(name).split()), AUTOCOMPLETE_NAME) for name, _ in named]
    often = Counter(names)
    return [
        (name if name and often[name] == 1 else with_id(name, one_id), one_id)
        for name, (_, one_id) in zip(names, named, strict=True)
    ]


def with_id(name: str, one_id: str) -> str:
    """A name with the id after it; there is room for both."""
    after = f" ({one_id})"
    return f"{cut(name, AUTOCOMPLETE_NAME - len(after))}{after}".strip()


def option_label(text: str) -> str:
    """A text as an option of a select: it begins with a capital, and is not longer than Discord takes."""
    return cut(text[:1].upper() + text[1:], SELECT_TEXT)

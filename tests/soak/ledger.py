"""What was acknowledged: which number each ferry's article may hold, at every moment."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_SYLLABLES = tuple(first + then for first in "bdfgklmnprstvz" for then in ("a", "e", "i", "o", "u", "an", "or", "el"))
_NUMBER = re.compile(r"(?<!\d)[1-9]\d{5}(?!\d)")

Held = frozenset[int | None]
"""The numbers that an article may hold now; None stands for an article that is not there."""


@dataclass(eq=False)
class Ferry:
    """An article about an invented ferry.

    Attributes:
        is_file: Whether the admin sends it as a file, else by the form.
        history: What the article may have held, since the beginning. More than one number means that a change was
            asked for and is not acknowledged.
    """

    name: str
    is_file: bool
    history: list[Held] = field(default_factory=lambda: [frozenset({None})])

    @property
    def title(self) -> str:
        """Of the article."""
        return f"The ferry {self.name}"

    @property
    def source(self) -> str:
        """The file's name, or the address."""
        return f"{self.name.lower()}.md" if self.is_file else f"https://example.org/ferries/{self.name.lower()}"

    @property
    def question(self) -> str:
        """Answered by the number."""
        return f"How many passengers did the ferry {self.name} carry?"

    @property
    def number(self) -> int | None:
        """The number that it holds for certain; None if it is not there, or if nobody knows."""
        return next(iter(self.history[-1])) if self.is_certain else None

    @property
    def is_certain(self) -> bool:
        """Whether nothing is under way that was not acknowledged."""
        return len(self.history[-1]) == 1

    def text(self, number: int) -> str:
        """An article with this number, of a handful of sentences."""
        return (
            f"The ferry {self.name} was launched in spring. In its first season the ferry {self.name} carried "
            f"{number} passengers between the two shores of the lake.\n\nIt sails at dawn, at noon and at dusk. "
            "Bicycles travel free of charge, and dogs have a deck of their own. When fog hides the far shore, the "
            "horn is sounded every two minutes."
        )

    @contextmanager
    def changing(self, to: int | None) -> Iterator[None]:
        """A change that is acknowledged when the block ends without an error; until then both may be seen."""
        self.history.append(self.history[-1] | {to})
        yield
        self.history.append(frozenset({to}))

    def since(self, moment: int) -> Held:
        """All that it may have held since a moment, which is a length of the history."""
        return frozenset().union(*self.history[moment - 1 :])


class Ledger:
    """All ferries that there ever were."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._by_number: dict[int, Ferry] = {}
        self.ferries: list[Ferry] = []

    def new_ferry(self) -> Ferry:
        """A ferry with a name of its own, without an article."""
        taken = {ferry.name for ferry in self.ferries}
        while True:
            name = "".join(self._chance.choices(_SYLLABLES, k=4)).capitalize()
            if name not in taken:
                break
        self.ferries.append(Ferry(name, is_file=self._chance.random() < 0.5))
        return self.ferries[-1]

    def new_number(self, ferry: Ferry) -> int:
        """A number that no article has ever held."""
        while True:
            number = self._chance.randint(100_000, 999_999)
            if number not in self._by_number:
                self._by_number[number] = ferry
                return number

    def moments(self) -> dict[Ferry, int]:
        """Now, for `wrong`."""
        return {ferry: len(ferry.history) for ferry in self.ferries}

    def wrong(self, asked: Ferry, text: str, moments: dict[Ferry, int]) -> str | None:
        """Judge an answer.

        Args:
            text: What the card says.
            moments: When the question was asked.

        Returns:
            What is wrong with it; None if nothing.
        """
        shown = {int(found) for found in _NUMBER.findall(text)} & self._by_number.keys()
        for number in shown:
            ferry = self._by_number[number]
            if number not in ferry.since(moments.get(ferry, 1)):
                return f"{ferry.question} {number} is of an article that was gone"
        held = asked.since(moments.get(asked, 1))
        if len(held) == 1 and None not in held and not held & shown:
            return f"{asked.question} {next(iter(held))} was acknowledged and is not in the answer: {text[:200]!r}"
        return None

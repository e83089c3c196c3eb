"""How numbers and ordinals are written otherwise: "4", "fourth" and "IV" for "4th"."""

from collections.abc import Callable

from index.analysis.languages import Language

_ROMAN = {
    2: "ii", 3: "iii", 4: "iv", 7: "vii", 8: "viii", 9: "ix", 12: "xii", 13: "xiii", 14: "xiv", 15: "xv", 16: "xvi",
    17: "xvii", 18: "xviii", 19: "xix", 20: "xx", 21: "xxi",
}  # fmt: skip
"""Without those of one letter, which are initials more often, and "vi" and "xi", which are words or names too."""


class Ordinals:
    """The ordinals of one language, as its file names them, with numbers in digits and Roman letters.

    Args:
        term: Gives the term of a casefolded word.
    """

    def __init__(self, spoken: Language, term: Callable[[str], str]) -> None:
        self._numbers = {roman: number for number, roman in _ROMAN.items() if roman not in spoken.stop}
        self._terms = {number: [str(number), term(roman)] for roman, number in self._numbers.items()}
        for number, forms in enumerate(spoken.ordinals, 1):
            # "twenty-first" has its joined spelling as a second term.
            joined = [form.replace("-", "") for form in forms]
            stems = sorted(set(map(term, joined)))
            self._terms.setdefault(number, [str(number)]).extend(stems)
            self._numbers |= dict.fromkeys(joined, number)
            for stem in stems:
                self._numbers.setdefault(stem, number)

    def spellings(self, *names: str | None) -> list[str]:
        """The terms of the number that the first known of some words or terms stands for; none when none is known."""
        for name in names:
            if name is None:
                continue
            number = int(name) if name.isdecimal() and len(name) <= 2 else self._numbers.get(name)
            if number is not None:
                return self._terms.get(number, [])
        return []

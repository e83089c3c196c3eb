"""The bot's own words in the languages of its users: gettext catalogues, plurals, numbers.

A message is its English text, and the catalogues are `catalogues/<locale>.po`. `tools/update_words.py` finds the
messages in the code: the first argument of `say` and `locale_str`, the second and third of `count`.
"""

import gettext
import hashlib
import logging
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from types import MappingProxyType

from babel import Locale
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

logger = logging.getLogger(__name__)

ENGLISH = "en"

LOCALES: Mapping[str, str] = MappingProxyType(
    {
        "en-US": ENGLISH,
        "en-GB": ENGLISH,
        "de": "de",
        "es-ES": "es",
        "es-419": "es",
        "fr": "fr",
        "pt-BR": "pt_BR",
        "ru": "ru",
        "ja": "ja",
        "zh-CN": "zh_CN",
        "ko": "ko",
        "no": "nb",
    }
)
"""Names of catalogues by Discord's locale codes: https://docs.discord.com/developers/reference#locales."""

_WITHOUT_SPACES = ("ja", "zh_CN")

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

_DURATIONS = (
    # Up to how many seconds the unit is used, its length in seconds, and its name in the CLDR.
    (90, 1, "duration-second"),
    (90 * 60, 60, "duration-minute"),
    (36 * 3600, 3600, "duration-hour"),
    (math.inf, 86400, "duration-day"),
)
_SIZES = ((10**9, "digital-gigabyte"), (10**6, "digital-megabyte"), (10**3, "digital-kilobyte"), (1, "digital-byte"))


@dataclass(frozen=True, slots=True)
class Words:
    """The bot's words in one language.

    `locale` is a key of the CLDR and a name of a catalogue. Made by `words_for`.
    """

    locale: str
    catalogue: gettext.NullTranslations

    def say(self, message: str, /, **values: object) -> str:
        """Translate a message, with values for its `{placeholders}`.

        Values are inserted as they are: braces in them mean nothing. What has no translation stays English; so does
        what has one with placeholders that have no value.

        Raises:
            KeyError: The English message has a placeholder without a value.
        """
        return self._filled(self.catalogue.gettext(message), message, values)

    def count(self, n: int, one: str, many: str, /, **values: object) -> str:
        """Translate a message in the plural form that `n` asks for; its `{n}` is `n` as people write it.

        Raises:
            KeyError: The English message has a placeholder without a value.
        """
        values["n"] = self.number(n)
        return self._filled(self.catalogue.ngettext(one, many, n), one if n == 1 else many, values)

    def translated(self, message: str) -> str | None:
        """The translation of a message without placeholders, or None when the catalogue has none."""
        found = self.catalogue.gettext(message)
        return None if found == message else found

    def command(self, path: str) -> str:
        """A command by its names in this language, as code: `articles add` gives "`/articles add`"."""
        return f"`/{' '.join(self.say(name) for name in path.split())}`"

    def number(self, n: float) -> str:
        """A number with the separators of the language, and at most three decimals."""
        return format_decimal(n, locale=self.locale)

    def percent(self, share: float) -> str:
        """A share, 1.0 for the whole, in whole percent."""
        return format_percent(share, locale=self.locale)

    def duration(self, seconds: float) -> str:
        """A stretch of time in one unit, rounded up: whoever waits that long has waited long enough.

        Below a second it is told in milliseconds.
        """
        if 0 < seconds < 1:
            return format_unit(math.ceil(seconds * 1000), "duration-millisecond", "short", locale=self.locale)
        length, unit = next((length, unit) for limit, length, unit in _DURATIONS if seconds < limit)
        n = math.ceil(seconds / length)
        # The CLDR leaves the long form out where it is the short one, and then Babel shows the unit's name.
        spelled = format_unit(n, unit, "long", locale=self.locale)
        if unit in spelled:
            spelled = format_unit(n, unit, "short", locale=self.locale)
        # As in our own Japanese, where nothing stands between a number and its counter.
        return spelled.replace(" ", "") if self.locale == "ja" else spelled

    def list(self, items: Iterable[str]) -> str:
        """Items with the commas and the "and" of the language; nothing for no items."""
        return format_list(list(items), "standard", locale=self.locale)

    def sentences(self, sentences: Iterable[str]) -> str:
        """Sentences one after another: Japanese and Chinese put no space between them."""
        return ("" if self.locale in _WITHOUT_SPACES else " ").join(sentences)

    def fact(self, name: str, value: str) -> str:
        """A name and what it stands for, with the colon of the language."""
        return self.say("{name}: {value}", name=name, value=value)

    def facts(self, facts: Iterable[tuple[str, str | None]]) -> str:
        """Names and what they stand for, one a line, without those that stand for nothing."""
        return "\n".join(self.fact(name, value) for name, value in facts if value)

    def page(self, page: int, pages: int) -> str:
        """Which page of how many, from 1."""
        return self.say("Page {page} of {pages}", page=self.number(page), pages=self.number(pages))

    def quoted(self, text: str) -> str:
        """A text in the quotation marks of the language."""
        return self.say("“{text}”", text=text)

    def bytes(self, n: int) -> str:
        """A size in the unit that leaves 1 to 999, with one decimal above bytes: 1 kB = 1,000 bytes."""
        size, unit = next(((size, unit) for size, unit in _SIZES if n >= size), _SIZES[-1])
        return format_unit(n / size, unit, "short", "#,##0.#", locale=self.locale)

    def _filled(self, translation: str, message: str, values: Mapping[str, object]) -> str:
        try:
            return _with_values(translation, values)
        except KeyError as error:
            if translation == message:
                raise
            logger.warning("the translation of %r to %s has the unknown placeholder %s", message, self.locale, error)
            return _with_values(message, values)


def _with_values(text: str, values: Mapping[str, object]) -> str:
    return _PLACEHOLDER.sub(lambda found: str(values[found[1]]), text)


def catalogue_for(*locales: str | None) -> str:
    """The catalogue of the first of Discord's locale codes that has one; English when none has."""
    return next((LOCALES[code] for code in locales if code is not None and code in LOCALES), ENGLISH)


def words_for(*locales: str | None) -> Words:
    """The words of the first of Discord's locale codes that has a catalogue; English when none has."""
    return _words(catalogue_for(*locales))


def read_catalogue(name: str) -> None:
    """Read a catalogue and the forms of numbers of its language: some 15 ms of work and 1 MB, done once."""
    words = _words(name)
    words.list([words.number(1), words.percent(1), words.duration(1)])


def read_catalogues() -> None:
    """Read all catalogues, some 0.1 s of work, for whoever translates into all languages in one go."""
    for name in sorted(set(LOCALES.values())):
        _words(name)


def fingerprint() -> str:
    """What is another one when a catalogue has changed; nothing is parsed for it."""
    seen = hashlib.sha256()
    for name in sorted(set(LOCALES.values()) - {ENGLISH}):
        seen.update(_content(name))
    return seen.hexdigest()


@cache
def _words(name: str) -> Words:
    return Words(name, gettext.NullTranslations() if name == ENGLISH else _catalogue(name))


def _catalogue(name: str) -> gettext.GNUTranslations:
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(_content(name)), locale=Locale.parse(name)))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _content(name: str) -> bytes:
    return files(__package__).joinpath("catalogues", f"{name}.po").read_bytes()

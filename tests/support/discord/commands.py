"""The application's commands: what a bot may register, what is stored of it, and where it is offered.

Limits: https://discord.com/developers/docs/interactions/application-commands
"""

import unicodedata
from collections.abc import Callable

from tests.support.discord.refusals import Payload
from tests.support.discord.state import World
from tests.support.discord.validation import at_most, between, require

# fmt: off
LOCALES = frozenset({
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR",
    "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko",
})
# fmt: on

_CHAT_INPUT = 1
_MAX_COMMANDS = {1: 100, 2: 15, 3: 15}


class Commands:
    """The application's commands, of all servers (None) and of single ones."""

    def __init__(self, world: World) -> None:
        self.of: dict[int | None, list[Payload]] = {}
        self._world = world
        self.puts = 0
        """How often all commands were replaced."""

    def visible(self, guild_id: int | None) -> list[Payload]:
        """Those that are offered in a server, or in a direct message."""
        return [*self.of.get(guild_id, []), *(self.of.get(None, []) if guild_id is not None else [])]

    def replace(self, guild_id: int | None, commands: list[Payload]) -> list[Payload]:
        """Take all commands, in place of those before; one of the same name keeps its id.

        Returns:
            The commands as they are stored.
        """
        check_commands(commands)
        before = {(one["type"], one["name"]): one["id"] for one in self.of.get(guild_id, [])}
        stored = []
        for one in commands:
            kind = one.get("type", _CHAT_INPUT)
            shown: Payload = {"description": "", "default_member_permissions": None, "nsfw": False} | one
            shown |= {
                "id": before.get((kind, one["name"])) or str(self._world.snowflakes.next()),
                "type": kind,
                "application_id": str(self._world.application_id),
                "version": str(self._world.snowflakes.next()),
            }
            if guild_id is not None:
                shown["guild_id"] = str(guild_id)
            stored.append(shown)
        self.of[guild_id] = stored
        self.puts += 1
        return stored


def check_choices(choices: list[Payload]) -> None:
    """Refuse what an autocompletion offers when Discord would."""
    at_most(len(choices), 25, "data.choices")
    for place, choice in enumerate(choices):
        where = f"data.choices.{place}"
        between(len(choice.get("name", "")), 1, 100, f"{where}.name")
        _check_localized(choice.get("name_localizations"), f"{where}.name_localizations", _is_short)
        if isinstance(choice.get("value"), str):
            between(len(choice["value"]), 1, 100, f"{where}.value")


def check_commands(commands: list[Payload]) -> None:
    """Refuse commands that Discord would refuse."""
    for kind, most in _MAX_COMMANDS.items():
        named = [one["name"] for one in commands if one.get("type", _CHAT_INPUT) == kind]
        at_most(len(named), most, "commands")
        require(len(set(named)) == len(named), "name", "Application command names must be unique")
    for place, one in enumerate(commands):
        if one.get("type", _CHAT_INPUT) == _CHAT_INPUT:
            _check_command(one, str(place))
            at_most(_characters(one), 8_000, str(place))
        else:
            between(len(one.get("name", "")), 1, 32, f"{place}.name")
            require(not one.get("description"), f"{place}.description", "a menu has none")
            _check_localized(one.get("name_localizations"), f"{place}.name_localizations", _is_menu_name)


def _check_command(one: Payload, where: str) -> None:
    require(_is_name(one.get("name", "")), f"{where}.name", f"not a name: {one.get('name')!r}")
    between(len(one.get("description", "")), 1, 100, f"{where}.description")
    _check_localized(one.get("name_localizations"), f"{where}.name_localizations", _is_name)
    _check_localized(one.get("description_localizations"), f"{where}.description_localizations", _is_short)
    options: list[Payload] = one.get("options") or []
    at_most(len(options), 25, f"{where}.options")
    named = [option.get("name") for option in options]
    require(len(set(named)) == len(named), f"{where}.options", "Option names must be unique")
    is_required = [bool(option.get("required")) for option in options]
    require(is_required == sorted(is_required, reverse=True), f"{where}.options", "required options come first")
    for place, option in enumerate(options):
        here = f"{where}.options.{place}"
        _check_command(option, here)
        choices = option.get("choices") or []
        at_most(len(choices), 25, f"{here}.choices")
        require(not (choices and option.get("autocomplete")), here, "choices or autocompletion")
        for number, choice in enumerate(choices):
            between(len(choice.get("name", "")), 1, 100, f"{here}.choices.{number}.name")
            _check_localized(choice.get("name_localizations"), f"{here}.choices.{number}", _is_short)


def _characters(one: Payload) -> int:
    """What counts to the 8,000 characters of a command: names, descriptions and values, in their longest language."""

    def longest(name: str) -> int:
        return max(map(len, [one.get(name) or "", *(one.get(f"{name}_localizations") or {}).values()]))

    choices = sum(len(choice["name"]) + len(str(choice["value"])) for choice in one.get("choices") or [])
    return longest("name") + longest("description") + choices + sum(map(_characters, one.get("options") or []))


def _check_localized(texts: dict[str, str] | None, where: str, is_fine: Callable[[str], bool]) -> None:
    for locale, text in (texts or {}).items():
        require(locale in LOCALES, f"{where}.{locale}", "no such locale")
        require(is_fine(text), f"{where}.{locale}", f"not allowed: {text!r}")


def _is_name(text: str) -> bool:
    """https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming"""
    return 1 <= len(text) <= 32 and text == text.lower() and all(map(_is_name_letter, text))


def _is_name_letter(letter: str) -> bool:
    # Letters and numbers of any script, and the vowel signs of Devanagari and Thai.
    is_vowel_sign = "ऀ" <= letter <= "ॿ" or "฀" <= letter <= "๿"
    return letter in "-_'" or unicodedata.category(letter)[0] in "LN" or is_vowel_sign


def _is_menu_name(text: str) -> bool:
    return 1 <= len(text) <= 32


def _is_short(text: str) -> bool:
    return 1 <= len(text) <= 100

"""The bot's own words: said in the reader's language, and all of them translated."""

import ast
import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural

from bot.rendering.limits import AUTOCOMPLETE_NAME, COMMAND_DESCRIPTION, COMMAND_NAME
from bot.rendering.words import ENGLISH, LOCALES, Words, read_catalogues, words_for
from tools.update_words import CODE, catalogue, messages

CATALOGUES = sorted(set(LOCALES.values()) - {ENGLISH})
PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
MARKDOWN = re.compile(r"\*\*|`|^-# |^### |\n", re.MULTILINE)

# https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
NAME = re.compile(rf"[-_'\w]{{1,{COMMAND_NAME}}}")


class Broken:
    """A catalogue whose translations are wrong."""

    def gettext(self, message: str) -> str:
        return "{nobody} said it"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return "{nobody} counted"


def broken() -> Words:
    return Words("de", Broken())  # type: ignore[arg-type] # Two methods of a catalogue are all that is used.


# ---- saying


def test_values_are_inserted_and_never_read() -> None:
    assert words_for("en-US").say("It is {title}.", title="{title} {0} {x.__class__}") == (
        "It is {title} {0} {x.__class__}."
    )


def test_a_message_without_its_value_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        words_for("en-US").say("It is {title}.")


def test_what_has_no_translation_stays_english() -> None:
    assert words_for("de").say("There is {n} of a thing nobody translates.", n=1) == (
        "There is 1 of a thing nobody translates."
    )
    assert words_for("de").translated("A thing nobody translates.") is None


def test_a_translation_with_unknown_placeholders_is_not_used_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert broken().say("It is {title}.", title="x") == "It is x."
        assert broken().count(2, "{n} thing", "{n} things") == "2 things"

    assert "unknown placeholder" in caplog.text


def test_english_counts_one_and_many() -> None:
    words = words_for("en-US")

    assert words.count(1, "{n} passage", "{n} passages") == "1 passage"
    assert words.count(0, "{n} passage", "{n} passages") == "0 passages"
    assert words.count(12345, "{n} passage", "{n} passages") == "12,345 passages"


def test_the_first_known_locale_is_taken() -> None:
    assert words_for("de").locale == "de"
    assert words_for("es-419").locale == "es"
    assert words_for("no").locale == "nb"
    assert words_for("pl", None, "pt-BR", "de").locale == "pt_BR"
    assert words_for("pl").locale == ENGLISH
    assert words_for().locale == ENGLISH
    assert words_for("de") is words_for("de")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 seconds"),
        (0.0042, "5 ms"),
        (1, "1 second"),
        (59.2, "60 seconds"),
        (90, "2 minutes"),
        (3600, "60 minutes"),
        (7000, "2 hours"),
        (86400 * 3, "3 days"),
    ],
)
def test_durations_are_rounded_up(seconds: float, told: str) -> None:
    assert words_for("en-US").duration(seconds) == told


@pytest.mark.parametrize(
    ("size", "told"), [(0, "0 byte"), (999, "999 byte"), (1000, "1 kB"), (1_250_000, "1.2 MB"), (3 * 10**9, "3 GB")]
)
def test_sizes_are_told_in_a_unit_that_fits(size: int, told: str) -> None:
    assert words_for("en-US").bytes(size) == told


def test_numbers_and_lists_follow_the_language() -> None:
    assert words_for("de").number(1234.5) == "1.234,5"
    assert words_for("de").list(["a", "b", "{0}"]) == "a, b und {0}"
    assert words_for("de").list([]) == ""
    assert words_for("de").percent(0.874) == "87\u00a0%"


def test_sentences_facts_and_quotations_follow_the_language() -> None:
    english, french, japanese, chinese = (words_for(code) for code in ("en-US", "fr", "ja", "zh-CN"))

    assert english.sentences(["One.", "Two."]) == "One. Two."
    assert japanese.sentences(["一。", "二。"]) == "一。二。"
    assert (english.fact("A", "b"), french.fact("A", "b"), chinese.fact("A", "b")) == ("A: b", "A\u00a0: b", "A：b")
    assert (english.quoted("x"), french.quoted("x"), japanese.quoted("x")) == ("“x”", "«\u00a0x\u00a0»", "「x」")
    assert (english.duration(3600), japanese.duration(3600)) == ("60 minutes", "60分")


def test_catalogues_that_were_read_are_kept() -> None:
    read_catalogues()

    assert words_for("ja") is words_for("ja")


def test_a_command_is_shown_as_code() -> None:
    assert words_for("en-US").command("articles add") == "`/articles add`"


# ---- catalogues


def forms(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (string or "",) if string is None or isinstance(string, str) else tuple(string)


def pairs(name: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """English forms and translated forms of what is translated."""
    for message in catalogue(name):
        if message.id and any(forms(message.string)):
            yield forms(message.id), forms(message.string)


def ids(of: Catalog) -> set[tuple[str, ...]]:
    return {forms(message.id) for message in of if message.id}


@pytest.mark.parametrize("name", CATALOGUES)
def test_all_messages_are_translated(name: str) -> None:
    translated = {english for english, translation in pairs(name) if all(translation)}

    assert sorted(ids(messages()) - translated) == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_no_translation_is_unused(name: str) -> None:
    assert sorted(ids(catalogue(name)) - ids(messages())) == []
    assert list(catalogue(name).obsolete) == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_no_translation_is_a_guess(name: str) -> None:
    assert [message.id for message in catalogue(name) if message.id and message.fuzzy] == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_translations_have_the_placeholders_of_the_english(name: str) -> None:
    def placeholders(text: str) -> Counter[str]:
        return Counter(PLACEHOLDER.findall(text))

    # A plural form for one thing may say "one" instead of the number.
    wrong = [
        (english, form)
        for english, translation in pairs(name)
        for form in translation
        if placeholders(form) not in [placeholders(text) for text in english]
        and not (len(translation) > 1 and placeholders(form) + Counter(["{n}"]) == placeholders(english[-1]))
    ]

    assert wrong == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_translations_have_the_markdown_of_the_english(name: str) -> None:
    wrong = [
        (english, form)
        for english, translation in pairs(name)
        for form in translation
        if MARKDOWN.findall(form) != MARKDOWN.findall(english[-1])
    ]

    assert wrong == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_each_plural_form_of_the_language_is_there(name: str) -> None:
    of = catalogue(name)
    wanted = get_plural(name)

    assert (of.num_plurals, of.plural_expr) == (wanted.num_plurals, wanted.plural_expr)
    assert [
        english for english, translation in pairs(name) if len(english) > 1 and len(translation) != wanted.num_plurals
    ] == []


# ---- names and descriptions of commands


def command_texts() -> Iterator[tuple[str, str]]:
    """What `locale_str` is given in the code, with what it is: a name, a menu's name, a choice or a description."""
    for path in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield from keyword_texts(node, path)


def keyword_texts(node: ast.AST, path: Path) -> Iterator[tuple[str, str]]:
    if not isinstance(node, ast.Call | ast.ClassDef):
        return
    called = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else node.name
    for keyword in node.keywords:
        value = keyword.value
        if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("locale_str"):
            text = ast.literal_eval(value.args[0])
            yield kind_of(called, keyword.arg or "", path), text


def kind_of(called: str, argument: str, path: Path) -> str:
    if "description" in argument or called == "describe":
        return "description"
    if called in ("Choice", "ContextMenu"):
        return called
    assert "name" in argument or called == "rename", f"{path}: what is {argument} of {called}?"
    return "name"


def in_all_languages(kind: str) -> Iterator[str]:
    for found, text in command_texts():
        if found == kind:
            yield text
            yield from (words_for(code).say(text) for code in LOCALES)


def test_command_names_are_as_discord_wants_them() -> None:
    assert [name for name in in_all_languages("name") if not NAME.fullmatch(name) or name != name.lower()] == []


def test_descriptions_are_short_enough() -> None:
    assert [text for text in in_all_languages("description") if not 1 <= len(text) <= COMMAND_DESCRIPTION] == []


def test_names_of_menus_and_choices_are_short_enough() -> None:
    assert [text for text in in_all_languages("ContextMenu") if not 1 <= len(text) <= COMMAND_NAME] == []
    assert [text for text in in_all_languages("Choice") if not 1 <= len(text) <= AUTOCOMPLETE_NAME] == []


@pytest.mark.parametrize("code", LOCALES)
def test_two_names_are_never_translated_to_one(code: str) -> None:
    names = {text for kind, text in command_texts() if kind == "name"}
    translated = Counter(words_for(code).say(name) for name in names)

    assert [name for name, times in translated.items() if times > 1] == []


@pytest.mark.parametrize("locale", sorted(LOCALES))
def test_times_and_sizes_are_told_in_words_of_the_language(locale: str) -> None:
    words = words_for(locale)

    told = [words.duration(seconds) for seconds in (0.02, 5, 300, 10_000, 400_000)]
    told += [words.bytes(n) for n in (5, 5_000, 5_000_000)]

    assert not [one for one in told if "duration" in one or "digital" in one]

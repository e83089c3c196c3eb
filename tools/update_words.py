"""Brings the catalogues of `bot/rendering/catalogues` up to date with the messages in the code.

New messages are added without a translation, and those that nothing says any more are taken out. A catalogue that is
missing is begun. Equal code and catalogues make equal files.

Usage: python -m tools.update_words
"""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from bot.rendering.words import ENGLISH, LOCALES

CODE = Path(__file__).parent.parent / "bot"
CATALOGUES = CODE / "rendering" / "catalogues"


def messages() -> Catalog:
    """All messages of the code, with the files that say them."""
    found = Catalog()
    for path in sorted(CODE.rglob("*.py")):
        for message in _messages_in(path.read_text("utf-8")):
            found.add(message, locations=[(f"bot/{path.relative_to(CODE).as_posix()}", 0)])
    return found


def _messages_in(code: str) -> Iterator[str | tuple[str, str]]:
    """The first argument of `say` and `locale_str`, the second and third of `count`.

    Babel's own reader knows no syntax: it misses calls within f-strings, and takes a variable for a call.
    """
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        match name, [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]:
            case "say" | "locale_str", [message, *_]:
                yield message
            case "count", [one, many]:
                yield one, many


def catalogue(name: str) -> Catalog:
    """A catalogue as it is, or an empty one."""
    path = CATALOGUES / f"{name}.po"
    if path.exists():
        with path.open("rb") as file:
            return read_po(file, locale=name)
    return Catalog(
        locale=name,
        header_comment="# Footnote's own words. `make words` adds and removes messages.",
        project="Footnote",
        version="1",
        last_translator="The authors of Footnote",
        language_team="The authors of Footnote",
        msgid_bugs_address="Footnote's issues",
        revision_date=datetime.now(UTC),
        copyright_holder="The authors of Footnote",
        fuzzy=False,
    )


def main() -> None:
    """Write all catalogues."""
    found = messages()
    for name in sorted(set(LOCALES.values()) - {ENGLISH}):
        updated = catalogue(name)
        updated.update(found, no_fuzzy_matching=True, update_creation_date=False)
        with (CATALOGUES / f"{name}.po").open("wb") as file:
            write_po(file, updated, width=100, sort_output=True, ignore_obsolete=True, include_lineno=False)
        missing = sum(not all(_forms(message.string)) for message in updated if message.id)
        print(f"{name}: {len(updated)} messages, {missing} without a translation")


def _forms(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (string or "",) if string is None or isinstance(string, str) else tuple(string)


if __name__ == "__main__":
    main()

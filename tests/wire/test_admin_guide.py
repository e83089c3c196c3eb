"""The guide for admins is typed, line by line, in the order in which it stands there."""

import re
from pathlib import Path

from index import SHARED_COLLECTION, Library
from tests.support.discord.process import BotProcess
from tests.wire.conftest import ARTICLES, WITHOUT_LIMITS, Place

GUIDE = Path(__file__).parents[2] / "docs" / "admins.md"

_BLOCK = re.compile(r"(?ms)^```discord\n(.*?)^```$")
_OPTION = re.compile(r"(?: |^)([a-z]+): ")


def commands() -> list[tuple[str, dict[str, str]]]:
    """The commands of the guide, each with what is typed into its options."""
    found = []
    for line in "".join(_BLOCK.findall(GUIDE.read_text("utf-8"))).splitlines():
        name, *typed = _OPTION.split(line.removeprefix("/"))
        found.append((name.strip(), dict(zip(typed[::2], typed[1::2], strict=True))))
    return found


async def test_every_command_of_the_guide_for_admins_is_offered_and_answered(place: Place, tmp_path: Path) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/footnote.db"
    async with await Library.open(address, tmp_path / "footnote.db.index") as library:
        await library.add_paths([ARTICLES], str(place.docs.id))
        await library.add_paths([ARTICLES], SHARED_COLLECTION)
    owner = next(one for one in place.discord.world.users.values() if one.id == place.docs.owner_id)
    admin = type(place.alice)(place.discord, owner)
    answers = {}
    async with BotProcess(place.discord, tmp_path, WITHOUT_LIMITS) as bot:
        await bot.ready()
        for name, options in commands():
            choices = {"sort": {"Newest first": "newest"}}
            typed = {key: choices.get(key, {}).get(value, value) for key, value in options.items()}
            done = await admin.slash(place.general, name, **typed)  # type: ignore[arg-type]
            answers[name] = done.text if done.form is None else "a form"

    assert len(answers) >= 14
    assert [name for name, text in answers.items() if not text or "went wrong" in text] == []
    assert "90,000" in answers["ask"]
    assert "Remove" in answers["articles remove"]

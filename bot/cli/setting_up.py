"""The command that sets the bot up: asks what it must know, tries the token, and writes `.env`."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.prompt import Confirm, Prompt

from bot import env_file
from bot.cli.console import write_line
from bot.cli.endings import DONE, failed
from bot.cli.options import settings_for
from bot.permissions import NEEDS, invite_link
from bot.registration import PORTAL, RefusedTokenError, Registration, RegistrationError, look_up
from bot.rendering.plain import one_line
from bot.settings import LONGEST_CONTACT, Settings, fits_into_a_header

_FILE = Path(".env")
_NOTHING_WRITTEN = "; nothing was written"


@dataclass(frozen=True)
class _Wishes:
    """What the operator wants, and which bot it is for."""

    token: str = field(repr=False)
    database_url: str = field(repr=False)
    message_content: bool
    contact: str
    registration: Registration

    def values(self) -> Mapping[str, str]:
        """As they stand in `.env`."""
        values = {
            "DISCORD_TOKEN": self.token,
            "DATABASE_URL": self.database_url,
            "MESSAGE_CONTENT": "true" if self.message_content else "false",
        }
        return values | ({"FETCH_CONTACT": self.contact} if self.contact else {})


class _RefusedWishError(Exception):
    """What was given does not fit together; the operator has to change it. Nothing was written."""


def init(
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing: take the environment, .env and the options below.")
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(
            "--database", metavar="PLACE", help="A file, or postgresql://… without a password.", show_default=False
        ),
    ] = None,
    message_content: Annotated[
        bool | None,
        typer.Option(
            "--message-content/--no-message-content",
            help="Whether channels may be answered without a mention.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --yes: change what .env says already.")] = False,
) -> int:
    """Set the bot up: try its token, write .env, and show the link that invites it.

    The token is never an option, because others on the machine can read those: it is asked for, or DISCORD_TOKEN.
    """
    settings = settings_for(None)
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        return failed("there is nobody to ask; footnote init --yes takes the answers from the environment")
    given = _Given(settings, None if database is None else _address(database), message_content)
    try:
        wishes = _from_surroundings(given) if yes else _asked(given)
        if not _may_write(wishes.values(), asks=not yes, force=force):
            return failed(
                ".env says something else already; --force changes it" + _NOTHING_WRITTEN
                if yes
                else "nothing was written"
            )
        env_file.write(_FILE, wishes.values())
    except (RegistrationError, _RefusedWishError, env_file.UnwritableValueError) as error:
        return failed(f"{error}{_NOTHING_WRITTEN}")
    except EOFError:
        return failed("the answers ended too early; nothing was written")
    _tell(wishes)
    return DONE


@dataclass(frozen=True)
class _Given:
    """What is known before anything is asked."""

    settings: Settings
    database_url: str | None = field(repr=False)
    message_content: bool | None

    def registration(self, token: str) -> Registration:
        """Ask Discord."""
        return asyncio.run(look_up(token, str(self.settings.discord_api_base)))


def _from_surroundings(given: _Given) -> _Wishes:
    if not given.settings.token:
        raise _RefusedWishError(f"DISCORD_TOKEN is not set; copy the bot's token from {PORTAL}")
    registration = given.registration(given.settings.token)
    wanted = given.settings.message_content if given.message_content is None else given.message_content
    if wanted and not registration.has_message_content:
        raise _RefusedWishError(
            f"the bot's Message Content Intent is off: switch it on at {PORTAL} under Bot, or take --no-message-content"
        )
    settings = given.settings
    return _Wishes(
        given.settings.token, given.database_url or settings.database_url, wanted, settings.fetch_contact, registration
    )


def _asked(given: _Given) -> _Wishes:
    console = Console(highlight=False, markup=False)
    console.print(f"Make an application at {PORTAL}, and copy its token: Bot, Reset Token.")
    token, registration = _asked_token(console, given)
    intent = "on" if registration.has_message_content else "off"
    console.print(f"This is the bot {one_line(registration.name)}; its Message Content Intent is {intent}.")
    if given.database_url is not None:
        database_url = given.database_url
    else:
        now = given.settings.database_url
        default = now.removeprefix("sqlite+aiosqlite:///")
        # An address with a password is not shown: Enter keeps it all the same.
        shown = default if "://" not in default else "as it is"
        answer = Prompt.ask("Where shall the articles be: a file, or postgresql://…", console=console, default=shown)
        database_url = now if answer == shown else _address(answer)
    wants_content = _asked_content(console, given, token, registration)
    return _Wishes(token, database_url, wants_content, _asked_contact(console, given), registration)


def _asked_token(console: Console, given: _Given) -> tuple[str, Registration]:
    while True:
        kept = "; Enter keeps the one that is set" if given.settings.token else ""
        # Not Rich's, which shows the question before it stops showing what is typed.
        token = getpass(f"The bot's token (it is not shown{kept}): ").strip()
        token = token or given.settings.token
        if not token:
            continue
        try:
            return token, given.registration(token)
        except RefusedTokenError as error:
            console.print(f"{error}.")


def _asked_content(console: Console, given: _Given, token: str, registration: Registration) -> bool:
    wanted = given.message_content
    if wanted is None:
        wanted = Confirm.ask(
            "May servers choose channels in which every question is answered without a mention? It needs the Message "
            "Content Intent",
            console=console,
            default=given.settings.message_content,
        )
    while wanted and not registration.has_message_content:
        console.print(f"The intent is off. Switch it on at {PORTAL} under Bot, and save.")
        wanted = Confirm.ask("Is it on now? (n: without it)", console=console, default=True)
        registration = given.registration(token) if wanted else registration
    return wanted


def _asked_contact(console: Console, given: _Given) -> str:
    """Which address is told to websites; "" for none."""
    kept = given.settings.fetch_contact
    question = "A web or mail address for the websites that are fetched, so that their owners can reach you"
    while True:
        contact = Prompt.ask(
            question if kept else f"{question}; Enter tells none",
            console=console,
            default=kept,
            show_default=bool(kept),
        ).strip()
        if len(contact) <= LONGEST_CONTACT and fits_into_a_header(contact):
            return contact
        console.print(
            f"It may hold letters without accents, digits and signs, no brackets, and {LONGEST_CONTACT} characters."
        )


def _may_write(values: Mapping[str, str], *, asks: bool, force: bool) -> bool:
    before = env_file.read(_FILE)
    changed = [name for name, value in values.items() if before.get(name) not in {None, "", value}]
    if not changed or force:
        return True
    return asks and Confirm.ask(f".env is here already. Change {', '.join(changed)} in it?", default=False)


def _address(place: str) -> str:
    return place if "://" in place else f"sqlite+aiosqlite:///{place}"


def _tell(wishes: _Wishes) -> None:
    write_line("Wrote .env; only you can read it.")
    write_line(f"Invite {wishes.registration.name}: {invite_link(wishes.registration.application_id)}")
    for need in NEEDS:
        write_line(f"- {need.name}: {need.purpose}")
    if wishes.registration.is_public:
        write_line(f"Anybody may invite it; to keep that to yourself, switch off Public Bot at {PORTAL}.")
    write_line("Next: footnote add FOLDER, then footnote run, and type /ask in Discord.")
